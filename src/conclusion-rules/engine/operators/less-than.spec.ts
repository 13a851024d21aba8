import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { lessThan } from './less-than.ts';

describe('operator lessThan', () => {
  it.each([
    [79.99, TRUE],
    [80, FALSE],
    [80.01, FALSE],
  ])('%d less than 80 answers %d', (value, answer) => {
    expect(lessThan.compare(value, 80)).toBe(answer);
  });

  it('reads as words, and the opposite does', () => {
    expect(lessThan.describe(80, false)).toBe('below 80');
    expect(lessThan.describe(80, true)).toBe('at least 80');
  });
});
