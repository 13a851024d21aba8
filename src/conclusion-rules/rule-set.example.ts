import type { RuleSet } from './engine/rule-set.ts';

/** The smallest useful rule set, for the API description. It is checked like any other. */
export const RULE_SET_EXAMPLE: RuleSet = {
  name: 'Faces first',
  description: 'Approves nobody whose face was not compared, and rejects whoever is somebody else.',
  parameters: {
    minimumSimilarity: { value: 80, reason: "The vendor's own threshold for a match, 0 to 100." },
  },
  approveRequires: [
    {
      code: 'APPROVAL_CHECKED',
      message: { en: 'A step of the check is missing', vi: 'Thiếu một bước kiểm tra' },
      reason: 'Nothing is approved that was not checked.',
      riskLevel: 2,
      condition: {
        all: [
          { fact: 'faceMatch.similarity', op: 'atLeast', param: 'minimumSimilarity' },
          { fact: 'liveness.isLive', op: 'equals', value: true },
          { fact: 'ocr.code', op: 'equals', value: '200' },
          { fact: 'document.front.name', op: 'isPresent' },
          { fact: 'result.understood', op: 'isPresent' },
        ],
      },
    },
  ],
  rules: [
    {
      code: 'FACE_SIMILARITY_LOW',
      group: { code: 'FACE', name: 'Face' },
      message: { en: 'The faces are not alike enough', vi: 'Khuôn mặt không đủ giống' },
      reason: 'Another person may have shown the document.',
      riskLevel: 3,
      outcome: 'REJECT',
      when: { fact: 'faceMatch.similarity', op: 'lessThan', param: 'minimumSimilarity' },
      onUnknown: 'NEED_REVIEW',
    },
  ],
};
