import type { FactType, FactValue } from '../fact.ts';
import type { Ternary } from '../kleene.ts';

export type OperandValue = number | boolean | string;
/** What a condition compares with: nothing, one value, or a list of values. */
export type Operand = null | OperandValue | readonly OperandValue[];

/**
 * Compares the value of a fact with an operand. There is no operator for text and no pattern: rules come from
 * people, and a pattern can be written that never ends.
 *
 * The engine asks only where the fact has a value; without one every operator answers UNKNOWN. Both methods
 * MUST be total, and `compare` MUST NOT turn an answer around when a code set loses codes and completeness.
 */
export interface Operator {
  readonly operand: 'none' | 'one' | 'many';
  /** The types of fact it can read. Its operand is of the same type; for `codes` the operand holds codes. */
  readonly reads: readonly FactType[];
  compare(value: FactValue, operand: Operand): Ternary;
  /** The condition in words, such as "at least 80", or what it rules out: "below 80". */
  describe(operand: Operand, negated: boolean): string;
}

export function inWords(operand: Operand): string {
  return Array.isArray(operand) ? operand.join(', ') : String(operand);
}
