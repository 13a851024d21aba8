import { fromBoolean } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/** The value is one of these. */
export const isIn: Operator = {
  operand: 'many',
  reads: ['number', 'code'],
  compare: (value, list) => fromBoolean(Array.isArray(list) && list.includes(value)),
  describe: (list, negated) => `${negated ? 'none' : 'one'} of ${inWords(list)}`,
};
