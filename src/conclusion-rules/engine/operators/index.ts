import { atLeast } from './at-least.ts';
import { atMost } from './at-most.ts';
import { containsAny } from './contains-any.ts';
import { equals } from './equals.ts';
import { greaterThan } from './greater-than.ts';
import { isIn } from './in.ts';
import { isPresent } from './is-present.ts';
import { lessThan } from './less-than.ts';
import type { Operator } from './operator.ts';

/** Every operator under the name that rule sets use. */
export const OPERATORS = {
  atLeast,
  atMost,
  containsAny,
  equals,
  greaterThan,
  in: isIn,
  isPresent,
  lessThan,
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;
