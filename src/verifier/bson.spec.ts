import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mongo } from 'mongoose';
import { OddValue, readBson } from './bson.ts';

const { BSON } = mongo;
const read = (document: object) => readBson(Buffer.from(BSON.serialize(document)));
const bytes = (binary: Uint8Array) => new mongo.Binary(binary);

/** Gives one of two fields of a serialised document the name of the other, which is as long. */
function renamed(document: object, from: string, to: string): Buffer {
  const serialised = Buffer.from(BSON.serialize(document));
  serialised.write(to, serialised.indexOf(`${from}\0`));
  return serialised;
}

describe('a stored document', () => {
  it('is read as it was written', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array().map((array) => Buffer.from(array)),
    );
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^__proto__$|\0/.test(text));
    const fields = fc.dictionary(name, value);
    fc.assert(
      fc.property(fields, fields, (outer, inner) => {
        const expected = { ...outer, 'inner one': inner };
        expect(read(expected)).toEqual(expected);
      }),
    );
  });

  it('may hold its index as any kind of number', () => {
    const long = mongo.Long.fromNumber(Number.MAX_SAFE_INTEGER);
    const { Int32, Double } = BSON;
    const numbers = { a: long, b: mongo.Long.fromNumber(-7), c: new Int32(-7), d: new Double(0.5) };
    expect(read(numbers)).toEqual({ a: Number.MAX_SAFE_INTEGER, b: -7, c: -7, d: 0.5 });
  });

  it('with a field that stands twice has neither of both', () => {
    const twice = readBson(renamed({ actioX: 'hidden', id: 1, action: 'shown' }, 'actioX', 'action'));
    expect(twice['action']).toBeInstanceOf(OddValue);
    expect(JSON.stringify(twice)).toContain('a field that is there twice');
    const within = readBson(renamed({ subject: { ix: 'a', id: 'b' } }, 'ix', 'id'));
    expect((within['subject'] as { id: unknown }).id).toBeInstanceOf(OddValue);
  });

  it('keeps fields whose names mean something to JavaScript', () => {
    const odd = readBson(renamed({ __protoX_: { a: 1 }, b: 2 }, '__protoX_', '__proto__'));
    expect(Object.keys(odd)).toEqual(['"__proto__"', 'b']);
    expect(Object.keys(read({ toString: 'x', constructor: 'y' }))).toEqual(['toString', 'constructor']);
  });

  it.each<[string, unknown]>([
    ['a symbol, which queries take for text', new BSON.BSONSymbol('callback.received')],
    ['bytes of a special kind', new mongo.Binary(Buffer.from('x'), mongo.Binary.SUBTYPE_USER_DEFINED)],
    ['a UUID', new mongo.Binary(Buffer.alloc(16), mongo.Binary.SUBTYPE_UUID)],
    ['code', new BSON.Code('1')],
    ['nothing', null],
    ['an identifier', new mongo.ObjectId()],
    ['a timestamp', new mongo.Timestamp({ t: 1, i: 1 })],
    ['a decimal', mongo.Decimal128.fromString('1')],
    ['a list', [1]],
    ['truth', true],
  ])('does not pass %s for a value of the log', (_, value) => {
    expect(read({ before: 1, value })['value']).toBeInstanceOf(OddValue);
  });

  it('does not pass bytes that are no UTF-8 for the character that stands in for them', () => {
    const document = Buffer.from(BSON.serialize({ a: 'xyz\u00e9', b: '\ufffd' }));
    document[document.indexOf('xyz')] = 0xff;
    expect(readBson(document)['a']).toBeInstanceOf(OddValue);
    expect(readBson(document)['b']).toBe('\ufffd');
  });

  it('gives bytes without copying them', () => {
    const document = Buffer.from(BSON.serialize({ leaf: bytes(Buffer.from('{"v":1}')) }));
    const leaf = readBson(document)['leaf'] as Buffer;
    expect(leaf.toString()).toBe('{"v":1}');
    expect(leaf.buffer).toBe(document.buffer);
  });
});
