import { describe, expect, it } from '@jest/globals';

import { compileRuleSet } from './compile.ts';
import { evaluate } from './evaluate.ts';
import { aCallback } from './testing/conclusion-input.factory.ts';
import { aRule, aRuleSet } from './testing/rule-set.factory.ts';
import { toVendorShape } from './vendor-shape.ts';

const COMPILED = compileRuleSet(aRuleSet([aRule('LIVE', { outcome: 'REJECT' })]));

describe(toVendorShape.name, () => {
  it('gives a conclusion the members and types of the vendor’s kyc_conclusion', () => {
    const conclusion = evaluate(COMPILED, aCallback({ liveness: { isLive: false } }));
    expect(toVendorShape(conclusion)).toEqual({
      decision: 3,
      decision_message: 'REJECT',
      risk_level: 2,
      rule_table: [
        {
          risk_level: 2,
          group_code: 'G',
          group_name: 'Group',
          rules: [
            {
              warning_code: 'LIVE',
              warning_message: 'LIVE in English',
              prediction_result: 1,
              risk_level: 2,
              confident_score: 'N/A',
              count: 1,
            },
          ],
        },
      ],
    });
  });

  it('says in the message that a rule could not be told, because the shape has no other place', () => {
    const shaped = toVendorShape(evaluate(COMPILED, aCallback({ liveness: { isLive: null } })));
    expect(shaped).toMatchObject({ decision: 2, decision_message: 'NEED_REVIEW' });
    expect(shaped.rule_table[0]?.rules[0]?.warning_message).toBe('Cannot tell: LIVE in English');
  });

  it('takes the decision numbers from a caller who knows them', () => {
    const approved = evaluate(COMPILED, aCallback());
    expect(toVendorShape(approved).decision).toBe(1);
    expect(toVendorShape(approved, { APPROVE: 0, REJECT: 1, NEED_REVIEW: 2 }).decision).toBe(0);
  });
});
