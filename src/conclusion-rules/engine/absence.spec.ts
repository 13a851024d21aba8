import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { NormalisedResult } from '../../results/normalised-result.ts';
import { compileRuleSet } from './compile.ts';
import { evaluate } from './evaluate.ts';
import { explain } from './explain.ts';
import { PROVENANCE_GRADES, type CodeSet, type ConclusionInput, type Fact, type FactValue } from './fact.ts';
import { OPEN_CODE } from './fact-builders.ts';
import { FACTS } from './facts.ts';
import { OPERATORS, type OperatorName } from './operators/index.ts';
import {
  DECISIONS,
  type Condition,
  type Decision,
  type Requirement,
  type Rule,
  type RuleSet,
} from './rule-set.ts';
import {
  aPulledResult,
  aResult,
  aWarning,
  CHECKED_AT,
  CHIP_BACK,
  CHIP_FRONT,
  PASSPORT,
} from './testing/conclusion-input.factory.ts';
import { aRequirement, aRule, aRuleSet, LEAST_REQUIREMENTS } from './testing/rule-set.factory.ts';
import { validateRuleSet } from './validate-rule-set.ts';

/**
 * "Never approve by absence", as laws. A *loss* takes legible values out of a result: a value, a whole section
 * or a whole list becomes null, as it does for absent, "" and "N/A". *Garbage* is what can't be understood: a
 * field that is listed as unreadable, a number off its scale, an unknown code.
 */
const RUNS = { numRuns: 500 };

// --- results: mostly good, so that approvals are common enough to be lost

/** Mostly what a good session has; now and then something else that can be read, or nothing. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T | null> {
  return fc.oneof(
    { arbitrary: fc.constant<T | null>(usual), weight: 12 },
    { arbitrary: fc.constantFrom<(T | null)[]>(...others, null), weight: 1 },
  );
}

const warning = fc
  .record({
    code: fc.constantFrom('FC03', 'QC01', 'E30', 'E00'),
    predictionResult: fc.constantFrom(0, 0, 1),
  })
  .map(({ code, predictionResult }) => aWarning(code, { predictionResult }));
const warnings = fc.array(warning, { maxLength: 3 });

const vendorConclusion = fc.record({
  decision: mostly(1, 2, 7),
  decisionMessage: mostly('APPROVE', 'NEED_REVIEW', 'SOMETHING_NEW'),
  riskLevel: mostly(0, 1),
  ruleTable: fc.option(
    fc.array(
      fc.record({
        groupCode: mostly('FC'),
        groupName: mostly('Fraud'),
        riskLevel: mostly(1),
        rules: fc.option(warnings, { freq: 10 }),
      }),
      { maxLength: 2 },
    ),
    { freq: 10 },
  ),
  ocrRetry: mostly(1, 9),
  faceRetry: mostly(1, 9),
});

const sides = fc.constantFrom(
  { front: {}, back: {} },
  { front: CHIP_FRONT, back: CHIP_BACK },
  { front: CHIP_FRONT, back: { ...CHIP_BACK, mrzDetails: { id: '036190000002', name: 'NGUYEN THI DAO' } } },
  { front: { type: 'old', typeNew: 'cmnd_09_front' }, back: { type: 'old_back', typeNew: 'old_back' } },
  { front: PASSPORT, back: null },
);

const inputs: fc.Arbitrary<ConclusionInput> = fc
  .record({
    grade: fc.constantFrom(...PROVENANCE_GRADES),
    sides,
    dates: fc.record({ dob: mostly('02/03/1990', '02/03/2015'), doe: mostly('02/03/2030', '02/03/2020') }),
    frontScore: mostly(99, 70),
    backScore: mostly(98, 70),
    backExpiry: mostly<string | null>(null, '02/03/2030', '02/03/2020'),
    overrides: fc.record({
      code: mostly('200', '303', '410'),
      ocrCode: mostly('200', '3'),
      liveness: fc.record({
        code: mostly('200', '301', '410'),
        isLive: mostly(true, false),
        spoofProbability: mostly(0.3, 0.5),
        isDeepfake: mostly<boolean | null>(null, false, true),
        deepfakeProbability: mostly<number | null>(null, 0.1, 0.9),
        needToReview: mostly<boolean | null>(null, false, true),
        warning: mostly<string | null>(null, 'Resolution of video is too low'),
      }),
      faceMatch: fc.record({
        code: mostly('200', '303', '408'),
        isMatch: mostly(true, false),
        similarity: mostly(95, 80, 79.9, 49),
        warning: mostly<string | null>(null, 'A warning'),
      }),
    }),
    pulled: fc.record({
      warnings: fc.option(warnings, { freq: 10 }),
      vendorConclusion: fc.option(vendorConclusion, { freq: 10 }),
    }),
  })
  .map(({ grade, sides: { front, back }, dates, frontScore, backScore, backExpiry, overrides, pulled }) => {
    const result = {
      ...overrides,
      front: {
        ...front,
        overallScore: frontScore,
        fields: { ...('fields' in front && front.fields), ...dates },
      },
      back: back === null ? null : { ...back, overallScore: backScore, fields: { doe: backExpiry } },
    };
    return {
      grade,
      checkedAt: CHECKED_AT,
      result: grade === 'CALLBACK_ONLY' ? aResult(result) : aPulledResult({ ...result, ...pulled }),
    };
  });

// --- losing and garbling

type Path = readonly string[];

/** Every place that a vendor's value stands in, and every section and list that may be missing as a whole. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [path];
  const inner = Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]));
  return NULLABLE.test(path.join('.')) ? [path, ...inner] : inner;
}
const NULLABLE =
  /^(ocr\.warnings|vendorConclusion|vendorConclusion\.ruleTable(\.\d+\.rules)?|ocr\.documents\.\d+\.mrzDetails)$/;

function placesOfResult(result: NormalisedResult): Path[] {
  return placesOf(result).filter(([first]) => first !== 'uuid' && first !== 'unreadable');
}

function replaceAt<T>(root: T, path: Path, value: unknown): T {
  const [name, ...rest] = path;
  if (name === undefined) return value as T;
  const copy = (Array.isArray(root) ? [...(root as unknown[])] : { ...root }) as Record<string, unknown>;
  copy[name] = replaceAt(copy[name], rest, value);
  return copy as T;
}

/** An input, and the same with some legible values lost. */
const losses = (may: (place: string, input: ConclusionInput) => boolean = () => true) =>
  inputs.chain((input) => {
    const places = placesOfResult(input.result).filter((place) => may(place.join('.'), input));
    const whole = places.filter((place) => NULLABLE.test(place.join('.')));
    return fc
      .oneof(
        fc.subarray(places, { minLength: 1, maxLength: 6 }),
        fc.subarray(whole, { maxLength: Math.min(1, whole.length) }),
      )
      .map((lost) => {
        // Inner places first: once a list is gone, nothing in it can be lost any more.
        const deepestFirst = lost.toSorted((a, b) => b.length - a.length);
        const result = deepestFirst.reduce((left, place) => replaceAt(left, place, null), input.result);
        return { before: input, after: { ...input, result }, lost: lost.map((place) => place.join('.')) };
      });
  });

const garbled = inputs.chain((input) => {
  const garbage = (place: Path): unknown => {
    const name = place.at(-1);
    if (name === 'code' || name === 'typeNew' || name === 'type') return 'ZZ99';
    if (name === 'predictionResult') return 2;
    if (name === 'decisionMessage') return 'yes, mostly';
    return name === 'similarity' || name?.endsWith('Probability') === true || name === 'overallScore'
      ? 9_999
      : undefined;
  };
  const fired = (place: Path) => place.at(-2) !== undefined && !/^\d+$/.test(place.at(-2)!);
  const places = placesOfResult(input.result).filter(
    (place) =>
      place.at(-1) === 'predictionResult' ||
      (garbage(place) !== undefined && (fired(place) || place.at(-1) !== 'code')),
  );
  return fc.oneof(
    fc
      .constantFrom(...places)
      .map((place) => ({ ...input, result: replaceAt(input.result, place, garbage(place)) })),
    fc.constantFrom(...placesOfResult(input.result)).map((place) => ({
      ...input,
      result: { ...replaceAt(input.result, place, null), unreadable: [place.join('.')] },
    })),
  );
});

// --- rule sets: anything that can be validated, sensible or not

const LIVELY = /^(warnings|vendor|faceMatch|liveness|holder)\.|Agrees$|daysUntilExpiry$|typeNew$/;

/** Facts whose values differ among the results; those that losses reach by whole lists come up more often. */
const facts = fc.oneof(
  { arbitrary: fc.constantFrom(...FACTS.values()), weight: 3 },
  { arbitrary: fc.constantFrom(...[...FACTS.values()].filter(({ name }) => LIVELY.test(name))), weight: 6 },
);

const LIKELY_CODES = '200 303 FC03 QC01 E30 E00 AGREED CALLBACK_ONLY cccd_chip_front new_back'.split(' ');

/** Made once for each fact, because making them costs more than drawing from them. */
const comparisons = new Map([...FACTS].map(([name, fact]) => [name, comparisonOf(fact)]));
const comparison: fc.Arbitrary<Condition> = facts.chain(({ name }) => comparisons.get(name)!);

function comparisonOf(fact: Fact): fc.Arbitrary<Condition> {
  const names = (Object.keys(OPERATORS) as OperatorName[]).filter((name) =>
    (OPERATORS[name].reads as readonly string[]).includes(fact.type),
  );
  const one = operandOf(fact);
  return fc.oneof(
    ...names.map((op): fc.Arbitrary<Condition> => {
      const { operand } = OPERATORS[op];
      if (operand === 'none') return fc.constant({ fact: fact.name, op });
      const value = operand === 'one' ? one : fc.array(one, { minLength: 1, maxLength: 3 });
      return value.map((chosen) => ({ fact: fact.name, op, value: chosen }));
    }),
  );
}

/** Mostly operands near the values that results have, so that comparisons go both ways; else any allowed. */
function operandOf(fact: Fact): fc.Arbitrary<number | boolean | string> {
  const { type, scale, vocabulary } = fact;
  if (type === 'boolean') return fc.boolean();
  if (type === 'number') {
    const { min, max } = scale!;
    const likely = [0, 0.3, 0.5, 1, 2, 18, 35, 80, 95, 99].filter((value) => value >= min && value <= max);
    return mostlyOf(likely, fc.double({ min, max, noNaN: true }));
  }
  const codes = vocabulary?.filter((code) => LIKELY_CODES.includes(code)) ?? ['APPROVE', 'NEED_REVIEW'];
  return mostlyOf(codes, vocabulary === null ? fc.stringMatching(OPEN_CODE) : fc.constantFrom(...vocabulary));
}

function mostlyOf<T>(likely: readonly T[], other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...likely), weight: likely.length > 0 ? 4 : 0 },
    { arbitrary: other, weight: 1 },
  );
}

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    comparison,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((term) => ({ not: term })),
  ),
}));

function factsOf(node: Condition): string[] {
  if ('all' in node) return node.all.flatMap(factsOf);
  if ('any' in node) return node.any.flatMap(factsOf);
  return 'not' in node ? factsOf(node.not) : [node.fact];
}

const rule = fc
  .record({
    when: condition,
    outcome: fc.constantFrom('NEED_REVIEW', 'REJECT'),
    onUnknown: fc.constantFrom('NEED_REVIEW', 'REJECT', 'IGNORE'),
    riskLevel: fc.constantFrom(1, 2, 3),
    effective: mostly<Pick<Rule, 'effectiveFrom' | 'effectiveUntil'>>(
      {},
      { effectiveFrom: '2025-03-01' },
      { effectiveFrom: '2025-03-02' },
      { effectiveUntil: '2025-02-28' },
      { effectiveFrom: '2025-02-01', effectiveUntil: '2025-03-01' },
    ),
  })
  .map(({ when, onUnknown, effective, ...others }): Partial<Rule> => {
    const rest = { ...others, ...effective };
    const mayBeMissing = factsOf(when).every((name) => FACTS.get(name)!.normallyAbsent !== null);
    if (onUnknown !== 'IGNORE') return { when, onUnknown, ...rest };
    return mayBeMissing
      ? { when, onUnknown, absenceReason: 'Documented.', ...rest }
      : { when, onUnknown: 'NEED_REVIEW', ...rest };
  });

const requiring = (...names: string[]) => fc.constantFrom(...names).chain((name) => comparisons.get(name)!);

/** What every rule set has to require, in any form in which validation lets it through. */
const leastRequirements: fc.Arbitrary<readonly Requirement[]> = fc.oneof(
  { arbitrary: fc.constant(LEAST_REQUIREMENTS), weight: 3 },
  {
    arbitrary: fc
      .tuple(
        fc.tuple(
          requiring('faceMatch.similarity', 'faceMatch.isMatch'),
          requiring('liveness.isLive'),
          requiring('ocr.code'),
          requiring('result.understood'),
        ),
        fc.boolean(),
      )
      .map(([conditions, together]) =>
        together
          ? [aRequirement('ALL', { all: [{ all: conditions }] })]
          : conditions.map((each, index) => aRequirement(`R${index}`, each)),
      ),
    weight: 1,
  },
);

const ruleSets: fc.Arbitrary<RuleSet> = fc
  .record({
    rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
    least: leastRequirements,
    required: fc.array(condition, { maxLength: 1 }),
    byParameters: fc.boolean(),
  })
  .map(({ rules, least, required, byParameters }) => {
    const ruleSet = aRuleSet(
      rules.map((overrides, index) => aRule(`R${index}`, overrides)),
      {
        approveRequires: [...least, ...required.map((extra, index) => aRequirement(`EXTRA${index}`, extra))],
      },
    );
    return byParameters ? withParameters(ruleSet) : ruleSet;
  });

/** The same rule set with a parameter in place of each operand. */
function withParameters(ruleSet: RuleSet): RuleSet {
  const parameters: Record<string, RuleSet['parameters'][string]> = {};
  const named = (node: Condition): Condition => {
    if ('all' in node) return { all: node.all.map(named) };
    if ('any' in node) return { any: node.any.map(named) };
    if ('not' in node) return { not: named(node.not) };
    const { value, ...others } = node;
    if (value === undefined) return node;
    const param = `p${Object.keys(parameters).length}`;
    parameters[param] = { value, reason: 'For a test.' };
    return { ...others, param };
  };
  const rules = ruleSet.rules.map((each) => ({ ...each, when: named(each.when) }));
  const approveRequires = ruleSet.approveRequires.map((each) => ({
    ...each,
    condition: named(each.condition),
  }));
  return { ...ruleSet, rules, approveRequires, parameters };
}

const DEFAULT = compileRuleSet(validated(JSON.parse(readFileSync('config/rule-sets/default.json', 'utf8'))));

function validated(document: unknown): RuleSet {
  const validation = validateRuleSet(document);
  if (!validation.ok) throw new Error(JSON.stringify(validation.errors));
  return validation.ruleSet;
}

const decide = (ruleSet: RuleSet, input: ConclusionInput): Decision =>
  evaluate(compileRuleSet(ruleSet), input).decision;
const decideByDefault = (input: ConclusionInput): Decision => evaluate(DEFAULT, input).decision;
const strictness = (decision: Decision) => DECISIONS.indexOf(decision);
const isUnderstood = (input: ConclusionInput) => FACTS.get('result.understood')!.read(input) === true;

describe('the tests of absence themselves', () => {
  it('make rule sets that are valid', () => {
    fc.assert(
      fc.property(ruleSets, (ruleSet) => {
        expect(validateRuleSet(ruleSet)).toEqual({ ok: true, ruleSet });
      }),
      RUNS,
    );
  });

  it('make approvals, rejections and reviews often enough to mean something', () => {
    const seen = { APPROVE: 0, NEED_REVIEW: 0, REJECT: 0 };
    const both = fc.sample(fc.tuple(ruleSets, inputs), { numRuns: 1_000, seed: 1 });
    for (const [ruleSet, input] of both) seen[decide(ruleSet, input)] += 1;
    for (const input of fc.sample(inputs, { numRuns: 1_000, seed: 1 })) seen[decideByDefault(input)] += 1;
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(150);
  });
});

describe('facts', () => {
  it('keep their value or lose it, but never take another, when values are lost', () => {
    fc.assert(
      fc.property(losses(), ({ before, after }) => {
        fc.pre(isUnderstood(after));
        for (const fact of FACTS.values()) {
          const [was, is] = [fact.read(before), fact.read(after)];
          if (is !== null && !isPartOf(is, was)) throw new Error(`${fact.name} took another value`);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  function isPartOf(is: FactValue, was: FactValue | null): boolean {
    if (typeof is !== 'object') return is === was;
    const set = was as CodeSet;
    const isSame = JSON.stringify(is) === JSON.stringify(was);
    return isSame || (!is.complete && is.codes.every((code) => set.codes.includes(code)));
  }
});

describe('for every rule set and every result', () => {
  it('garbage never leads to approval', () => {
    fc.assert(
      fc.property(ruleSets, garbled, (ruleSet, input) => {
        expect(decide(ruleSet, input)).not.toBe('APPROVE');
      }),
      RUNS,
    );
  });

  it('loss turns no rule around: it answers as before, or it can not tell', () => {
    fc.assert(
      fc.property(ruleSets, losses(), (ruleSet, { before, after }) => {
        fc.pre(isUnderstood(after));
        const compiled = compileRuleSet(ruleSet);
        const answers = explain(compiled, before);
        for (const [index, { outcome }] of explain(compiled, after).entries()) {
          expect([answers[index]!.outcome, 'CANNOT_TELL']).toContain(outcome);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('loss never turns another decision into approval, but where the rule set itself ignores that loss', () => {
    fc.assert(
      fc.property(ruleSets, losses(), (ruleSet, { before, after }) => {
        const compiled = compileRuleSet(ruleSet);
        if (evaluate(compiled, after).decision !== 'APPROVE') return;
        const ignoring = ruleSet.rules.filter(({ onUnknown }) => onUnknown === 'IGNORE');
        for (const { code, effect } of explain(compiled, before)) {
          if (effect !== null) expect(ignoring.map((ignored) => ignored.code)).toContain(code);
        }
      }),
      { numRuns: 2_500 },
    );
  });

  it('loss weakens no decision at all where every rule is as strict about absence as about its finding', () => {
    const strict = (ruleSet: RuleSet): RuleSet => ({
      ...ruleSet,
      rules: ruleSet.rules.map(({ absenceReason: _, ...each }) => ({ ...each, onUnknown: each.outcome })),
    });
    fc.assert(
      fc.property(ruleSets.map(strict), losses(), (ruleSet, { before, after }) => {
        fc.pre(isUnderstood(after));
        expect(strictness(decide(ruleSet, after))).toBeGreaterThanOrEqual(
          strictness(decide(ruleSet, before)),
        );
      }),
      { numRuns: 1_500 },
    );
  });

  it('nothing is approved without a face comparison, a liveness verdict and an OCR status', () => {
    fc.assert(
      fc.property(ruleSets, inputs, fc.constantFrom('face', 'live', 'ocr'), (ruleSet, input, missing) => {
        const { faceMatch, liveness, ocr } = input.result;
        const result = {
          ...input.result,
          ...(missing === 'face' && { faceMatch: { ...faceMatch, similarity: null, isMatch: null } }),
          ...(missing === 'live' && { liveness: { ...liveness, isLive: null } }),
          ...(missing === 'ocr' && { ocr: { ...ocr, code: null } }),
        };
        expect(decide(ruleSet, { ...input, result })).not.toBe('APPROVE');
      }),
      RUNS,
    );
  });

  it('the same input gives the same conclusion, in whatever order the rules stand', () => {
    const shuffled = ruleSets.chain((ruleSet) =>
      fc.record({
        ruleSet: fc.constant(ruleSet),
        rules: fc.shuffledSubarray([...ruleSet.rules], { minLength: ruleSet.rules.length }),
        approveRequires: fc.shuffledSubarray([...ruleSet.approveRequires], {
          minLength: ruleSet.approveRequires.length,
        }),
      }),
    );
    fc.assert(
      fc.property(shuffled, inputs, ({ ruleSet, rules, approveRequires }, input) => {
        const compiled = compileRuleSet(ruleSet);
        const conclusion = evaluate(compiled, input);
        expect(evaluate(compiled, structuredClone(input))).toEqual(conclusion);
        const other = evaluate(compileRuleSet({ ...ruleSet, rules, approveRequires }), input);
        expect({ ...other, ruleSetVersion: conclusion.ruleSetVersion }).toEqual(conclusion);
      }),
      RUNS,
    );
  });
});

describe('for the default rule set', () => {
  /**
   * Missing normally, and nothing else in a result tells a lost value from one that was never sent: the samples
   * lack them in good sessions too.
   */
  const UNNOTICED =
    /^(liveness\.(isDeepfake|deepfakeProbability|needToReview|warning)|faceMatch\.warning|ocr\.documents\.1\.(mrzDetails.*|fields\.doe\.value))$/;

  it('no loss turns another decision into approval, save of what good sessions lack as well', () => {
    fc.assert(
      fc.property(
        losses((place) => !UNNOTICED.test(place)),
        ({ before, after }) => {
          if (decideByDefault(before) !== 'APPROVE') expect(decideByDefault(after)).not.toBe('APPROVE');
        },
      ),
      { numRuns: 2_500 },
    );
  });

  it('garbage never leads to approval', () => {
    fc.assert(
      fc.property(garbled, (input) => {
        expect(decideByDefault(input)).not.toBe('APPROVE');
      }),
      RUNS,
    );
  });

  it('a pulled result is approved only with all of these', () => {
    const good = { result: aPulledResult(), grade: 'AGREED' as const, checkedAt: CHECKED_AT };
    expect(decideByDefault(good)).toBe('APPROVE');
    const needed = placesOfResult(good.result).filter(
      (place) => decideByDefault({ ...good, result: replaceAt(good.result, place, null) }) !== 'APPROVE',
    );
    expect(needed.map((place) => place.join('.')).sort()).toEqual([
      'code',
      'faceMatch.code',
      'faceMatch.isMatch',
      'faceMatch.similarity',
      'liveness.code',
      'liveness.isLive',
      'liveness.spoofProbability',
      'ocr.code',
      'ocr.documents.0.fields.dob.value',
      'ocr.documents.0.fields.doe.value',
      'ocr.documents.0.fields.id.value',
      'ocr.documents.0.fields.name.value',
      'ocr.documents.0.overallScore',
      'ocr.documents.0.typeNew',
      'ocr.documents.1.overallScore',
      'ocr.documents.1.typeNew',
      'ocr.warnings',
      'vendorConclusion',
      'vendorConclusion.decision',
      'vendorConclusion.decisionMessage',
      'vendorConclusion.ruleTable',
    ]);
  });
});
