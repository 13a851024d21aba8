import { describe, expect, it } from '@jest/globals';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { verdictOf } from './vendor-verdict.ts';

const resultSaying = (decisionMessage: string | null) =>
  ({ code: '303', vendorConclusion: { decision: 2, decisionMessage, riskLevel: 1 } }) as NormalisedResult;

describe(verdictOf.name, () => {
  it('keeps codes and the decision as a word', () => {
    expect(verdictOf(resultSaying('NEED_REVIEW'))).toEqual({
      code: '303',
      decision: 2,
      decisionMessage: 'NEED_REVIEW',
      riskLevel: 1,
    });
  });

  it.each(['Nguyễn Văn Mẫu', 'MAU', 'see Mr MAU', '001099012345', 'need review', 'A'.repeat(41), ''])(
    'keeps no free text such as %p',
    (text) => {
      expect(verdictOf(resultSaying(text)).decisionMessage).toBeNull();
    },
  );
});
