import { FALSE, TRUE, UNKNOWN } from '../kleene.ts';
import { inWords, type Operator } from './operator.ts';

/**
 * At least one of these codes is in the set. Where none is and the set isn't complete, nobody can tell: the
 * code may be among those that are missing.
 */
export const containsAny: Operator = {
  operand: 'many',
  reads: ['codes'],
  compare: (value, list) => {
    if (typeof value !== 'object' || !Array.isArray(list)) return UNKNOWN;
    const { codes } = value;
    if (list.some((code) => typeof code === 'string' && codes.includes(code))) return TRUE;
    return value.complete ? FALSE : UNKNOWN;
  },
  describe: (list, negated) => {
    const codes = inWords(list);
    if (Array.isArray(list) && list.length === 1) return negated ? `not ${codes}` : codes;
    return `${negated ? 'none' : 'any'} of ${codes}`;
  },
};
