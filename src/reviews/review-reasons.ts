import type { ReviewDecision } from '../sessions/session-review.ts';

/** Why a person decided as they did, in one word that may stand in the log. */
export interface ReviewReason {
  /** Stable; 2–64 of `A-Z 0-9 _`. */
  readonly code: string;
  readonly decision: ReviewDecision;
  readonly text: { readonly en: string; readonly vi: string };
}

/** Every reason that there is. A code is never removed or given another meaning: the log holds it for ever. */
export const REVIEW_REASONS: readonly ReviewReason[] = [
  {
    code: 'EVIDENCE_VERIFIED',
    decision: 'APPROVE',
    text: {
      en: 'Document, face and video were looked at and belong to the customer',
      vi: 'Đã xem giấy tờ, khuôn mặt và video; đúng là khách hàng',
    },
  },
  {
    code: 'MISREAD_BY_MACHINE',
    decision: 'APPROVE',
    text: {
      en: 'The document was misread; what it says is in order',
      vi: 'Máy đọc sai giấy tờ; thông tin trên giấy tờ hợp lệ',
    },
  },
  {
    code: 'FALSE_ALARM',
    decision: 'APPROVE',
    text: {
      en: 'The warning is unfounded',
      vi: 'Cảnh báo không có cơ sở',
    },
  },
  {
    code: 'POOR_QUALITY_BUT_LEGIBLE',
    decision: 'APPROVE',
    text: {
      en: 'Pictures of poor quality in which everything needed can be made out',
      vi: 'Ảnh chất lượng kém nhưng vẫn nhận rõ các thông tin cần thiết',
    },
  },
  {
    code: 'CONFIRMED_WITH_CUSTOMER',
    decision: 'APPROVE',
    text: {
      en: 'Cleared up with the customer by call, visit or further documents',
      vi: 'Đã xác minh với khách hàng qua cuộc gọi, gặp trực tiếp hoặc giấy tờ bổ sung',
    },
  },
  {
    code: 'FACE_MISMATCH',
    decision: 'REJECT',
    text: {
      en: 'The face is not that of the document',
      vi: 'Khuôn mặt không khớp với giấy tờ',
    },
  },
  {
    code: 'SPOOFING',
    decision: 'REJECT',
    text: {
      en: 'No living person before the camera: a picture, a screen, a mask or a made video',
      vi: 'Không phải người thật trước máy quay: ảnh, màn hình, mặt nạ hoặc video giả',
    },
  },
  {
    code: 'DOCUMENT_FORGED',
    decision: 'REJECT',
    text: {
      en: 'The document is forged or altered',
      vi: 'Giấy tờ giả hoặc bị tẩy xoá, sửa chữa',
    },
  },
  {
    code: 'DOCUMENT_NOT_ACCEPTED',
    decision: 'REJECT',
    text: {
      en: 'The document is expired, damaged or of a kind that is not accepted',
      vi: 'Giấy tờ hết hạn, hư hỏng hoặc không thuộc loại được chấp nhận',
    },
  },
  {
    code: 'DATA_CONTRADICTORY',
    decision: 'REJECT',
    text: {
      en: 'The data contradict each other and this could not be cleared up',
      vi: 'Thông tin mâu thuẫn và không làm rõ được',
    },
  },
  {
    code: 'EVIDENCE_INSUFFICIENT',
    decision: 'REJECT',
    text: {
      en: 'What there is does not suffice to tell who the customer is',
      vi: 'Không đủ căn cứ để xác định khách hàng',
    },
  },
  {
    code: 'NOT_ELIGIBLE',
    decision: 'REJECT',
    text: {
      en: 'The customer may not be served: under age, or ruled out by law or policy',
      vi: 'Khách hàng không đủ điều kiện: chưa đủ tuổi hoặc bị loại trừ theo luật hay chính sách',
    },
  },
  {
    code: 'FRAUD_SUSPECTED',
    decision: 'REJECT',
    text: {
      en: 'Fraud is suspected on other grounds, which the comment names',
      vi: 'Nghi ngờ gian lận vì lý do khác, nêu trong ghi chú',
    },
  },
];

/** Whether the reason exists and goes with the decision. */
export function isReasonFor(decision: ReviewDecision, code: string): boolean {
  return REVIEW_REASONS.some((reason) => reason.code === code && reason.decision === decision);
}
