import { describe, expect, it } from '@jest/globals';

import { TRUE } from '../kleene.ts';
import { isPresent } from './is-present.ts';

describe('operator isPresent', () => {
  it.each([[false], [0], ['200'], [{ codes: [], complete: false }]])(
    'holds for %p: no value is told apart before any operator is asked',
    (value) => {
      expect(isPresent.compare(value, null)).toBe(TRUE);
    },
  );

  it('reads as words, and the opposite does', () => {
    expect(isPresent.describe(null, false)).toBe('present');
    expect(isPresent.describe(null, true)).toBe('absent');
  });
});
