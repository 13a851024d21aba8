import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { firstDifference } from './first-difference.ts';

describe(firstDifference.name, () => {
  it('finds none exactly where the canonical JSON is the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        // A round trip makes 0 of -0, which JSON doesn't know.
        const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
        const [first, second, same] = [asJson(a), asJson(b), asJson(a)];
        expect(firstDifference(first, same)).toBeNull();
        expect(firstDifference(first, second) === null).toBe(canonicalize(first) === canonicalize(second));
      }),
    );
  });

  it.each([
    [{ a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 3 }] }, 'b.1.c', 2, 3],
    [{ a: 1 }, { a: 1, b: 2 }, 'b', undefined, 2],
    [[1, 2], [1], '1', 2, undefined],
    [{ a: [] }, { a: {} }, 'a', [], {}],
    [1, 2, '', 1, 2],
    [{ a: null }, { a: {} }, 'a', null, {}],
  ])('of %j and %j is at %s', (a, b, path, recorded, replayed) => {
    expect(firstDifference(a, b)).toEqual({ path, recorded, replayed });
  });
});
