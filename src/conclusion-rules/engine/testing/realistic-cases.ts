import type { ConclusionInput } from '../fact.ts';
import type { Decision } from '../rule-set.ts';
import { aCallback, aPull, aWarning, CHIP_BACK, CHIP_FRONT, PASSPORT } from './conclusion-input.factory.ts';

/** What happened, the result, the decision and the codes of all findings; `?` marks what can't be told. */
export type Case = readonly [why: string, input: ConclusionInput, decision: Decision, ...because: string[]];

export const GOOD: readonly Case[] = [
  ['everything is fine in a callback: a provisional approval', aCallback(), 'APPROVE'],
  ['everything is fine, copies agree, the vendor approves', aPull(), 'APPROVE'],
  ['everything is fine in the only, pulled copy', aPull({}, 'PULL_ONLY'), 'APPROVE'],
  ['the vendor writes APPROVED', aPull({ vendorConclusion: { decisionMessage: 'APPROVED' } }), 'APPROVE'],
  [
    'the vendor lists a check that did not fire',
    aPull({ warnings: [aWarning('FC03', { predictionResult: 0 })] }),
    'APPROVE',
  ],
  ['the post-check reports that it passed', aPull({ warnings: [aWarning('E00')] }), 'APPROVE'],
];

export const FACE: readonly Case[] = [
  ['similarity on the threshold', aCallback({ faceMatch: { similarity: 80 } }), 'APPROVE'],
  ['similarity just above the threshold', aCallback({ faceMatch: { similarity: 80.01 } }), 'APPROVE'],
  [
    'similarity just below the threshold',
    aCallback({ faceMatch: { similarity: 79.99 } }),
    'REJECT',
    'FACE_SIMILARITY_LOW',
  ],
  ['similarity at the top of the scale', aCallback({ faceMatch: { similarity: 100 } }), 'APPROVE'],
  ['no similarity at all', aCallback({ faceMatch: { similarity: 0 } }), 'REJECT', 'FACE_SIMILARITY_LOW'],
  [
    'similarity on the wrong scale, 0.95 for 95',
    aCallback({ faceMatch: { similarity: 0.95 } }),
    'REJECT',
    'FACE_SIMILARITY_LOW',
  ],
  [
    'similarity without its decimal point, 9520',
    aCallback({ faceMatch: { similarity: 9520 } }),
    'NEED_REVIEW',
    'FACE_SIMILARITY_LOW?',
  ],
  ['similarity "N/A"', aCallback({ faceMatch: { similarity: null } }), 'NEED_REVIEW', 'FACE_SIMILARITY_LOW?'],
  [
    'another face, says the vendor against its own score',
    aCallback({ faceMatch: { isMatch: false } }),
    'REJECT',
    'FACE_NOT_MATCHING',
  ],
  ['isMatch "N/A"', aCallback({ faceMatch: { isMatch: null } }), 'NEED_REVIEW', 'FACE_NOT_MATCHING?'],
  [
    'face code 303 beside good values',
    aCallback({ faceMatch: { code: '303' } }),
    'REJECT',
    'FACE_STATUS_REJECTED',
  ],
  ['face code 301', aCallback({ faceMatch: { code: '301' } }), 'REJECT', 'FACE_STATUS_REJECTED'],
  ['face code 302', aCallback({ faceMatch: { code: '302' } }), 'REJECT', 'FACE_STATUS_REJECTED'],
  ...['406', '407', '408', '409', '410', '411', '412', '413', '422', '423'].map((code): Case => [
    `face code ${code}, the comparison could not be made`,
    aCallback({ faceMatch: { code } }),
    'NEED_REVIEW',
    'FACE_STATUS_OTHER',
  ]),
  [
    'face code unknown to us',
    aCallback({ faceMatch: { code: '499' } }),
    'NEED_REVIEW',
    'FACE_STATUS_OTHER?',
    'FACE_STATUS_REJECTED?',
  ],
  [
    'face code missing',
    aCallback({ faceMatch: { code: null } }),
    'NEED_REVIEW',
    'FACE_STATUS_OTHER?',
    'FACE_STATUS_REJECTED?',
  ],
  [
    'a warning in words about the face',
    aCallback({ faceMatch: { warning: 'Face is small' } }),
    'NEED_REVIEW',
    'FACE_WARNING',
  ],
  [
    'the face step was never reached, all "N/A"',
    aCallback({ faceMatch: { code: null, isMatch: null, similarity: null } }),
    'NEED_REVIEW',
    'FACE_NOT_MATCHING?',
    'FACE_SIMILARITY_LOW?',
    'FACE_STATUS_OTHER?',
    'FACE_STATUS_REJECTED?',
  ],
];

export const LIVENESS: readonly Case[] = [
  ['not live, says the vendor', aCallback({ liveness: { isLive: false } }), 'REJECT', 'LIVE_NOT_LIVE'],
  ['is_live "N/A"', aCallback({ liveness: { isLive: null } }), 'NEED_REVIEW', 'LIVE_NOT_LIVE?'],
  ['spoof on the threshold', aCallback({ liveness: { spoofProbability: 0.5 } }), 'REJECT', 'LIVE_SPOOF'],
  ['spoof just below the threshold', aCallback({ liveness: { spoofProbability: 0.4999 } }), 'APPROVE'],
  [
    'spoof just above the threshold',
    aCallback({ liveness: { spoofProbability: 0.5001 } }),
    'REJECT',
    'LIVE_SPOOF',
  ],
  [
    'spoof "N/A" beside is_live "true", as in an older sample',
    aCallback({ liveness: { spoofProbability: null } }),
    'NEED_REVIEW',
    'LIVE_SPOOF?',
  ],
  [
    'spoof on the wrong scale, 34.35 for 0.3435',
    aCallback({ liveness: { spoofProbability: 34.35 } }),
    'NEED_REVIEW',
    'LIVE_SPOOF?',
  ],
  ['a deepfake, says the vendor', aCallback({ liveness: { isDeepfake: true } }), 'REJECT', 'LIVE_DEEPFAKE'],
  [
    'checked for deepfake and none',
    aCallback({ liveness: { isDeepfake: false, deepfakeProbability: 0.1 } }),
    'APPROVE',
  ],
  [
    'deepfake on the threshold',
    aCallback({ liveness: { deepfakeProbability: 0.5 } }),
    'REJECT',
    'LIVE_DEEPFAKE_PROBABLE',
  ],
  ['deepfake just below the threshold', aCallback({ liveness: { deepfakeProbability: 0.4999 } }), 'APPROVE'],
  [
    'deepfake on the wrong scale',
    aCallback({ liveness: { deepfakeProbability: 10 } }),
    'NEED_REVIEW',
    'APPROVAL_UNDERSTOOD?',
  ],
  ['liveness code 301', aCallback({ liveness: { code: '301' } }), 'REJECT', 'LIVE_STATUS_REJECTED'],
  ['liveness code 302', aCallback({ liveness: { code: '302' } }), 'REJECT', 'LIVE_STATUS_REJECTED'],
  ['liveness code 303', aCallback({ liveness: { code: '303' } }), 'REJECT', 'LIVE_STATUS_REJECTED'],
  ...['406', '407', '408', '409', '410', '411', '412', '422', '423'].map((code): Case => [
    `liveness code ${code}, the check could not be made`,
    aCallback({ liveness: { code } }),
    'NEED_REVIEW',
    'LIVE_STATUS_OTHER',
  ]),
  [
    'a still picture was filmed (413), scores and face "N/A" as documented',
    aCallback({
      code: '413',
      liveness: { code: '413', isLive: false, spoofProbability: null },
      faceMatch: { code: null, isMatch: null, similarity: null },
    }),
    'REJECT',
    ...['FACE_NOT_MATCHING?', 'FACE_SIMILARITY_LOW?', 'FACE_STATUS_OTHER?', 'FACE_STATUS_REJECTED?'],
    ...['LIVE_NOT_LIVE', 'LIVE_SPOOF?', 'LIVE_STATUS_OTHER', 'RESULT_STATUS_OTHER'],
  ],
  [
    'the vendor asks for a look at the video',
    aCallback({ liveness: { needToReview: true } }),
    'NEED_REVIEW',
    'LIVE_NEED_TO_REVIEW',
  ],
  ['the vendor asks for no look at the video', aCallback({ liveness: { needToReview: false } }), 'APPROVE'],
  [
    'a warning in words about the video',
    aCallback({ liveness: { warning: 'Resolution of video is too low' } }),
    'NEED_REVIEW',
    'LIVE_WARNING',
  ],
];

export const STATUS: readonly Case[] = [
  ...['301', '302', '303'].map((code): Case => [
    `overall code ${code}`,
    aCallback({ code }),
    'REJECT',
    'RESULT_STATUS_REJECTED',
  ]),
  ...['-1', '400', '401', '403', '500', '504', '3', '7', '410', 'E102'].map((code): Case => [
    `overall code ${code}`,
    aCallback({ code }),
    'NEED_REVIEW',
    'RESULT_STATUS_OTHER',
  ]),
  [
    'overall code unknown to us',
    aCallback({ code: '777' }),
    'NEED_REVIEW',
    'RESULT_STATUS_OTHER?',
    'RESULT_STATUS_REJECTED?',
  ],
  [
    'overall code missing',
    aCallback({ code: null }),
    'NEED_REVIEW',
    'RESULT_STATUS_OTHER?',
    'RESULT_STATUS_REJECTED?',
  ],
  ...['-1', '400', '0', '1', '3', '7'].map((ocrCode): Case => [
    `OCR code ${ocrCode}`,
    aCallback({ ocrCode }),
    'NEED_REVIEW',
    'OCR_STATUS_OTHER',
  ]),
  [
    'OCR code 303, a number of another step',
    aCallback({ ocrCode: '303' }),
    'NEED_REVIEW',
    'OCR_STATUS_OTHER?',
  ],
  ['OCR code missing', aCallback({ ocrCode: null }), 'NEED_REVIEW', 'OCR_STATUS_OTHER?'],
];

export const DOCUMENTS: readonly Case[] = [
  ['a CCCD with chip', aCallback({ front: CHIP_FRONT, back: CHIP_BACK }), 'APPROVE'],
  ['a passport, which has one side', aCallback({ front: PASSPORT, back: null }), 'APPROVE'],
  [
    'a CMND with 9 digits, which has no expiry date and lost its validity',
    aCallback({
      front: { type: 'old', typeNew: 'cmnd_09_front', fields: { doe: null } },
      back: { type: 'old_back', typeNew: 'old_back' },
    }),
    'NEED_REVIEW',
    'DOC_EXPIRED?',
    'DOC_OLDER_ID',
  ],
  [
    'a CMND with 12 digits, which lost its validity',
    aCallback({ front: { typeNew: 'cmnd_12_front' } }),
    'NEED_REVIEW',
    'DOC_OLDER_ID',
  ],
  [
    'a CMND with 12 digits on its last valid day',
    { ...aCallback({ front: { typeNew: 'cmnd_12_front' } }), checkedAt: '2024-12-31T16:59:59Z' },
    'APPROVE',
  ],
  [
    'a CMND with 12 digits on the first day after',
    { ...aCallback({ front: { typeNew: 'cmnd_12_front' } }), checkedAt: '2024-12-31T17:00:00Z' },
    'NEED_REVIEW',
    'DOC_OLDER_ID',
  ],
  [
    'a card of 2024, whose type names are not known',
    aCallback({
      front: { type: 'cc_front', typeNew: 'cc_2024_front' },
      back: { type: 'cc_back', typeNew: 'cc_2024_back' },
    }),
    'NEED_REVIEW',
    'APPROVAL_DOCUMENT?',
    'APPROVAL_UNDERSTOOD?',
  ],
  [
    'a driving licence, which has no type_new',
    aCallback({ front: { typeNew: null, fields: { class: 'B2' } }, back: { typeNew: null } }),
    'NEED_REVIEW',
    'APPROVAL_DOCUMENT?',
  ],
  [
    'a chip front with the back of an older card',
    aCallback({ front: CHIP_FRONT }),
    'NEED_REVIEW',
    'DOC_SIDES_DIFFER',
  ],
  ['an older front with a chip back', aCallback({ back: CHIP_BACK }), 'NEED_REVIEW', 'DOC_SIDES_DIFFER'],
  [
    'the back sent in place of the front',
    aCallback({ front: { type: 'new_back', typeNew: 'new_back' } }),
    'NEED_REVIEW',
    'DOC_SIDES_DIFFER',
  ],
  ['no back', aCallback({ back: null }), 'NEED_REVIEW', 'APPROVAL_DOCUMENT?', 'APPROVAL_READ?'],
  [
    'no document',
    aCallback({ front: null, back: null }),
    'NEED_REVIEW',
    'DOC_EXPIRED?',
    'DOC_FRONT_SCORE_LOW?',
    'DOC_HOLDER_UNDER_AGE?',
  ],
  ['no number', aCallback({ front: { fields: { id: null } } }), 'NEED_REVIEW', 'APPROVAL_READ?'],
  ['no name', aCallback({ front: { fields: { name: null } } }), 'NEED_REVIEW', 'APPROVAL_READ?'],
  ['front score on the threshold', aCallback({ front: { overallScore: 80 } }), 'APPROVE'],
  [
    'front score just below the threshold',
    aCallback({ front: { overallScore: 79.99 } }),
    'NEED_REVIEW',
    'DOC_FRONT_SCORE_LOW',
  ],
  ['back score on the threshold', aCallback({ back: { overallScore: 80 } }), 'APPROVE'],
  [
    'back score just below the threshold',
    aCallback({ back: { overallScore: 79.99 } }),
    'NEED_REVIEW',
    'DOC_BACK_SCORE_LOW',
  ],
  ['back score missing', aCallback({ back: { overallScore: null } }), 'NEED_REVIEW', 'APPROVAL_READ?'],
  ['expires today', aCallback({ front: { fields: { doe: '01/03/2025' } } }), 'APPROVE'],
  ['expired yesterday', aCallback({ front: { fields: { doe: '28/02/2025' } } }), 'REJECT', 'DOC_EXPIRED'],
  ['never expires', aCallback({ front: { fields: { doe: 'KHÔNG THỜI HẠN' } } }), 'APPROVE'],
  [
    'expiry date misread',
    aCallback({ front: { fields: { doe: '31/02/2030' } } }),
    'NEED_REVIEW',
    'DOC_EXPIRED?',
  ],
  [
    'expired by the date on the back',
    aCallback({ back: { fields: { doe: '28/02/2025' } } }),
    'REJECT',
    'DOC_EXPIRED_BACK',
  ],
  [
    'an expired passport',
    aCallback({ front: { ...PASSPORT, fields: { ...PASSPORT.fields, doe: '01/01/2024' } }, back: null }),
    'REJECT',
    'DOC_EXPIRED',
  ],
  ['18 years old today', aCallback({ front: { fields: { dob: '01/03/2007' } } }), 'APPROVE'],
  [
    '18 years old tomorrow',
    aCallback({ front: { fields: { dob: '02/03/2007' } } }),
    'NEED_REVIEW',
    'DOC_HOLDER_UNDER_AGE',
  ],
  [
    'birth date misread',
    aCallback({ front: { fields: { dob: '1990' } } }),
    'NEED_REVIEW',
    'DOC_HOLDER_UNDER_AGE?',
  ],
  [
    'another number in the machine-readable lines',
    aCallback({
      front: CHIP_FRONT,
      back: { ...CHIP_BACK, mrzDetails: { id: '036190000002', name: 'NGUYEN THI DAO' } },
    }),
    'NEED_REVIEW',
    'DOC_ID_DIFFERS',
  ],
  [
    'another name in the machine-readable lines',
    aCallback({
      front: CHIP_FRONT,
      back: { ...CHIP_BACK, mrzDetails: { id: '036190000001', name: 'TRAN THI DAO' } },
    }),
    'NEED_REVIEW',
    'DOC_NAME_DIFFERS',
  ],
];

export const DATA: readonly Case[] = [
  [
    'a field that can not be read',
    aCallback({ unreadable: ['liveness.need_to_review'] }),
    'NEED_REVIEW',
    'DATA_UNREADABLE',
  ],
  ['copies that differ', aPull({}, 'CONFLICT'), 'NEED_REVIEW', 'DATA_CONFLICT'],
  [
    'copies that differ, one of them bad',
    aPull({ faceMatch: { similarity: 49 } }, 'CONFLICT'),
    'REJECT',
    'DATA_CONFLICT',
    'FACE_SIMILARITY_LOW',
  ],
  ['a pulled result without warning_data', aPull({ warnings: null }), 'NEED_REVIEW', 'APPROVAL_COMPLETE?'],
  [
    'a pulled result without kyc_conclusion',
    aPull({ vendorConclusion: null }),
    'NEED_REVIEW',
    'APPROVAL_COMPLETE?',
    'APPROVAL_VENDOR?',
  ],
  [
    'a pulled result without rule_table',
    aPull({ vendorConclusion: { ruleTable: null } }),
    'NEED_REVIEW',
    'APPROVAL_COMPLETE?',
  ],
  [
    'a warning that the vendor does not document',
    aPull({ warnings: [aWarning('QC05')] }),
    'NEED_REVIEW',
    'DATA_UNKNOWN_WARNING',
  ],
  ['a warning without code', aPull({ warnings: [aWarning(null)] }), 'NEED_REVIEW', 'DATA_UNKNOWN_WARNING'],
  [
    'a warning of another list, E101',
    aPull({ warnings: [aWarning('E101')] }),
    'NEED_REVIEW',
    'DATA_UNKNOWN_WARNING',
  ],
  [
    'an unknown warning that did not fire',
    aPull({ warnings: [aWarning('QC05', { predictionResult: 0 })] }),
    'APPROVE',
  ],
  [
    'a warning that does not say whether it fired',
    aPull({ warnings: [aWarning('QC01', { predictionResult: null })] }),
    'NEED_REVIEW',
    'QC01',
  ],
  [
    '"passed" that does not say whether it fired',
    aPull({ warnings: [aWarning('E00', { predictionResult: 2 })] }),
    'NEED_REVIEW',
    'APPROVAL_UNDERSTOOD?',
  ],
];

export const VENDOR: readonly Case[] = [
  [
    'the vendor asks for a review',
    aPull({ vendorConclusion: { decision: 2, decisionMessage: 'NEED_REVIEW' } }),
    'NEED_REVIEW',
    'VENDOR_NEED_REVIEW',
  ],
  [
    'the vendor asks for a review in a callback',
    aCallback({ vendorConclusion: { decision: 2, decisionMessage: 'NEED_REVIEW' } }),
    'NEED_REVIEW',
    'VENDOR_NEED_REVIEW',
  ],
  [
    'decision 2 beside an approving word',
    aPull({ vendorConclusion: { decision: 2 } }),
    'NEED_REVIEW',
    'VENDOR_NEED_REVIEW',
  ],
  [
    'decision 2 without a word',
    aPull({ vendorConclusion: { decision: 2, decisionMessage: null } }),
    'NEED_REVIEW',
    'VENDOR_NEED_REVIEW',
  ],
  [
    'an approving word beside a number that is not known',
    aPull({ vendorConclusion: { decision: 7 } }),
    'NEED_REVIEW',
    'VENDOR_NOT_APPROVING',
  ],
  ['an approving word beside 0', aPull({ vendorConclusion: { decision: 0 } }), 'APPROVE'],
  [
    'an approving word without a decision',
    aPull({ vendorConclusion: { decision: null } }),
    'NEED_REVIEW',
    'APPROVAL_VENDOR?',
  ],
  [
    'decision 1 without a word, whose meaning is not known',
    aPull({ vendorConclusion: { decision: 1, decisionMessage: null } }),
    'NEED_REVIEW',
    'APPROVAL_VENDOR?',
  ],
  [
    'a rejecting word',
    aPull({ vendorConclusion: { decision: 3, decisionMessage: 'REJECTED' } }),
    'NEED_REVIEW',
    'VENDOR_NOT_APPROVING',
  ],
  [
    'a word that is not known',
    aPull({ vendorConclusion: { decision: 9, decisionMessage: 'ESCALATED' } }),
    'NEED_REVIEW',
    'VENDOR_NOT_APPROVING',
  ],
  [
    'a word that is not known, in a callback',
    aCallback({ vendorConclusion: { decisionMessage: 'ESCALATED' } }),
    'NEED_REVIEW',
    'VENDOR_NOT_APPROVING',
  ],
  [
    'free text for a word',
    aPull({ vendorConclusion: { decisionMessage: 'approved, mostly' } }),
    'NEED_REVIEW',
    'APPROVAL_UNDERSTOOD?',
    'APPROVAL_VENDOR?',
  ],
];

/** Forgery, expiry, a child's card and two cards are rejected; where misreading looks the same, a person looks. */
export const WARNINGS: Readonly<Record<string, Decision>> = {
  FC01: 'REJECT', // black-and-white photocopy
  FC02: 'REJECT', // picture of a screen
  FC03: 'REJECT', // edited, or colour photocopy
  FC04: 'REJECT', // cut corner: the card was withdrawn
  FC05: 'NEED_REVIEW', // portrait missing, perhaps under a finger
  FC06: 'NEED_REVIEW', // QR code missing, perhaps under a finger
  FC07: 'NEED_REVIEW', // machine-readable lines missing, perhaps under a finger
  QC01: 'NEED_REVIEW', // poor camera
  QC02: 'NEED_REVIEW', // glare
  QC03: 'NEED_REVIEW', // blur
  QC04: 'NEED_REVIEW', // too dark or too bright
  'E-1': 'NEED_REVIEW', // nothing was checked
  E00: 'APPROVE', // passed
  E01: 'NEED_REVIEW', // blank field
  E02: 'NEED_REVIEW', // number misread or no real one
  E03: 'NEED_REVIEW', // birth date misread
  E04: 'NEED_REVIEW', // birth date in the future: misread
  E05: 'REJECT', // under 14: no card is issued
  E06: 'NEED_REVIEW', // nationality misread or foreign
  E07: 'NEED_REVIEW', // birth year against number: one misread digit does it
  E08: 'NEED_REVIEW', // gender against number: one misread digit does it
  E09: 'NEED_REVIEW', // expiry date misread
  E10: 'REJECT', // expired
  E11: 'NEED_REVIEW', // "no expiry" for somebody too young: misread or forged
  E12: 'NEED_REVIEW', // issue date misread
  E13: 'NEED_REVIEW', // issue date in the future: misread
  E14: 'NEED_REVIEW', // reserved, so nobody knows
  E15: 'REJECT', // sides of two kinds of card
  E16: 'NEED_REVIEW', // blank field on the front
  E17: 'NEED_REVIEW', // too young when issued: misread or forged
  E18: 'NEED_REVIEW', // expiry rule broken: misread or forged
  E19: 'NEED_REVIEW',
  E20: 'NEED_REVIEW',
  E21: 'NEED_REVIEW',
  E22: 'NEED_REVIEW',
  E23: 'REJECT', // passport expired
  E24: 'NEED_REVIEW', // passport number misread
  E25: 'NEED_REVIEW', // name in an unusual form
  E30: 'REJECT', // sides of two cards
  E32: 'NEED_REVIEW', // kind of card against issue date: misread or forged
  E110: 'NEED_REVIEW', // sides sent the wrong way round
};
