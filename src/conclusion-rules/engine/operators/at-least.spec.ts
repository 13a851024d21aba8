import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { atLeast } from './at-least.ts';

describe('operator atLeast', () => {
  it.each([
    [79.99, FALSE],
    [80, TRUE],
    [80.01, TRUE],
  ])('%d at least 80 answers %d', (value, answer) => {
    expect(atLeast.compare(value, 80)).toBe(answer);
  });

  it('reads as words, and the opposite does', () => {
    expect(atLeast.describe(80, false)).toBe('at least 80');
    expect(atLeast.describe(80, true)).toBe('below 80');
  });
});
