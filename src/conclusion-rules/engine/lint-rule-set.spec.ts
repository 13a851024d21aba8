import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codesOf } from '../warning-codes.ts';
import { RULE_SET_EXAMPLE } from '../rule-set.example.ts';
import { type FindingCode, lintRuleSet } from './lint-rule-set.ts';
import type { Condition, Requirement, Rule, RuleSet } from './rule-set.ts';
import { aRequirement, aRule, aRuleSet, LEAST_REQUIREMENTS } from './testing/rule-set.factory.ts';
import { validateRuleSet } from './validate-rule-set.ts';

const below = (value: number): Condition => ({ fact: 'faceMatch.similarity', op: 'lessThan', value });
const above = (value: number): Condition => ({ fact: 'faceMatch.similarity', op: 'greaterThan', value });
const codeIs = (value: string): Condition => ({ fact: 'ocr.code', op: 'equals', value });
const fired = (...value: string[]): Condition => ({ fact: 'warnings.fired', op: 'containsAny', value });

/** Findings with a code, as paths. */
function pathsOf(code: FindingCode, ruleSet: RuleSet): string[] {
  const validation = validateRuleSet(ruleSet);
  if (!validation.ok) throw new Error(JSON.stringify(validation.errors));
  return lintRuleSet(ruleSet)
    .filter((finding) => finding.code === code)
    .map(({ path }) => path);
}

const IGNORED = { onUnknown: 'IGNORE', absenceReason: 'For a test.' } as const;

const isAnything = (fact: string): Condition => ({
  any: [
    { fact, op: 'equals', value: true },
    { fact, op: 'equals', value: false },
  ],
});

const withRules = (...rules: Rule[]) => aRuleSet(rules);
const withRequirement = (...more: Requirement[]) =>
  aRuleSet([aRule('A')], { approveRequires: [...LEAST_REQUIREMENTS, ...more] });

describe(lintRuleSet.name, () => {
  it('has nothing to say against the default rule set', () => {
    const text = readFileSync('config/rule-sets/default.json', 'utf8');
    expect(lintRuleSet(JSON.parse(text) as RuleSet)).toEqual([]);
  });

  it('has no error to find in the example of the API description', () => {
    const validation = validateRuleSet(RULE_SET_EXAMPLE);
    expect(validation).toEqual({ ok: true, ruleSet: RULE_SET_EXAMPLE });
    const errors = lintRuleSet(RULE_SET_EXAMPLE).filter(({ severity }) => severity === 'ERROR');
    expect(errors).toEqual([]);
  });

  describe('contradictions', () => {
    it.each<[string, Condition]>([
      ['below 10 and above 20', { all: [below(10), above(20)] }],
      ['below 10 and at least 10', { all: [below(10), { not: below(10) }] }],
      ['below the scale', below(0)],
      ['equal to two codes', { all: [codeIs('200'), codeIs('500')] }],
      ['equal to a code and not', { all: [codeIs('200'), { not: codeIs('200') }] }],
      [
        'true and false',
        {
          all: [
            { fact: 'liveness.isLive', op: 'equals', value: true },
            { fact: 'liveness.isLive', op: 'equals', value: false },
          ],
        },
      ],
      [
        'in two lists that share nothing',
        {
          all: [
            { fact: 'ocr.code', op: 'in', value: ['200', '400'] },
            { fact: 'ocr.code', op: 'in', value: ['500', '504'] },
          ],
        },
      ],
      ['a warning that has fired and has not', { all: [fired('FC01'), { not: fired('FC01', 'FC02') }] }],
      ['every way ruled out', { all: [{ any: [below(10), below(20)] }, { any: [above(30), above(40)] }] }],
      ['neither below 10 nor at least 10', { not: { any: [below(10), { not: below(10) }] } }],
    ])('are found: %s', (_, when) => {
      expect(pathsOf('CONTRADICTION', withRules(aRule('A'), aRule('B', { when })))).toEqual(['rules.1.when']);
    });

    it.each<[string, Condition]>([
      ['between 10 and 20', { all: [above(10), below(20)] }],
      ['exactly 10', { all: [{ not: above(10) }, { not: below(10) }] }],
      ['two warnings at once', { all: [fired('FC01'), fired('FC02')] }],
      ['one of two ways', { all: [{ any: [below(10), above(20)] }, above(15)] }],
      ['absence, which has its effect when nobody can tell', { not: { fact: 'ocr.code', op: 'isPresent' } }],
    ])('are not seen where there is none: %s', (_, when) => {
      expect(pathsOf('CONTRADICTION', withRules(aRule('A', { when })))).toEqual([]);
    });

    it('are found in requirements and in a part of a condition, by the value of a parameter as well', () => {
      const impossible: Condition = { all: [above(20), below(10)] };
      const belowBound: Condition = { fact: 'faceMatch.similarity', op: 'lessThan', param: 'bound' };
      const rule = aRule('A', { when: { any: [codeIs('500'), { all: [above(90), belowBound] }] } });
      const ruleSet = aRuleSet([rule], {
        parameters: { bound: { value: 50, reason: 'For a test.' } },
        approveRequires: [...LEAST_REQUIREMENTS, aRequirement('IMPOSSIBLE', impossible)],
      });
      expect(pathsOf('CONTRADICTION', ruleSet)).toEqual([
        'approveRequires.4.condition',
        'rules.0.when.any.1',
      ]);
    });
  });

  describe('unreachable decisions', () => {
    const rejectAll = aRule('ALL', {
      outcome: 'REJECT',
      when: { fact: 'faceMatch.similarity', op: 'atLeast', value: 0 },
    });

    it.each<[string, RuleSet, string[]]>([
      ['a rule rejects whatever is approved', withRules(rejectAll), ['approveRequires']],
      [
        'two requirements exclude each other',
        withRequirement(aRequirement('B', below(70))),
        ['approveRequires'],
      ],
      [
        'a requirement asks for absence, which nobody can know',
        withRequirement(aRequirement('B', { not: { fact: 'document.front.name', op: 'isPresent' } })),
        ['approveRequires'],
      ],
      [
        'every review is overruled',
        withRules(
          aRule('R', { outcome: 'REJECT', when: below(60) }),
          aRule('V', { outcome: 'NEED_REVIEW', when: below(40) }),
        ),
        ['rules'],
      ],
      [
        'nothing that rejects can be met',
        withRules(aRule('R', { outcome: 'REJECT', when: below(0) }), aRule('V', { when: codeIs('500') })),
        ['rules'],
      ],
    ])('are found: %s', (_, ruleSet, paths) => {
      expect(pathsOf('UNREACHABLE_DECISION', ruleSet)).toEqual(paths);
    });

    it.each<[string, RuleSet]>([
      [
        'a rule that is ignored without a value',
        withRules(aRule('I', { ...IGNORED, outcome: 'REJECT', when: isAnything('liveness.isDeepfake') })),
      ],
      ['a rule that is in force for a time only', withRules({ ...rejectAll, effectiveUntil: '2026-12-31' })],
      [
        'rejection by absence',
        withRules(aRule('R', { outcome: 'REJECT', onUnknown: 'REJECT', when: below(60) })),
      ],
      ['no rule that asks for it', withRules(aRule('V', { when: below(60) }))],
    ])('are not seen where there is none: %s', (_, ruleSet) => {
      expect(pathsOf('UNREACHABLE_DECISION', ruleSet)).toEqual([]);
    });
  });

  it('finds the rule that never decides, and leaves the one that may', () => {
    const reject = aRule('R', { outcome: 'REJECT', when: below(60) });
    const hidden = aRule('HIDDEN', { when: { all: [below(50), codeIs('500')] } });
    const seen = aRule('SEEN', { when: below(70) });
    const unsure = aRule('UNSURE', { when: { any: [below(50), codeIs('500')] } });
    expect(pathsOf('OVERRULED_RULE', withRules(reject, hidden, seen, unsure))).toEqual(['rules.1']);
  });

  it('names every warning of the catalogue that no rule asks for, but the one that says that all is well', () => {
    const all = codesOf('QUALITY', 'FRAUD', 'POST_CHECK');
    const messages = lintRuleSet(withRules(aRule('W', { when: fired('FC01', 'E10') })))
      .filter(({ code }) => code === 'WARNING_CODE_WITHOUT_RULE')
      .map(({ message }) => message.split(' ').at(-1));
    expect(messages).toEqual(all.filter((code) => !['FC01', 'E10', 'E00'].includes(code)));
  });

  it('warns of approvals that read too little or that unfavourable values can get', () => {
    const least = lintRuleSet(withRules(aRule('A', { when: codeIs('500') })));
    const messages = least.filter(({ code }) => code === 'APPROVES_TOO_EASILY').map(({ message }) => message);
    expect(messages).toEqual([
      'a face that the vendor calls no match can be approved',
      'a result that contradicts its callback can be approved',
      'nothing of the document has to be read for an approval',
    ]);
    const [face, , ocr, understood] = LEAST_REQUIREMENTS as [
      Requirement,
      Requirement,
      Requirement,
      Requirement,
    ];
    const notLive = aRequirement('LIVE', { fact: 'liveness.isLive', op: 'isPresent' });
    const careless = aRuleSet([aRule('A', { when: codeIs('500') })], {
      approveRequires: [face, notLive, ocr, understood],
    });
    expect(lintRuleSet(careless).map(({ message }) => message)).toContain(
      'a person who is not live can be approved',
    );
  });
});
