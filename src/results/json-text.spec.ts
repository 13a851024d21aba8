import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  MAX_DEPTH,
  MAX_MEMBERS,
  MAX_VALUES,
  parseJsonText,
  type JsonValue,
  type UnusableReason,
} from './json-text.ts';

const reasonFor = (bytes: Buffer | string): UnusableReason | 'none' => {
  const parsed = parseJsonText(Buffer.from(bytes));
  return parsed.ok ? 'none' : parsed.reason;
};

/** A list of that many ones, which are that many values and the list. */
const list = (items: number) => `[${'1,'.repeat(items - 1)}1]`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe(parseJsonText.name, () => {
  it.each<[string, string, JsonValue]>([
    ['an object', '{"a":{"b":[1,"x",true,null]}}', { a: { b: [1, 'x', true, null] } }],
    ['a list', '[1,2]', [1, 2]],
    ['a text alone', '"Nguyễn Văn A"', 'Nguyễn Văn A'],
    ['white space around', ' \r\n{"a":1}\t', { a: 1 }],
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['brackets, colons and escaped quotes inside texts', '{"a:[{":"\\":[{\\\\"}', { 'a:[{': '":[{\\' }],
    ['one name in two objects', '{"a":{"x":1},"b":{"x":1}}', { a: { x: 1 }, b: { x: 1 } }],
    ['a surrogate pair written as escapes', '"\\ud83d\\ude00"', '😀'],
    ['an escaped NUL', '"\\u0000"', '\0'],
    ['a 64-bit id that a double rounds', '9007199254740993', 9007199254740992],
  ])('reads %s', (_, text, value) => {
    expect(parseJsonText(Buffer.from(text))).toEqual({ ok: true, value });
  });

  it.each<[string, Buffer | string, UnusableReason]>([
    ['nothing', '', 'EMPTY'],
    ['white space only', ' \r\n\t', 'EMPTY'],
    ['a byte order mark only', '\ufeff', 'EMPTY'],
    ['a broken UTF-8 sequence', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'INVALID_UTF8'],
    ['a surrogate encoded in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'INVALID_UTF8'],
    ['UTF-16 with a byte order mark', Buffer.from('\ufeff{"a":1}', 'utf16le'), 'INVALID_UTF8'],
    ['UTF-16 without one', Buffer.from('{"a":1}', 'utf16le'), 'NOT_JSON'],
    ["the trailing commas of the vendor's own page", '{"count": 1,}', 'NOT_JSON'],
    ['an HTML page', '<html><body>502</body></html>', 'NOT_JSON'],
    ['a form', 'uuid=a&code=200', 'NOT_JSON'],
    ['half a body', '{"uuid":"a","co', 'NOT_JSON'],
    ['two values', '{}{}', 'NOT_JSON'],
    ['a bare NUL in a text', '"\0"', 'NOT_JSON'],
    ['NaN', '{"similarity":NaN}', 'NOT_JSON'],
    ['an unfinished escape at the end', '"\\', 'NOT_JSON'],
    ['one level too many', nested(MAX_DEPTH + 1), 'TOO_DEEP'],
    ['10,000 levels of lists', nested(10_000), 'TOO_DEEP'],
    ['10,000 levels of objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), 'TOO_DEEP'],
    ['one value too many', list(MAX_VALUES), 'TOO_MANY_VALUES'],
    ['a million values', list(1_000_000), 'TOO_MANY_VALUES'],
    ['one member too many', `{${'"a":1,'.repeat(MAX_MEMBERS)}"b":1}`, 'TOO_MANY_VALUES'],
    ['a million empty objects', `[${'{},'.repeat(1_000_000)}{}]`, 'TOO_MANY_VALUES'],
    ['a name twice', '{"similarity":"95","similarity":"49"}', 'AMBIGUOUS_JSON'],
    ['a name twice with one value', '{"a":1,"a":1}', 'AMBIGUOUS_JSON'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":2}', 'AMBIGUOUS_JSON'],
    ['a name twice deep inside', '[{"a":[{"b":{"c":1,"c":2}}]}]', 'AMBIGUOUS_JSON'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'AMBIGUOUS_JSON'],
    ['a number beyond a double', '{"a":[1e999]}', 'AMBIGUOUS_JSON'],
    ['a lone surrogate in a value', '{"a":"\\ud800"}', 'AMBIGUOUS_JSON'],
    ['a lone surrogate in a name', '{"\\uDFFF":1}', 'AMBIGUOUS_JSON'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(reasonFor(bytes)).toBe(reason);
  });

  it('reads the deepest nesting that it accepts', () => {
    expect(reasonFor(nested(MAX_DEPTH))).toBe('none');
  });

  it('reads as many values as it accepts, beside each other', () => {
    expect(reasonFor(list(MAX_VALUES - 1))).toBe('none');
    expect(reasonFor(`[${'[{}],'.repeat(MAX_DEPTH)}1]`)).toBe('none');
  });

  it('counts no comma or bracket within a text', () => {
    expect(reasonFor(JSON.stringify(',[{'.repeat(MAX_VALUES)))).toBe('none');
  });

  it('keeps __proto__ and constructor as data and touches no prototype', () => {
    const parsed = parseJsonText(Buffer.from('{"__proto__":{"isMatch":"true"},"constructor":1}'));

    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['isMatch']).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof parseJsonText(Buffer.from(bytes)).ok).toBe('boolean');
      }),
    );
  });

  it('never throws, whatever is cut out of or put into a JSON text', () => {
    const punctuation = fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', '\\u', 'd800', '1e9', '\0');
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(9), punctuation, (json, at, cut, put) => {
        const start = at % (json.length + 1);
        const text = json.slice(0, start) + put + json.slice(start + cut);
        expect(typeof parseJsonText(Buffer.from(text)).ok).toBe('boolean');
      }),
    );
  });

  it('reads every JSON text without a repeated name as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJsonText(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) as JsonValue });
      }),
    );
  });

  it('finds a repeated name wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (name, a, b, around) => {
        const member = (value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
        const text = `[${JSON.stringify(around)},{${member(a)},${member(b)}}]`;
        expect(reasonFor(text)).toBe('AMBIGUOUS_JSON');
      }),
    );
  });
});
