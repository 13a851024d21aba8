import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { atMost } from './at-most.ts';

describe('operator atMost', () => {
  it.each([
    [0.49, TRUE],
    [0.5, TRUE],
    [0.51, FALSE],
  ])('%d at most 0.5 answers %d', (value, answer) => {
    expect(atMost.compare(value, 0.5)).toBe(answer);
  });

  it('reads as words, and the opposite does', () => {
    expect(atMost.describe(0.5, false)).toBe('at most 0.5');
    expect(atMost.describe(0.5, true)).toBe('above 0.5');
  });
});
