import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compileRuleSet } from './compile.ts';
import type { Comparison, Condition } from './rule-set.ts';
import {
  aRequirement,
  aRule,
  aRuleSet,
  LEAST_REQUIREMENTS,
  LIVE_IS_FALSE,
} from './testing/rule-set.factory.ts';
import { MAX_RULES, validateRuleSet } from './validate-rule-set.ts';

const errorsOf = (document: unknown) => {
  const validation = validateRuleSet(document);
  return validation.ok ? [] : validation.errors.map(({ path, message }) => `${path}: ${message}`);
};
const withRule = (overrides: object) => aRuleSet([{ ...aRule('A'), ...overrides }]);
const withCondition = (when: unknown, parameters = {}) => ({ ...withRule({ when }), parameters });
const nested = (depth: number): unknown => (depth === 1 ? LIVE_IS_FALSE : { not: nested(depth - 1) });
const without = (document: object, member: string) =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== member));

describe(validateRuleSet.name, () => {
  it('lets a rule set through unchanged', () => {
    const ruleSet = aRuleSet([aRule('A')]);
    expect(validateRuleSet(ruleSet)).toEqual({ ok: true, ruleSet });
  });

  it.each([{}, { conflict: true }, { overrideOfReject: false, riskLevelAtLeast: 1, reason: 'For a test.' }])(
    'lets a demand for four eyes through: %j',
    (fourEyes) => {
      expect(errorsOf({ ...aRuleSet([aRule('A')]), fourEyes })).toEqual([]);
    },
  );

  it.each<[string, unknown, string]>([
    ['no object', [], ': must be an object'],
    ['a missing member', without(aRuleSet([aRule('A')]), 'name'), 'name: is missing'],
    [
      'a member nobody knows',
      { ...aRuleSet([aRule('A')]), script: 'x' },
      ': has a member that is not one of name, description, parameters, approveRequires, rules, fourEyes',
    ],
    [
      'a demand for four eyes that nobody knows',
      { ...aRuleSet([aRule('A')]), fourEyes: { always: true } },
      'fourEyes: has a member that is not one of overrideOfReject, riskLevelAtLeast, conflict, reason',
    ],
    [
      'four eyes at a risk level that there is not',
      { ...aRuleSet([aRule('A')]), fourEyes: { riskLevelAtLeast: 0 } },
      'fourEyes.riskLevelAtLeast: must be one of 1, 2, 3',
    ],
    [
      'four eyes perhaps',
      { ...aRuleSet([aRule('A')]), fourEyes: { conflict: 'yes' } },
      'fourEyes.conflict: must be true or false',
    ],
    ['four eyes as yes or no', { ...aRuleSet([aRule('A')]), fourEyes: true }, 'fourEyes: must be an object'],
    ['no rules', aRuleSet([]), 'rules: must be a list of 1 to 500 items'],
    [
      'too many rules',
      aRuleSet(Array.from({ length: MAX_RULES + 1 }, (_, index) => aRule(`R${index}`))),
      'rules: must be a list of 1 to 500 items',
    ],
    ['a code used twice', aRuleSet([aRule('A'), aRule('B'), aRule('A')]), 'rules.2.code: is used twice'],
    ['a code of a requirement used again', aRuleSet([aRule('NEEDS_FACE')]), 'rules.0.code: is used twice'],
    [
      'a code in small letters',
      withRule({ code: 'a' }),
      'rules.0.code: must be a code of up to 64 capitals, digits, _ and -',
    ],
    ['a missing language', withRule({ message: { en: 'x' } }), 'rules.0.message.vi: is missing'],
    [
      'an empty text',
      withRule({ message: { en: ' ', vi: 'x' } }),
      'rules.0.message.en: must be text of 1 to 500 characters',
    ],
    [
      'text without a UTF-8 form',
      withRule({ reason: '\ud800' }),
      'rules.0.reason: must be text of 1 to 2000 characters',
    ],
    ['an unknown risk level', withRule({ riskLevel: 4 }), 'rules.0.riskLevel: must be one of 1, 2, 3'],
    [
      'a rule that approves',
      withRule({ outcome: 'APPROVE' }),
      'rules.0.outcome: must be one of NEED_REVIEW, REJECT',
    ],
    [
      'absence that approves',
      withRule({ onUnknown: 'APPROVE' }),
      'rules.0.onUnknown: must be one of NEED_REVIEW, REJECT, IGNORE',
    ],
    [
      'the group of requirements',
      withRule({ group: { code: 'APPROVAL', name: 'x' } }),
      'rules.0.group.code: is kept for unmet requirements',
    ],
    [
      'a parameter with a name of its own kind, which it does not repeat',
      aRuleSet([aRule('A')], { parameters: { '036190000001': { value: 1, reason: 'x' } } }),
      'parameters: must be named in letters and digits, beginning with a small letter',
    ],
    [
      'a parameter without a reason',
      { ...aRuleSet([aRule('A')]), parameters: { bound: { value: 1 } } },
      'parameters.bound.reason: is missing',
    ],
    [
      'two names for one group',
      aRuleSet([aRule('A'), aRule('B', { group: { code: 'G', name: 'Other' } })]),
      'rules.1.group.name: is another name than the group has in an earlier rule',
    ],
    [
      'a day that does not exist',
      withRule({ effectiveFrom: '2025-02-29' }),
      'rules.0.effectiveFrom: must be a day, as yyyy-mm-dd',
    ],
    [
      'an end before the beginning',
      withRule({ effectiveFrom: '2025-03-02', effectiveUntil: '2025-03-01' }),
      'rules.0.effectiveUntil: must not be before effectiveFrom',
    ],
  ])('refuses %s', (_what, document, error) => {
    expect(errorsOf(document)).toContain(error);
  });

  describe('conditions', () => {
    const similarity = (overrides: object) => ({
      fact: 'faceMatch.similarity',
      op: 'lessThan',
      ...overrides,
    });

    it.each<[string, unknown, string]>([
      ['no condition', null, 'when: must be an object'],
      [
        'an unknown fact, however deep',
        { any: [LIVE_IS_FALSE, { all: [{ not: { fact: 'faceMatch.smile', op: 'isPresent' } }] }] },
        'when.any.1.all.0.not.fact: is not a fact of the catalogue',
      ],
      [
        'a fact named like a member of every object',
        { fact: '__proto__', op: 'isPresent' },
        'when.fact: is not a fact of the catalogue',
      ],
      [
        'an unknown operator',
        similarity({ op: 'matches', value: '.*' }),
        'when.op: must be one of atLeast, atMost, containsAny, equals, greaterThan, in, isPresent, lessThan',
      ],
      [
        'an operator that does not suit the fact',
        { fact: 'liveness.isLive', op: 'lessThan', value: 1 },
        "when.op: can't be used on a fact of type boolean",
      ],
      ['no operand', similarity({}), 'when: must have either value or param with this operator'],
      [
        'two operands',
        similarity({ value: 1, param: 'bound' }),
        'when: must have either value or param with this operator',
      ],
      [
        'an operand too many',
        { fact: 'faceMatch.similarity', op: 'isPresent', value: true },
        'when: must have neither value nor param with this operator',
      ],
      [
        'text for a number',
        similarity({ value: '80' }),
        'when.value: must be a number from 0 to 100 (percent)',
      ],
      [
        'a bound off the scale',
        similarity({ value: 800 }),
        'when.value: must be a number from 0 to 100 (percent)',
      ],
      [
        'a word for a yes or no',
        { fact: 'liveness.isLive', op: 'equals', value: 'true' },
        'when.value: must be true or false',
      ],
      [
        'a code of another section',
        { fact: 'faceMatch.code', op: 'equals', value: '400' },
        'when.value: is not a code that this fact can have',
      ],
      [
        'an unknown code in a list',
        { fact: 'warnings.fired', op: 'containsAny', value: ['FC03', 'FC99'] },
        'when.value.1: is not a code that this fact can have',
      ],
      [
        'a number for a code',
        { fact: 'faceMatch.code', op: 'equals', value: 303 },
        'when.value: must be a code, as text',
      ],
      [
        'free text for an open code',
        { fact: 'vendor.decisionMessage', op: 'equals', value: 'need review' },
        'when.value: must be a word in capitals, such as NEED_REVIEW',
      ],
      [
        'an empty list',
        { fact: 'faceMatch.code', op: 'in', value: [] },
        'when.value: must be a list of 1 to 200 items',
      ],
      [
        'an unknown parameter',
        similarity({ param: 'bound' }),
        'when.param: is not a parameter of this rule set',
      ],
      [
        'a parameter named like a member of every object',
        similarity({ param: 'constructor' }),
        'when.param: is not a parameter of this rule set',
      ],
      [
        'a misspelt member',
        similarity({ value: 80, vaule: 80 }),
        'when: has a member that is not one of fact, op, value, param',
      ],
      [
        'two kinds of condition in one',
        { all: [LIVE_IS_FALSE], any: [LIVE_IS_FALSE] },
        'when: has a member that is not one of all',
      ],
      ['an empty all', { all: [] }, 'when.all: must be a list of 1 to 50 items'],
    ])('refuses %s', (_what, when, error) => {
      expect(errorsOf(withCondition(when))).toContain(`rules.0.${error}`);
    });

    it('checks a parameter where it is used, against the fact that it is compared with', () => {
      const when = similarity({ param: 'bound' });
      const withBound = (value: unknown) => withCondition(when, { bound: { value, reason: 'Test.' } });
      expect(errorsOf(withBound(80))).toEqual([]);
      expect(errorsOf(withBound(101))).toEqual([
        'rules.0.when.param: must be a number from 0 to 100 (percent)',
      ]);
      expect(errorsOf(withBound({}))[0]).toMatch(/^parameters\.bound\.value: must be a number/);
    });

    it('allows ten levels and no more', () => {
      expect(errorsOf(withCondition(nested(10)))).toEqual([]);
      expect(errorsOf(withCondition(nested(11)))).toEqual([
        `rules.0.when${'.not'.repeat(10)}: must not be nested more than 10 levels deep`,
      ]);
    });

    it('bounds the number of comparisons in one condition', () => {
      const fifty = { all: Array.from({ length: 50 }, () => LIVE_IS_FALSE) };
      const of = (blocks: number) => withCondition({ any: Array.from({ length: blocks }, () => fifty) });
      expect(errorsOf(of(4))).toEqual([]);
      expect(errorsOf(of(5))).toEqual([
        'rules.0.when.any.4.all.0: must not bring more than 200 comparisons into one condition',
      ]);
    });
  });

  describe('absence', () => {
    const DEEPFAKE: Comparison = { fact: 'liveness.isDeepfake', op: 'equals', value: true };

    it('may be ignored where it is documented to be normal, with a reason', () => {
      const ignoring = { when: DEEPFAKE, onUnknown: 'IGNORE' };
      expect(errorsOf(withRule({ ...ignoring, absenceReason: 'Seldom sent.' }))).toEqual([]);
      expect(errorsOf(withRule(ignoring))).toEqual([
        'rules.0.absenceReason: must be given with onUnknown IGNORE and only then',
      ]);
    });

    it('may not be ignored where a fact is always sent', () => {
      const when: Condition = { all: [DEEPFAKE, LIVE_IS_FALSE] };
      expect(errorsOf(withRule({ when, onUnknown: 'IGNORE', absenceReason: 'We are in a hurry.' }))).toEqual([
        "rules.0.onUnknown: can't be IGNORE: liveness.isLive is never missing normally",
      ]);
    });

    it('needs no reason where it is not ignored', () => {
      expect(errorsOf(withRule({ absenceReason: 'Never.' }))).toEqual([
        'rules.0.absenceReason: must be given with onUnknown IGNORE and only then',
      ]);
    });
  });

  describe('what approval has to require', () => {
    const requiring = (...conditions: Condition[]) =>
      errorsOf(
        aRuleSet([aRule('A')], {
          approveRequires: conditions.map((condition, index) => aRequirement(`${index}`, condition)),
        }),
      );
    const conditions = LEAST_REQUIREMENTS.map(({ condition }) => condition);

    it.each([
      [0, 'faceMatch.similarity or faceMatch.isMatch'],
      [1, 'liveness.isLive'],
      [2, 'ocr.code'],
      [3, 'result.understood'],
    ])('includes what requirement %d compares', (left, facts) => {
      expect(requiring(...conditions.filter((_, index) => index !== left))).toEqual([
        `approveRequires: must compare ${facts}, by itself or under all`,
      ]);
    });

    it('may be gathered under all', () => {
      expect(requiring({ all: conditions })).toEqual([]);
    });

    it('may not be one choice of several, which could hold without it', () => {
      expect(requiring({ any: conditions })).toHaveLength(4);
      expect(requiring({ not: { all: conditions } })).toHaveLength(4);
    });
  });

  it('answers for anything at all, and whatever it lets through compiles', () => {
    const valid = JSON.stringify(aRuleSet([aRule('A', { when: { any: [LIVE_IS_FALSE] } })]));
    const near = fc
      .tuple(fc.nat(valid.length), fc.constantFrom('', 'x', '"', '{}', '[]', '0', 'null', ','), fc.nat(20))
      .map(([from, insert, remove]) => valid.slice(0, from) + insert + valid.slice(from + remove))
      .map((text): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          return text;
        }
      });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything(), near), (document) => {
        const validation = validateRuleSet(document);
        if (validation.ok) compileRuleSet(validation.ruleSet);
        else expect(validation.errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  });

  it('refuses any damage to the default rule set without repeating what was in it', () => {
    const text = readFileSync('config/rule-sets/default.json', 'utf8');
    const paths = leavesOf(JSON.parse(text));
    fc.assert(
      fc.property(fc.constantFrom(...paths), (path) => {
        const damaged: unknown = JSON.parse(text);
        setAt(damaged, path, { secret: '036190000001' });
        const validation = validateRuleSet(damaged);
        expect(validation.ok).toBe(false);
        expect(JSON.stringify(validation)).not.toContain('036190000001');
      }),
    );
  });
});

function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
}

function setAt(root: unknown, path: readonly string[], value: unknown): void {
  const parent = path.slice(0, -1).reduce((node, name) => (node as Record<string, unknown>)[name], root);
  (parent as Record<string, unknown>)[path.at(-1)!] = value;
}
