import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { canonicalResultBytes } from './canonical-result.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { readVendorBody } from './vendor-body.ts';

const SAMPLE = readFileSync(
  new URL('../../test/fixtures/vendor/get-result.sample.json', import.meta.url),
  'utf8',
);

const canonicalOf = (body: string, dataKey?: string): string => {
  const read = readVendorBody(Buffer.from(body), dataKey);
  if (!read.ok) throw new Error(read.reason);
  return canonicalResultBytes(read.result).toString();
};

const reversed = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, item]) => [name, reversed(item)] as const)
      .reverse(),
  );
};

/** An integer-like name always comes first in a JavaScript object, so its order can't be changed here. */
const anObject = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
  .map((members) => JSON.parse(JSON.stringify({ ...members, uuid: 'session-1' })) as JsonObject);

describe(canonicalResultBytes.name, () => {
  it('sorts members, drops white space and writes UTF-8', () => {
    expect(canonicalOf('{ "uuid" : "a", "b" : [1.50, {"d": "ễ", "c": null}], "B": -0 }')).toBe(
      '{"B":0,"b":[1.5,{"c":null,"d":"ễ"}],"uuid":"a"}',
    );
  });

  it('is the same for a delivery bare, wrapped, indented or with escapes', () => {
    const bare = canonicalOf(SAMPLE);

    expect(canonicalOf(JSON.stringify(JSON.parse(SAMPLE)))).toBe(bare);
    expect(canonicalOf(`\ufeff${SAMPLE}`)).toBe(bare);
    expect(canonicalOf(`{"branch":"HN-01","data":${SAMPLE}}`, 'data')).toBe(bare);
    expect(canonicalOf(JSON.stringify({ data: SAMPLE }), 'data')).toBe(bare);
    expect(canonicalOf(SAMPLE.replaceAll('ễ', '\\u1ec5'))).toBe(bare);
  });

  it('differs when any value differs', () => {
    expect(canonicalOf(SAMPLE.replace('"49.09"', '"49.10"'))).not.toBe(canonicalOf(SAMPLE));
    expect(canonicalOf(SAMPLE.replace('"49.09"', '49.09'))).not.toBe(canonicalOf(SAMPLE));
  });

  it('keeps members named __proto__, constructor and toJSON', () => {
    const body = '{"__proto__":{"a":1},"constructor":2,"toJSON":"x","uuid":"a"}';

    expect(canonicalOf(body)).toBe(body);
    expect(canonicalOf(body.replace('{"a":1}', '{"a":2}'))).not.toBe(canonicalOf(body));
  });

  it('does not depend on the order of members or on white space', () => {
    fc.assert(
      fc.property(anObject, (object) => {
        const canonical = canonicalOf(JSON.stringify(object));
        expect(canonicalOf(JSON.stringify(reversed(object), null, '\t'))).toBe(canonical);
        expect(canonicalOf(canonical)).toBe(canonical);
        expect(JSON.parse(canonical)).toEqual(object);
      }),
    );
  });
});
