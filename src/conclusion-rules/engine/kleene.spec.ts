import { describe, expect, it } from '@jest/globals';

import * as kleene from './kleene.ts';
import { FALSE, fromBoolean, not, TRUE, UNKNOWN, type Ternary } from './kleene.ts';

/** Each answer by a test that gives it. */
const testsFor = (answers: readonly Ternary[]) => answers.map((answer) => () => answer);
const all = (answers: readonly Ternary[]) => kleene.all(testsFor(answers), null);
const any = (answers: readonly Ternary[]) => kleene.any(testsFor(answers), null);

const VALUES: readonly Ternary[] = [FALSE, UNKNOWN, TRUE];

describe('three-valued logic', () => {
  it('agrees with two-valued logic where everything is known', () => {
    for (const a of [true, false]) {
      for (const b of [true, false]) {
        expect(all([fromBoolean(a), fromBoolean(b)])).toBe(fromBoolean(a && b));
        expect(any([fromBoolean(a), fromBoolean(b)])).toBe(fromBoolean(a || b));
      }
      expect(not(fromBoolean(a))).toBe(fromBoolean(!a));
    }
  });

  it('can tell without knowing everything: one FALSE settles all, one TRUE settles any', () => {
    expect(all([UNKNOWN, FALSE])).toBe(FALSE);
    expect(any([UNKNOWN, TRUE])).toBe(TRUE);
    expect(all([UNKNOWN, TRUE])).toBe(UNKNOWN);
    expect(any([UNKNOWN, FALSE])).toBe(UNKNOWN);
    expect(not(UNKNOWN)).toBe(UNKNOWN);
  });

  it('has all hold and any not hold for no terms', () => {
    expect(all([])).toBe(TRUE);
    expect(any([])).toBe(FALSE);
  });

  it('never turns an answer around when a term becomes unknown', () => {
    for (const a of VALUES) {
      for (const b of VALUES) {
        expect([all([a, b]), UNKNOWN]).toContain(all([a, UNKNOWN]));
        expect([any([a, b]), UNKNOWN]).toContain(any([a, UNKNOWN]));
      }
    }
  });

  it('is the same in every order, and not distributes as De Morgan says', () => {
    for (const a of VALUES) {
      for (const b of VALUES) {
        expect(all([a, b])).toBe(all([b, a]));
        expect(any([a, b])).toBe(any([b, a]));
        expect(not(all([a, b]))).toBe(any([not(a), not(b)]));
      }
    }
  });
});
