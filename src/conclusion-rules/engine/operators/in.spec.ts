import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE } from '../kleene.ts';
import { isIn } from './in.ts';

describe('operator in', () => {
  it.each([
    ['303', TRUE],
    ['200', FALSE],
    ['30', FALSE],
  ])('%p in 301, 303 answers %d', (value, answer) => {
    expect(isIn.compare(value, ['301', '303'])).toBe(answer);
  });

  it('keeps numbers and texts apart', () => {
    expect(isIn.compare(303, ['303'])).toBe(FALSE);
    expect(isIn.compare(303, [303])).toBe(TRUE);
  });

  it('reads as words, and the opposite does', () => {
    expect(isIn.describe(['301', '303'], false)).toBe('one of 301, 303');
    expect(isIn.describe(['301', '303'], true)).toBe('none of 301, 303');
  });
});
