import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { CanonicalReader, NotCanonicalError } from './canonical-json.ts';

/** Whether the reader takes a text for the canonical form of an object. */
function accepts(text: string): boolean {
  const reader = new CanonicalReader(Buffer.from(text));
  try {
    reader.object();
    reader.expectEnd();
    return true;
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    return false;
  }
}

/** The same by the library that writes the log. */
function isCanonical(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === 'object' && value !== null && !Array.isArray(value) && canonicalize(value) === text
    );
  } catch {
    return false;
  }
}

const anObject = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }));

describe(CanonicalReader.name, () => {
  it('accepts the canonical form of everything that JSON has', () => {
    fc.assert(
      fc.property(anObject, (value) => {
        expect(accepts(canonicalize(value)!)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts no other form of it', () => {
    const spelling = fc.constantFrom(
      (value: object) => JSON.stringify(value),
      (value: object) => JSON.stringify(value, null, 1),
      (value: object) => JSON.stringify(value).replaceAll('/', '\\/'),
      (value: object) => JSON.stringify(value).replaceAll('a', '\\u0061'),
      (value: object) => JSON.stringify(value).replaceAll(/[0-9]+/g, '$&.0'),
    );
    fc.assert(
      fc.property(anObject, spelling, (value, spell) => {
        const text = spell(value);
        expect(accepts(text)).toBe(isCanonical(text));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts a text in which a character was changed, added or taken away only if it is canonical again', () => {
    const character = fc.oneof(
      fc.constantFrom(...'{}[]",:\\/.-+eE0123456789utfbnr\u0000\u001f\u007f '),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const place = fc.nat();
    fc.assert(
      fc.property(anObject, place, fc.nat(1), fc.option(character), (value, at, cut, added) => {
        const characters = [...canonicalize(value)!];
        characters.splice(at % (characters.length + 1), cut, ...(added === null ? [] : [added]));
        const text = characters.join('');
        fc.pre(text.isWellFormed());
        expect(accepts(text)).toBe(isCanonical(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['{', '{"', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":[1', '{"a":"\\', '{"a":tru', ''])(
    'ends at the end: %s',
    (text) => {
      expect(accepts(text)).toBe(false);
    },
  );

  it('reads text and what stands around it', () => {
    const reader = new CanonicalReader(Buffer.from('{"a":"é\\n\\u001f\\"","b":"c"}'));
    expect(reader.accept('{"b":')).toBe(false);
    expect(reader.accept('{"a":')).toBe(true);
    expect(reader.string()).toBe('é\n\u001f"');
    reader.expect(',"b":');
    expect(reader.string()).toBe('c');
    expect(() => reader.expectEnd()).toThrow('the end at byte');
    reader.expect('}');
    reader.expectEnd();
    expect(() => reader.expect('x')).toThrow(NotCanonicalError);
  });
});
