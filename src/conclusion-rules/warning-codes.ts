/**
 * The vendor's error and warning codes as data. Numbers are per API (408 is "more than one face" here and
 * "wrong file type" in the vendor's standalone face API), so a code means something only together with its
 * section. Wording differs between the vendor's editions: match on the code, show the text.
 */
export const CODE_SECTIONS = ['REQUEST', 'INPUT_FILE', 'QUALITY', 'FRAUD', 'POST_CHECK', 'FACE'] as const;
export type CodeSection = (typeof CODE_SECTIONS)[number];

/** S = the contract page "Data retrieval methods"; V1, V2, V4, V8, V11 = editions of the vendor's documents; I3 = a public integration, second-hand. */
export type CodeSource = 'S' | 'V1' | 'V2' | 'V4' | 'V8' | 'V11' | 'I3';

export interface WarningCode {
  readonly section: CodeSection;
  /** As sent, such as "FC03", "E-1" or "303". Unique within its section. */
  readonly code: string;
  readonly group: { readonly code: string; readonly name: string };
  /** The vendor's English message. */
  readonly english: string;
  /** The vendor's Vietnamese message or explanation; null where the vendor publishes none. */
  readonly vietnamese: string | null;
  /** What it says about the session, in our words. */
  readonly meaning: string;
  readonly sources: readonly CodeSource[];
}

/** `FC` and `QC` are the vendor's own group codes; the others are ours, because the vendor's aren't known. */
const GROUPS = {
  REQUEST: { code: 'REQ', name: 'Request' },
  INPUT_FILE: { code: 'FILE', name: 'Input File' },
  QUALITY: { code: 'QC', name: 'ID Quality Check' },
  FRAUD: { code: 'FC', name: 'ID Fraud Check' },
  POST_CHECK: { code: 'E', name: 'ID Post-check' },
  FACE: { code: 'FACE', name: 'Face and Liveness' },
} as const satisfies Record<CodeSection, WarningCode['group']>;

type Row = readonly [
  code: string,
  english: string,
  vietnamese: string | null,
  meaning: string,
  ...sources: CodeSource[],
];

const ROWS: Readonly<Record<CodeSection, readonly Row[]>> = {
  REQUEST: [
    [
      '-1',
      'There is something wrong. Please try again.',
      'Có lỗi xảy ra. Vui lòng thử lại.',
      'The vendor failed for a reason that it does not name.',
      'V4',
    ],
    [
      '400',
      'A required request value is missing or invalid',
      'Thiếu hoặc sai thông tin của request',
      'One code for six messages: api-key, document type (missing or unknown), session id, country code, device type.',
      'V1',
      'V4',
    ],
    [
      '401',
      'Invalid token or API key',
      'Token không hợp lệ, thiếu hoặc sai API key',
      'The caller was not recognised.',
      'V1',
      'V4',
      'V8',
    ],
    [
      '403',
      'Session expired',
      'Phiên làm việc đã hết hạn',
      'The session is over, was never opened, or belongs to another device type.',
      'V1',
      'V4',
      'V8',
      'V11',
    ],
    ['500', 'Internal server error', 'Lỗi server', 'The vendor failed.', 'V8'],
    ['504', 'Gateway timeout', 'Lỗi kết nối', 'The vendor did not answer in time.', 'V8'],
    [
      'E101',
      'Front picture must be taken first',
      'Sai thứ tự chụp ảnh. Vui lòng chụp mặt trước rồi đến mặt sau',
      'The back side was sent before the front side.',
      'V1',
      'V4',
    ],
    [
      'E102',
      'Document type is not supported',
      'Loại giấy tờ không được hỗ trợ',
      'The document is of a kind that the vendor does not read.',
      'V1',
      'V4',
    ],
    [
      'E103',
      'Please capture your rear document',
      'Đã gửi mặt trước thì không gửi lại được',
      'The front side was sent again after it had been accepted.',
      'V1',
    ],
  ],
  INPUT_FILE: [
    ['0', 'success', null, 'The file was read.', 'V1'],
    [
      '1',
      'Invalid Parameters or Values',
      'Sai thông tin khi gửi request',
      'The request for reading the file was not understood.',
      'V1',
    ],
    [
      '2',
      'Corners are missing, the document cannot be cropped',
      null,
      'The document is not wholly in the picture (sibling engine).',
      'I3',
    ],
    [
      '3',
      'Unable to find the selected document in the image',
      'Không tìm thấy tài liệu đã chọn trong ảnh',
      'The picture shows no document of the chosen kind.',
      'V1',
      'V11',
    ],
    ['5', 'No URL was given', null, 'The address of the picture is missing (sibling engine).', 'V2'],
    ['6', 'The URL cannot be opened', null, 'The picture cannot be fetched (sibling engine).', 'V2'],
    ['7', 'Invalid image file', 'File ảnh gửi lên bị hỏng', 'The picture is damaged.', 'V1'],
    ['8', 'Bad data', null, 'The picture cannot be decoded (sibling engine).', 'V2'],
    ['9', 'Empty base64', null, 'The picture is empty (sibling engine).', 'V2'],
    ['10', 'Invalid base64', null, 'The picture cannot be decoded (sibling engine).', 'V2'],
  ],
  QUALITY: [
    [
      'QC01',
      'Image resolution is too low',
      'Độ phân giải quá thấp, tối thiểu 640x480',
      'Below 640x480, so that forgery checks see too little.',
      'S',
      'V1',
    ],
    [
      'QC02',
      'Image has bright spot(s)',
      'Giấy tờ trong ảnh bị bóng',
      'Glare may cover printed data or marks.',
      'V1',
    ],
    ['QC03', 'Image is blurry', 'Ảnh bị mờ', 'Printed data may be misread.', 'V1'],
    [
      'QC04',
      'Image has bad luminance',
      'Giấy tờ trong ảnh bị bóng',
      'Too dark or too bright. The vendor gives the same Vietnamese text as for QC02.',
      'V1',
    ],
  ],
  FRAUD: [
    [
      'FC01',
      'Document is black-and-white photocopy',
      'Bản photocopy đen trắng',
      'No original was shown.',
      'V1',
    ],
    [
      'FC02',
      'Document has been re-captured from LCD screen',
      'Chụp lại từ màn hình LCD',
      'A screen was shown, no original.',
      'V1',
    ],
    [
      'FC03',
      'Document has been edited or is colored photocopy',
      'Photocopy màu hoặc đã bị chỉnh sửa',
      'Forged, or no original was shown.',
      'S',
      'V1',
    ],
    [
      'FC04',
      'Document has been cornered',
      'Giấy tờ bị cắt góc',
      'A cut corner marks a card that was withdrawn.',
      'V1',
    ],
    [
      'FC05',
      'Missing face on front side of document',
      'Không thấy khuôn mặt ở mặt trước',
      'No portrait to compare with.',
      'V1',
    ],
    [
      'FC06',
      'Missing QRcode on front side of document',
      'Không thấy QR ở mặt trước CCCD gắn chip',
      'A chip card without its QR code: covered or forged.',
      'V1',
    ],
    [
      'FC07',
      'Missing MRZ on back side of document',
      'Không thấy MRZ ở mặt sau CCCD gắn chip',
      'A chip card without its machine-readable lines: covered or forged.',
      'V1',
    ],
  ],
  POST_CHECK: [
    ['E-1', 'Cannot do postcheck', 'Có lỗi khi thực hiện hậu kiểm', 'The data was not checked at all.', 'V1'],
    ['E00', 'Passed', 'Kiểm tra thành công', 'The data was checked and nothing was found. No warning.', 'V2'],
    [
      'E01',
      'There is a blank field',
      'Có trường trống',
      'Something printed on the card was not read. Also worded "NULL field".',
      'V1',
      'V2',
    ],
    [
      'E02',
      'ID format is not correct',
      'Format số ID không đúng',
      'The number is misread or no real one.',
      'V1',
    ],
    ['E03', 'DoB format is not correct', 'Format ngày sinh không đúng', 'The birth date is misread.', 'V1'],
    ['E04', 'DoB is later than today', 'Ngày sinh sau hôm nay', 'The birth date is impossible.', 'V1'],
    [
      'E05',
      'Current age cannot be smaller than 14',
      'Tuổi hiện tại dưới 14',
      'No card is issued below 14.',
      'V1',
    ],
    [
      'E06',
      'Nationality is not correct',
      'Quốc tịch không đúng',
      'The nationality is misread or unexpected.',
      'V1',
    ],
    [
      'E07',
      'Year in DoB does not match with ID number',
      'Năm sinh không khớp số ID',
      'Digits 5 and 6 of the number are the birth year: misread or forged.',
      'V1',
    ],
    [
      'E08',
      'Gender code does not match',
      'Mã giới tính không khớp',
      'Digit 4 of the number holds the gender: misread or forged. Also worded "is not match".',
      'V1',
      'V2',
    ],
    [
      'E09',
      'DoE format is not correct',
      'Format ngày hết hạn không đúng',
      'The expiry date is misread.',
      'V1',
    ],
    ['E10', 'ID card has been expired', 'Giấy tờ hết hạn', 'The card is no longer valid.', 'V1'],
    [
      'E11',
      'DoE cannot be KHÔNG THỜI HẠN',
      'Ngày hết hạn không thể là không thời hạn',
      'Below 58 a card expires: misread or forged.',
      'V1',
      'V2',
    ],
    ['E12', 'DoI format is not correct', 'Format ngày cấp không đúng', 'The issue date is misread.', 'V1'],
    ['E13', 'DoI is later than today', 'Ngày cấp sau hôm nay', 'The issue date is impossible.', 'V1'],
    ['E14', 'reserved', null, 'The vendor keeps this number for later.', 'V2'],
    [
      'E15',
      'Please send images of the front and the back side of same type ID (old or new ID)',
      'Hai mặt không cùng loại (không phải CCCD chip)',
      'The sides are of two kinds of card, so of two cards.',
      'V1',
    ],
    [
      'E16',
      'There is a blank field in the front side',
      'Trường trống ở mặt trước',
      'Something printed on the front was not read.',
      'V1',
    ],
    [
      'E17',
      'Age at issue date cannot be smaller than 14',
      'Tuổi lúc cấp dưới 14',
      'No card is issued below 14: a date is misread or forged.',
      'V1',
    ],
    [
      'E18',
      'DoE should be DoI + 15 years',
      'Hết hạn = ngày cấp + 15 năm',
      'Rule for cards issued before 2016: a date is misread or forged.',
      'V1',
    ],
    [
      'E19',
      'DoE should be birthday at 25 years old',
      'Hết hạn = sinh nhật 25',
      'Rule for cards issued at 14 to 22: a date is misread or forged.',
      'V1',
    ],
    [
      'E20',
      'DoE should be birthday at 40 years old',
      'Hết hạn = sinh nhật 40',
      'Rule for cards issued at 23 to 37: a date is misread or forged.',
      'V1',
    ],
    [
      'E21',
      'DoE should be birthday at 60 years old',
      'Hết hạn = sinh nhật 60',
      'Rule for cards issued at 38 to 57: a date is misread or forged.',
      'V1',
    ],
    [
      'E22',
      'DoE should be KHÔNG THỜI HẠN',
      'Phải là không thời hạn',
      'Rule for cards issued at 58 and over: a date is misread or forged.',
      'V1',
    ],
    ['E23', 'Passport has been expired', 'Passport hết hạn', 'The passport is no longer valid.', 'V1'],
    [
      'E24',
      'Passport number format is not correct',
      'Số passport sai format',
      'The number is misread or no real one.',
      'V1',
    ],
    [
      'E25',
      'Name format is not correct',
      'Tên trên passport sai format',
      'The name on the passport is misread.',
      'V1',
    ],
    [
      'E30',
      'Front side and back side are not from the same card',
      'Hai mặt không cùng một giấy tờ (CCCD chip)',
      'The number on the front is not the one in the machine-readable lines.',
      'S',
      'V1',
    ],
    [
      'E32',
      'Type of document does not match issue date',
      'Loại giấy tờ không khớp ngày cấp',
      'That kind of card was not issued on that day: misread or forged.',
      'V1',
    ],
    [
      'E110',
      'Wrong side-type of document',
      'Gửi sai mặt giấy tờ',
      'One side was sent in place of the other.',
      'V1',
    ],
  ],
  FACE: [
    [
      '200',
      'no error',
      'Kiểm tra thực thể sống thành công',
      'The step was done; its values say with what result.',
      'V1',
    ],
    ['301', 'face in video is spoof', null, 'A picture, mask or screen in place of a living person.', 'V1'],
    ['302', 'video seems like deepfake', null, 'The video was made or altered by a machine.', 'V1'],
    [
      '303',
      'face is not matching with document',
      'Khuôn mặt không khớp với giấy tờ',
      'Another person than the one on the document.',
      'S',
      'V1',
      'V11',
    ],
    [
      '406',
      'face quality is poor',
      'Chất lượng ảnh khuôn mặt không tốt',
      'The face is covered, too dark or too bright.',
      'V1',
    ],
    [
      '407',
      'No faces detected in document, or 2 faces exist',
      null,
      'Nothing to compare the face with. In samples only, not in the vendor’s table.',
      'V1',
      'V11',
    ],
    ['408', 'more than one face', 'Có nhiều hơn 1 khuôn mặt', 'Several people are in the video.', 'V1'],
    [
      '409',
      'no video, wrong format, too short or invalid',
      'Không có video, sai định dạng, quá ngắn, không hợp lệ',
      'There is no usable video.',
      'V1',
    ],
    [
      '410',
      'no face or face lost',
      'Không thấy hoặc mất khuôn mặt',
      'The face was not in the video all the time.',
      'V1',
    ],
    ['411', 'face is too small', 'Khuôn mặt quá nhỏ', 'The face is too far away.', 'V1'],
    ['412', 'face is blurry', 'Khuôn mặt bị mờ', 'The face cannot be compared.', 'V1'],
    [
      '413',
      'Video may seem like image',
      'Video quay lại ảnh tĩnh',
      'A still picture was filmed; is_live is "false" and the scores are "N/A".',
      'V1',
    ],
    [
      '422',
      'no frontal face',
      'Không có khuôn mặt trực diện',
      'The person did not look into the camera.',
      'V1',
    ],
    ['423', 'face is out of frame', 'Khuôn mặt ra khỏi khung hình', 'The face left the picture.', 'V1'],
  ],
};

/** Every code that the vendor documents. A code that isn't here is unknown, and unknown is never approved. */
export const WARNING_CODES: readonly WarningCode[] = CODE_SECTIONS.flatMap((section) =>
  ROWS[section].map(([code, english, vietnamese, meaning, ...sources]) => ({
    section,
    code,
    group: GROUPS[section],
    english,
    vietnamese,
    meaning,
    sources,
  })),
);

/** The codes of these sections, in catalogue order, each once. */
export function codesOf(...sections: readonly CodeSection[]): readonly string[] {
  return [
    ...new Set(WARNING_CODES.filter((entry) => sections.includes(entry.section)).map((entry) => entry.code)),
  ];
}

/** The sections that a code of a step or of the whole session can come from, none of which share a code. */
const RESULT_SECTIONS: readonly CodeSection[] = ['FACE', 'REQUEST', 'INPUT_FILE'];

const RESULT_MESSAGES: ReadonlyMap<string, string> = new Map(
  WARNING_CODES.filter((entry) => RESULT_SECTIONS.includes(entry.section)).map((entry) => [
    entry.code,
    entry.code === '200' ? 'successful' : entry.english,
  ]),
);

/**
 * Our text for a result code (overall, OCR, liveness or face match), such as 303 → "face is not matching with
 * document". To be shown in place of the vendor's `message`, which is free text and could carry anything.
 *
 * @returns null for an unknown code
 */
export function messageForResultCode(code: string): string | null {
  return RESULT_MESSAGES.get(code) ?? null;
}
