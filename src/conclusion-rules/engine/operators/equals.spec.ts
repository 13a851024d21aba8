import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { equals } from './equals.ts';

describe('operator equals', () => {
  it.each([
    ['303', '303', TRUE],
    ['303', '0303', FALSE],
    ['NEED_REVIEW', 'need_review', FALSE],
    [true, true, TRUE],
    [false, true, FALSE],
    [2, 2, TRUE],
    [2, 3, FALSE],
  ])('%p equals %p answers %d', (value, expected, answer) => {
    expect(equals.compare(value, expected)).toBe(answer);
  });

  it('reads as words, and the opposite does', () => {
    expect(equals.describe('200', false)).toBe('200');
    expect(equals.describe('200', true)).toBe('not 200');
    expect(equals.describe(false, false)).toBe('false');
    expect(equals.describe(false, true)).toBe('true');
  });
});
