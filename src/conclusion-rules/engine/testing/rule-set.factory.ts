import type { Comparison, Condition, Requirement, Rule, RuleSet } from '../rule-set.ts';

/** For tests only. Every value of the fact is known or nothing is approved. */
export const LEAST_REQUIREMENTS: readonly Requirement[] = [
  aRequirement('FACE', { fact: 'faceMatch.similarity', op: 'atLeast', value: 80 }),
  aRequirement('LIVE', { fact: 'liveness.isLive', op: 'equals', value: true }),
  aRequirement('OCR', { fact: 'ocr.code', op: 'equals', value: '200' }),
  aRequirement('UNDERSTOOD', { fact: 'result.understood', op: 'isPresent' }),
];

export const LIVE_IS_FALSE: Comparison = { fact: 'liveness.isLive', op: 'equals', value: false };

export function aRequirement(code: string, condition: Condition): Requirement {
  return {
    code: `NEEDS_${code}`,
    message: { en: code, vi: code },
    reason: 'For a test.',
    riskLevel: 1,
    condition,
  };
}

export function aRule(code: string, overrides: Partial<Omit<Rule, 'code'>> = {}): Rule {
  return {
    code,
    group: { code: 'G', name: 'Group' },
    message: { en: `${code} in English`, vi: `${code} bằng tiếng Việt` },
    reason: 'For a test.',
    riskLevel: 2,
    outcome: 'NEED_REVIEW',
    when: LIVE_IS_FALSE,
    onUnknown: 'NEED_REVIEW',
    ...overrides,
  };
}

export function aRuleSet(rules: readonly Rule[], overrides: Partial<Omit<RuleSet, 'rules'>> = {}): RuleSet {
  return {
    name: 'Test',
    description: 'For tests.',
    parameters: {},
    approveRequires: LEAST_REQUIREMENTS,
    rules,
    ...overrides,
  };
}
