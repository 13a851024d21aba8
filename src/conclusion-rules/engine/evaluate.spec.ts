import { describe, expect, it } from '@jest/globals';

import { compileRuleSet } from './compile.ts';
import { ENGINE_VERSION, evaluate } from './evaluate.ts';
import type { ConclusionInput } from './fact.ts';
import type { Condition, Rule, RuleSet } from './rule-set.ts';
import { aCallback, aPull, aWarning } from './testing/conclusion-input.factory.ts';
import {
  aRequirement,
  aRule,
  aRuleSet,
  LEAST_REQUIREMENTS,
  LIVE_IS_FALSE,
} from './testing/rule-set.factory.ts';

const SIMILARITY_LOW: Condition = { fact: 'faceMatch.similarity', op: 'lessThan', value: 80 };

const conclude = (rules: readonly Rule[], input: ConclusionInput, overrides?: Partial<RuleSet>) =>
  evaluate(compileRuleSet(aRuleSet(rules, overrides)), input);
const rows = (conclusion: ReturnType<typeof evaluate>) => conclusion.ruleTable.flatMap(({ rules }) => rules);

describe(evaluate.name, () => {
  it('approves when no rule is met and all that approval requires holds', () => {
    expect(conclude([aRule('LIVE')], aCallback())).toEqual({
      decision: 'APPROVE',
      riskLevel: 0,
      ruleSetVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
      engineVersion: ENGINE_VERSION,
      ruleTable: [],
      omittedFindings: 0,
      fourEyes: [],
    });
  });

  it('decides as the strictest of the rules that are met', () => {
    const review = aRule('REVIEW', { riskLevel: 3 });
    const reject = aRule('REJECT', { outcome: 'REJECT', riskLevel: 1 });
    const notLive = aCallback({ liveness: { isLive: false } });
    expect(conclude([review], notLive).decision).toBe('NEED_REVIEW');
    expect(conclude([review, reject], notLive).decision).toBe('REJECT');
    expect(conclude([reject, review], notLive).decision).toBe('REJECT');
  });

  it('has the highest risk level of its findings', () => {
    const notLive = aCallback({ liveness: { isLive: false } });
    expect(conclude([aRule('A', { riskLevel: 1 }), aRule('B', { riskLevel: 3 })], notLive).riskLevel).toBe(3);
  });

  it('explains each finding with the fact, the value it had and the value that would have been fine', () => {
    const rule = aRule('LOW', { when: SIMILARITY_LOW, outcome: 'REJECT' });
    expect(conclude([rule], aCallback({ faceMatch: { similarity: 49.09 } })).ruleTable).toEqual([
      {
        groupCode: 'G',
        groupName: 'Group',
        riskLevel: 2,
        rules: [
          {
            code: 'LOW',
            message: 'LOW in English',
            riskLevel: 2,
            outcome: 'MET',
            fact: 'faceMatch.similarity',
            observed: 49.09,
            expected: 'at least 80',
          },
        ],
      },
    ]);
  });

  it.each([
    ['NEED_REVIEW', 'NEED_REVIEW'],
    ['REJECT', 'REJECT'],
  ] as const)('asks for %s where it can not tell, if the rule says so', (onUnknown, decision) => {
    const conclusion = conclude(
      [aRule('LOW', { when: SIMILARITY_LOW, onUnknown })],
      aCallback({ faceMatch: { similarity: null } }),
    );
    expect(conclusion.decision).toBe(decision);
    expect(rows(conclusion)).toMatchObject([{ code: 'LOW', outcome: 'CANNOT_TELL', observed: null }]);
  });

  it('passes over a rule that can not be told where the rule set says that this is normal', () => {
    const rule = aRule('DEEPFAKE', {
      when: { fact: 'liveness.isDeepfake', op: 'equals', value: true },
      onUnknown: 'IGNORE',
      absenceReason: 'For a test.',
    });
    expect(conclude([rule], aCallback()).decision).toBe('APPROVE');
    expect(conclude([rule], aCallback({ liveness: { isDeepfake: true } })).decision).toBe('NEED_REVIEW');
  });

  it('asks for a review, naming the requirement, where approval was not earned and no rule says why', () => {
    const conclusion = conclude([aRule('LIVE')], aCallback({ faceMatch: { similarity: 79.99 } }));
    expect(conclusion.decision).toBe('NEED_REVIEW');
    expect(conclusion.ruleTable).toMatchObject([
      {
        groupCode: 'APPROVAL',
        rules: [{ code: 'NEEDS_FACE', outcome: 'MET', observed: 79.99, expected: 'at least 80' }],
      },
    ]);
  });

  it('shows an unmet requirement no more where a rule already says why', () => {
    const conclusion = conclude(
      [aRule('LOW', { when: SIMILARITY_LOW })],
      aCallback({ faceMatch: { similarity: 79.99 } }),
    );
    expect(rows(conclusion).map(({ code }) => code)).toEqual(['LOW']);
  });

  it('shows the worst first: rejections, then the higher risk, then by code', () => {
    const conclusion = conclude(
      [
        aRule('D', { riskLevel: 1, group: { code: 'LATER', name: 'Later' } }),
        aRule('C', { riskLevel: 2 }),
        aRule('B', { riskLevel: 2 }),
        aRule('A', { riskLevel: 1, outcome: 'REJECT' }),
      ],
      aCallback({ liveness: { isLive: false } }),
    );
    expect(rows(conclusion).map(({ code }) => code)).toEqual(['A', 'B', 'C', 'D']);
    expect(conclusion.ruleTable.map(({ groupCode, riskLevel }) => [groupCode, riskLevel])).toEqual([
      ['G', 2],
      ['LATER', 1],
    ]);
  });

  it('shows the comparison that decided, not just the first', () => {
    const when: Condition = { any: [SIMILARITY_LOW, LIVE_IS_FALSE] };
    const notLive = conclude([aRule('A', { when })], aCallback({ liveness: { isLive: false } }));
    expect(rows(notLive)).toMatchObject([{ fact: 'liveness.isLive', observed: false, expected: 'true' }]);
    const cannotTell = conclude([aRule('A', { when })], aCallback({ liveness: { isLive: null } }));
    expect(rows(cannotTell)).toMatchObject([
      { fact: 'liveness.isLive', outcome: 'CANNOT_TELL', expected: 'true' },
    ]);
  });

  it('turns the expectation around under not', () => {
    const when: Condition = { not: { fact: 'ocr.code', op: 'equals', value: '200' } };
    expect(rows(conclude([aRule('A', { when })], aCallback({ ocrCode: '3' })))).toMatchObject([
      { observed: '3', expected: '200' },
    ]);
  });

  it('shows which of the codes fired', () => {
    const when: Condition = { fact: 'warnings.fired', op: 'containsAny', value: ['FC03', 'E30'] };
    const conclusion = conclude(
      [aRule('A', { when })],
      aPull({ warnings: [aWarning('E30'), aWarning('QC01')] }),
    );
    expect(rows(conclusion)).toMatchObject([{ observed: 'E30' }]);
  });

  it('never shows a value that is personal data', () => {
    const when: Condition = { fact: 'holder.ageYears', op: 'lessThan', value: 60 };
    const conclusion = conclude([aRule('YOUNG', { when })], aCallback());
    expect(rows(conclusion)).toMatchObject([{ outcome: 'MET', observed: null }]);
  });

  it('compares with named parameters', () => {
    const when: Condition = { fact: 'faceMatch.similarity', op: 'lessThan', param: 'bound' };
    const withBound = (value: number) =>
      conclude([aRule('A', { when })], aCallback(), { parameters: { bound: { value, reason: 'Test.' } } });
    expect(withBound(95.2).decision).toBe('APPROVE');
    expect(withBound(95.3).decision).toBe('NEED_REVIEW');
  });

  it('applies a rule from its first to its last day in Vietnam', () => {
    const rule = aRule('A', { effectiveFrom: '2025-03-01', effectiveUntil: '2025-03-02' });
    const at = (checkedAt: string) =>
      conclude([rule], { ...aCallback({ liveness: { isLive: false } }), checkedAt }).ruleTable[0]?.groupCode;
    expect(at('2025-02-28T16:59:59Z')).toBe('APPROVAL');
    expect(at('2025-02-28T17:00:00Z')).toBe('G');
    expect(at('2025-03-02T16:59:59Z')).toBe('G');
    expect(at('2025-03-02T17:00:00Z')).toBe('APPROVAL');
  });

  it('applies every rule where the moment of the check is not known', () => {
    const rule = aRule('A', { effectiveFrom: '2999-01-01', outcome: 'REJECT' });
    const input = { ...aCallback({ liveness: { isLive: false } }), checkedAt: 'some day' };
    expect(conclude([rule], input).decision).toBe('REJECT');
  });

  it('leaves room in an entry of the audit log, whatever the rule set: the worst findings are shown, the others counted', () => {
    const codes = ['301', '302', '303', '406', '408', '409', '410', '411', '412', '413', '422', '423'];
    const rules = Array.from({ length: 500 }, (_, index) =>
      aRule(`RULE_${index}`, {
        group: { code: `GROUP_${index}`, name: 'ạ'.repeat(100) },
        message: { en: '"ạ'.repeat(200), vi: 'x' },
        riskLevel: index === 123 ? 3 : 1,
        when: { fact: 'faceMatch.code', op: 'in', value: codes },
      }),
    );
    const conclusion = conclude(rules, aCallback({ faceMatch: { code: '303' } }));
    expect(Buffer.byteLength(JSON.stringify(conclusion))).toBeLessThan(17 * 1024);
    expect(rows(conclusion)[0]?.code).toBe('RULE_123');
    expect(rows(conclusion).length + conclusion.omittedFindings).toBe(500);
    expect(conclusion.riskLevel).toBe(3);
  });

  it('requires each of several things', () => {
    const approveRequires = [
      ...LEAST_REQUIREMENTS,
      aRequirement('AGREED', { fact: 'provenance.grade', op: 'equals', value: 'AGREED' }),
    ];
    expect(conclude([aRule('A')], aPull({}, 'AGREED'), { approveRequires }).decision).toBe('APPROVE');
    expect(conclude([aRule('A')], aPull({}, 'PULL_ONLY'), { approveRequires }).decision).toBe('NEED_REVIEW');
  });
});
