import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson, type Json } from './canonical-json.ts';

describe(canonicalJson.name, () => {
  it('writes what the reference implementation writes, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(canonicalJson(value as Json)).toBe(canonicalize(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('orders names however many there are', () => {
    const name = fc.string({ unit: 'binary', maxLength: 3 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(name, fc.constant(0), { maxKeys: 80, size: 'max' }), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });

  it('orders names by UTF-16 code units, integer-like ones and __proto__ included', () => {
    const value = JSON.parse(
      '{"\u20ac":1,"\ud83d\ude00":2,"\ufb33":3,"10":4,"9":5,"":6,"__proto__":7,"A":8}',
    ) as Json;
    expect(canonicalJson(value)).toBe(
      '{"":6,"10":4,"9":5,"A":8,"__proto__":7,"\u20ac":1,"\ud83d\ude00":2,"\ufb33":3}',
    );
  });

  it.each<[Json, string]>([
    [-0, '0'],
    [1e21, '1e+21'],
    [0.000001, '0.000001'],
    [333333333.33333329, '333333333.3333333'],
    ['\u20ac$\u000f\nA\'B"\\/', '"\u20ac$\\u000f\\nA\'B\\"\\\\/"'],
    [{ left: undefined, b: [], a: {} }, '{"a":{},"b":[]}'],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each<[string, unknown]>([
    ['NaN', NaN],
    ['Infinity', { a: [Infinity] }],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['a function', { a: () => 1 }],
    ['a bigint', 1n],
    ['nothing', undefined],
    ['nothing in a list', [undefined]],
  ])('has no text for %s', (_, value) => {
    expect(() => canonicalJson(value as Json)).toThrow(TypeError);
  });
});
