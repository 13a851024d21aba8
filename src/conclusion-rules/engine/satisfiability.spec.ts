import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileRuleSet } from './compile.ts';
import { FALSE, TRUE } from './kleene.ts';
import type { Condition } from './rule-set.ts';
import { ValueSearch, wanted } from './satisfiability.ts';
import { aPull } from './testing/conclusion-input.factory.ts';
import { aRule, aRuleSet } from './testing/rule-set.factory.ts';

const STEPS = 10_000;

const similarity = (op: 'atLeast' | 'atMost' | 'lessThan' | 'greaterThan' | 'equals', value: number) =>
  ({ fact: 'faceMatch.similarity', op, value }) as const;

const comparisons = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('atLeast', 'atMost', 'lessThan', 'greaterThan', 'equals'),
      fc.constantFrom(0, 20, 50, 100),
    )
    .map(([op, value]): Condition => similarity(op, value)),
  fc
    .constantFrom('200', '500', 'E101')
    .map((value): Condition => ({ fact: 'ocr.code', op: 'equals', value })),
  fc.boolean().map((value): Condition => ({ fact: 'liveness.isLive', op: 'equals', value })),
  fc.constantFrom('FC01', 'E10').map((code): Condition => ({
    fact: 'warnings.fired',
    op: 'containsAny',
    value: [code],
  })),
);

const conditions = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    comparisons,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all): Condition => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any): Condition => ({ any })),
    tie('condition').map((not): Condition => ({ not })),
  ),
})).condition;

const inputs = fc
  .record({
    similarity: fc.constantFrom(null, 0, 10, 20, 35, 50, 80, 100),
    ocrCode: fc.constantFrom(null, '200', '500', 'E101'),
    isLive: fc.constantFrom(null, true, false),
    warnings: fc.subarray(['FC01', 'E10']),
  })
  .map(({ similarity, ocrCode, isLive, warnings }) =>
    aPull({
      faceMatch: { similarity },
      liveness: { isLive },
      ocrCode,
      warnings: warnings.map((code) => ({
        code,
        message: null,
        predictionResult: 1,
        riskLevel: 1,
        confidentScore: null,
        count: 1,
      })),
    }),
  );

describe(ValueSearch.name, () => {
  it('never rules out what some result does', () => {
    fc.assert(
      fc.property(conditions, inputs, (when, input) => {
        const compiled = compileRuleSet(aRuleSet([aRule('R', { when })]));
        const answer = compiled.rules[0]!.test(compiled.facts.map((fact) => fact.read(input)));
        for (const [ternary, isTrue] of [[TRUE, true] as const, [FALSE, false] as const]) {
          const search = new ValueSearch(STEPS);
          const possible = search.isSatisfiable([wanted(when, isTrue, {}, 'NEVER')]);
          expect(answer === ternary && !possible).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('claims nothing once its steps are used up', () => {
    const outside: Condition = { any: [similarity('lessThan', 20), similarity('greaterThan', 80)] };
    const inside: Condition = {
      any: [
        { all: [similarity('atLeast', 20), similarity('atMost', 50)] },
        { all: [similarity('atLeast', 50), similarity('atMost', 80)] },
      ],
    };
    const all = [outside, inside].map((condition) => wanted(condition, true, {}, 'NEVER'));
    expect(new ValueSearch(STEPS).isSatisfiable(all)).toBe(false);
    expect(new ValueSearch(3).isSatisfiable(all)).toBe(true);
  });
});
