import { fromBoolean } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/** The number is below the bound, not on it. */
export const lessThan: Operator = {
  operand: 'one',
  reads: ['number'],
  compare: (value, bound) =>
    fromBoolean(typeof value === 'number' && typeof bound === 'number' && value < bound),
  describe: (bound, negated) => (negated ? `at least ${inWords(bound)}` : `below ${inWords(bound)}`),
};
