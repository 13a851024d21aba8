import { TRUE } from '../kleene.ts';
import type { Operator } from './operator.ts';

/**
 * There is a value. Never FALSE: a value that isn't there is unknown, as for every other operator. So a rule
 * against absence says `not isPresent` and gets its effect from `onUnknown`, and no rule can be met or passed
 * *because* something is missing.
 */
export const isPresent: Operator = {
  operand: 'none',
  reads: ['number', 'boolean', 'code', 'codes', 'presence'],
  compare: () => TRUE,
  describe: (_operand, negated) => (negated ? 'absent' : 'present'),
};
