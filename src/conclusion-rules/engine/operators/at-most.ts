import { fromBoolean } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/** The number is the bound or below. */
export const atMost: Operator = {
  operand: 'one',
  reads: ['number'],
  compare: (value, bound) =>
    fromBoolean(typeof value === 'number' && typeof bound === 'number' && value <= bound),
  describe: (bound, negated) => (negated ? `above ${inWords(bound)}` : `at most ${inWords(bound)}`),
};
