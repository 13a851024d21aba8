import type { CompiledRuleSet } from './compile.ts';
import { dayOfCheck, isInForce } from './evaluate.ts';
import type { ConclusionInput } from './fact.ts';
import type { OperatorName } from './operators/index.ts';
import { PERCENT, PROBABILITY } from './scales.ts';

/** A bound that a score lies next to. Scores are no personal data. */
export interface NearestThreshold {
  readonly ruleCode: string;
  readonly fact: string;
  readonly observed: number;
  readonly bound: number;
  /** In the unit of the fact: percent or probability. */
  readonly distance: number;
}

const THRESHOLDS: ReadonlySet<OperatorName> = new Set(['atLeast', 'atMost', 'greaterThan', 'lessThan']);

/**
 * The bound of the set that a score of this result lies next to, measured by the score's scale; null if no rule in
 * force compares a score that the result has. It tells how little was missing for another decision.
 */
export function nearestThreshold(compiled: CompiledRuleSet, input: ConclusionInput): NearestThreshold | null {
  const today = dayOfCheck(input);
  let nearest: NearestThreshold | null = null;
  let least = Infinity;
  for (const rule of compiled.rules) {
    if (!isInForce(rule, today)) continue;
    for (const { fact, op, operand } of rule.comparisons) {
      const isScore = fact.scale === PERCENT || fact.scale === PROBABILITY;
      if (!isScore || fact.personal || !THRESHOLDS.has(op) || typeof operand !== 'number') continue;
      const observed = fact.read(input);
      if (typeof observed !== 'number') continue;
      // Without the tail that subtracting decimals leaves.
      const distance = Number(Math.abs(observed - operand).toPrecision(12));
      const relative = distance / (fact.scale.max - fact.scale.min);
      if (relative >= least) continue;
      least = relative;
      nearest = { ruleCode: rule.code, fact: fact.name, observed, bound: operand, distance };
    }
  }
  return nearest;
}
