import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { greaterThan } from './greater-than.ts';

describe('operator greaterThan', () => {
  it.each([
    [-1, FALSE],
    [0, FALSE],
    [1, TRUE],
  ])('%d greater than 0 answers %d', (value, answer) => {
    expect(greaterThan.compare(value, 0)).toBe(answer);
  });

  it('reads as words, and the opposite does', () => {
    expect(greaterThan.describe(0, false)).toBe('above 0');
    expect(greaterThan.describe(0, true)).toBe('at most 0');
  });
});
