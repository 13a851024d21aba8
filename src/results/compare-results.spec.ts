import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compareResults } from './compare-results.ts';
import { MAX_PATHS } from './field-paths.ts';
import type { JsonObject, JsonValue } from './json-text.ts';

const sample = (name: string): JsonObject =>
  JSON.parse(
    readFileSync(new URL(`../../test/fixtures/vendor/${name}.sample.json`, import.meta.url), 'utf8'),
  ) as JsonObject;

const anObject = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;

describe(compareResults.name, () => {
  it("finds the vendor's callback and pull samples in agreement", () => {
    expect(compareResults(sample('callback'), sample('get-result'))).toEqual([]);
  });

  it('names each differing field, sorted, and shows no value', () => {
    const callback = sample('callback');
    const pulled = JSON.parse(
      JSON.stringify(sample('get-result'))
        .replace('"49.09"', '"95.00"')
        .replace('Nguyễn Văn A', 'Trần Thị B')
        .replace('"is_live":"true"', '"is_live":"false"'),
    ) as JsonObject;

    expect(compareResults(callback, pulled)).toEqual([
      'face_match.similarity',
      'liveness.is_live',
      'ocr.data.0.name',
    ]);
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['a number as text', '49.09', 49.09],
    ['trailing zeros', '49.090', '49.09'],
    ['a whole number with a fraction of zero', '80.0', 80],
    ['zero', '0.00', 0],
    ['an integer code', '303', 303],
    ['a boolean as text', 'false', false],
    ['a boolean in capitals', 'True', 'true'],
    ['no value in two spellings', 'N/A', ''],
    ['no value as null', null, 'n/a'],
    ['a section not reached, spelled out in one copy', 'N/A', { x: 'N/A', y: [''] }],
    ['white space around', ' NAM', 'NAM'],
  ])('takes %s as equal', (_, a, b) => {
    expect(compareResults({ x: a }, { x: b })).toEqual([]);
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['a value and "N/A"', '49.09', 'N/A'],
    ['a value and ""', 'x', ''],
    ['a value and null', false, null],
    ['zero and no value', 0, 'N/A'],
    ['a section and "N/A"', { y: 'x' }, 'N/A'],
    ['false and 0', false, 0],
    ['true and 1', 'true', 1],
    ['identity numbers that differ in a leading zero', '079090001234', '79090001234'],
    ['identity numbers that are one double', '12345678901234567890', '12345678901234567891'],
    ['texts with a leading zero, which are no numbers', '05.10', '05.1'],
    ['a text and a list of it', 'x', ['x']],
    ['a text and an object', 'x', { y: 'x' }],
    ['a list and an object', ['x'], { '0': 'x' }],
    ['capitals in a text', 'NAM', 'nam'],
    ['an exponent', '1e2', '100'],
  ])('takes %s as different', (_, a, b) => {
    expect(compareResults({ x: a }, { x: b })).toEqual(['x']);
    expect(compareResults({ x: b }, { x: a })).toEqual(['x']);
  });

  it('does not take as a difference what only one copy has', () => {
    expect(
      compareResults({ uuid: 'a', liveness: { is_live: 'true' } }, { uuid: 'a', code: '200', liveness: {} }),
    ).toEqual([]);
  });

  it('takes an item more in a list as a difference, unless it is no value', () => {
    const lists = (a: JsonValue[], b: JsonValue[]) =>
      compareResults({ ocr: { data: a } }, { ocr: { data: b } });

    expect(lists([{ id: '1' }], [{ id: '1' }, { mrz: 'x' }])).toEqual(['ocr.data.1']);
    expect(lists(['a', 'b', 'c'], ['a'])).toEqual(['ocr.data.1', 'ocr.data.2']);
    expect(lists(['a', 'N/A', { x: '' }], ['a'])).toEqual([]);
  });

  it('leaves wording out, but compares the decision that is a word', () => {
    const copy = (text: string): JsonObject => ({
      message: text,
      face_match: { message: text, warning: text, verifyMessage: text },
      kyc_conclusion: { decision_message: text, rule_table: [{ rules: [{ warning_message: text }] }] },
    });

    expect(compareResults(copy('NEED_REVIEW'), copy('APPROVED'))).toEqual([
      'kyc_conclusion.decision_message',
    ]);
  });

  it('compares media addresses by presence, because they may be signed anew at each read', () => {
    const copy = (address: string): JsonObject => ({
      resources: { front: address },
      liveness: { video_face_url: address },
    });

    expect(compareResults(copy('https://a.example/1?sig=x'), copy('https://b.example/2?sig=y'))).toEqual([]);
    expect(compareResults(copy('https://a.example/1?sig=x'), copy('N/A'))).toEqual([
      'liveness.video_face_url',
      'resources.front',
    ]);
  });

  it('hides names that could carry personal data', () => {
    const copy = (value: string): JsonObject => ({
      'Nguyễn Văn A': { '079090001234': value },
      x: { 'a.b': value },
    });

    expect(compareResults(copy('1'), copy('2'))).toEqual(['*.*', 'x.*']);
  });

  it('compares members named __proto__ and constructor like any other, and no inherited ones', () => {
    const copy = (text: string) => JSON.parse(text) as JsonObject;

    expect(compareResults(copy('{"__proto__":{"a":1}}'), copy('{"__proto__":{"a":2}}'))).toEqual([
      '__proto__.a',
    ]);
    expect(compareResults(copy('{"constructor":1}'), copy('{}'))).toEqual([]);
  });

  it('caps the list, keeping the same paths whatever the order of members', () => {
    const names = Array.from({ length: MAX_PATHS * 2 }, (_, i) => `f${i}`);
    const copy = (order: string[], value: string) => Object.fromEntries(order.map((name) => [name, value]));

    const paths = compareResults(copy(names, 'a'), copy(names, 'b'));
    expect(paths).toHaveLength(MAX_PATHS);
    expect(compareResults(copy(names.toReversed(), 'a'), copy(names, 'b'))).toEqual(paths);
  });

  it('finds no difference between a result and itself', () => {
    fc.assert(
      fc.property(anObject, (result) => {
        expect(compareResults(result, result)).toEqual([]);
      }),
    );
  });

  it('gives the same answer whichever copy comes first', () => {
    fc.assert(
      fc.property(anObject, anObject, fc.jsonValue(), fc.jsonValue(), (a, b, x, y) => {
        const first = { ...a, x } as JsonObject;
        const second = { ...b, x: y } as JsonObject;
        expect(compareResults(first, second)).toEqual(compareResults(second, first));
      }),
    );
  });
});
