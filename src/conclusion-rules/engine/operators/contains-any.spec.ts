import { describe, expect, it } from '@jest/globals';

import { FALSE, TRUE, UNKNOWN } from '../kleene.ts';
import { containsAny } from './contains-any.ts';

describe('operator containsAny', () => {
  const codes = ['FC03', 'QC01'];

  it('holds as soon as one of the codes is there, even in an incomplete set', () => {
    expect(containsAny.compare({ codes, complete: true }, ['E30', 'QC01'])).toBe(TRUE);
    expect(containsAny.compare({ codes, complete: false }, ['E30', 'QC01'])).toBe(TRUE);
  });

  it('does not hold where none of the codes is in a complete set', () => {
    expect(containsAny.compare({ codes, complete: true }, ['E30'])).toBe(FALSE);
    expect(containsAny.compare({ codes: [], complete: true }, ['E30'])).toBe(FALSE);
  });

  it('can not tell where the code may be among those that are missing', () => {
    expect(containsAny.compare({ codes, complete: false }, ['E30'])).toBe(UNKNOWN);
  });

  it('reads as words, and the opposite does', () => {
    expect(containsAny.describe(['E30'], false)).toBe('E30');
    expect(containsAny.describe(['E30'], true)).toBe('not E30');
    expect(containsAny.describe(['E10', 'E23'], false)).toBe('any of E10, E23');
    expect(containsAny.describe(['E10', 'E23'], true)).toBe('none of E10, E23');
  });
});
