import { fromBoolean } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/** The value is exactly this one; codes are compared letter by letter. */
export const equals: Operator = {
  operand: 'one',
  reads: ['number', 'boolean', 'code'],
  compare: (value, expected) => fromBoolean(value === expected),
  describe: (expected, negated) => {
    if (typeof expected === 'boolean') return String(expected !== negated);
    return negated ? `not ${inWords(expected)}` : inWords(expected);
  },
};
