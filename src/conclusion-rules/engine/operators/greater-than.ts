import { fromBoolean } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/** The number is above the bound, not on it. */
export const greaterThan: Operator = {
  operand: 'one',
  reads: ['number'],
  compare: (value, bound) =>
    fromBoolean(typeof value === 'number' && typeof bound === 'number' && value > bound),
  describe: (bound, negated) => (negated ? `at most ${inWords(bound)}` : `above ${inWords(bound)}`),
};
