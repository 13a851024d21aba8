import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormatError } from './format.errors.ts';
import {
  decodeBase64,
  decodeHash,
  decodeUtf8,
  encodeBase64,
  parseDecimal,
  requireTreeSize,
  splitLines,
} from './strict-text.ts';

describe(parseDecimal.name, () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['70000', 70_000],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %j', (text, value) => {
    expect(parseDecimal(text, 'a size')).toBe(value);
  });

  it.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '1\r',
    '00',
    '01',
    '-1',
    '-0',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '0b1',
    '1_000',
    '1,000',
    'NaN',
    'Infinity',
    '٣',
    '１',
    '9007199254740992',
    '9999999999999999',
    '10000000000000000',
    '9'.repeat(10_000),
  ])('refuses %j', (text) => {
    expect(() => parseDecimal(text, 'a size')).toThrow(FormatError);
  });

  it('reads back every size', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (n) => parseDecimal(String(n), 'a size') === n));
  });

  it('says what was expected and what was found, in short', () => {
    expect(() => parseDecimal('0x10', 'the tree size')).toThrow(
      'expected the tree size as a decimal from 0 to 9007199254740991, found "0x10"',
    );
    expect(() => parseDecimal('9'.repeat(10_000), 'a size')).toThrow(/found "9{32}"… \(10000 characters\)$/);
  });
});

describe(requireTreeSize.name, () => {
  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuses to write %d', (value) => {
    expect(() => requireTreeSize(value, 'a size')).toThrow(FormatError);
  });
});

describe(decodeBase64.name, () => {
  it.each([
    ['URL alphabet', '-_-_'],
    ['padding missing', 'AA'],
    ['padding short', 'AA='],
    ['padding too long', 'AAA=='],
    ['padding inside', 'AA==AAAA'],
    ['stray bits after one byte', 'AB=='],
    ['stray bits after two bytes', 'AAB='],
    ['space inside', 'AA AA'],
    ['newline at the end', 'AAAA\n'],
    ['carriage return at the end', 'AAAA\r'],
    ['foreign character', 'AA*A'],
    ['one character', 'A'],
    ['not ASCII', 'AAAÁ'],
  ])('refuses a spelling that is not canonical: %s', (_, text) => {
    expect(() => decodeBase64(text, 'a key')).toThrow(FormatError);
  });

  it('reads back all bytes, and has one spelling for each', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), fc.string({ maxLength: 2 }), (bytes, at, noise) => {
        const text = encodeBase64(bytes);
        expect(decodeBase64(text, 'bytes')).toEqual(Buffer.from(bytes));
        const place = at % (text.length + 1);
        const other = text.slice(0, place) + noise + text.slice(place);
        let decoded: Buffer | undefined;
        try {
          decoded = decodeBase64(other, 'bytes');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
        if (other !== text) expect(decoded).not.toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('reads a hash of 32 bytes only', () => {
    expect(decodeHash(encodeBase64(Buffer.alloc(32)), 'a hash')).toEqual(Buffer.alloc(32));
    expect(() => decodeHash(encodeBase64(Buffer.alloc(31)), 'a hash')).toThrow(FormatError);
    expect(() => decodeHash(encodeBase64(Buffer.alloc(33)), 'a hash')).toThrow(FormatError);
    expect(() => decodeHash('', 'a hash')).toThrow('expected a hash of 32 bytes, found 0 bytes');
  });
});

describe(decodeUtf8.name, () => {
  it.each([
    ['stray continuation', [0x80]],
    ['cut sequence', [0xe2, 0x80]],
    ['overlong newline', [0xc0, 0x8a]],
    ['surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses bytes that are no UTF-8: %s', (_, bytes) => {
    expect(() => decodeUtf8(Buffer.from(bytes), 'a note')).toThrow(FormatError);
  });

  it('keeps a byte order mark, so that text and bytes stay the same thing', () => {
    expect(decodeUtf8(Buffer.from('\ufeffa'), 'a note')).toBe('\ufeffa');
  });
});

describe(splitLines.name, () => {
  it('wants a newline after each line, the last one too', () => {
    expect(splitLines('a\n\nb\n', 'lines')).toEqual(['a', '', 'b']);
    expect(() => splitLines('a\nb', 'lines')).toThrow(FormatError);
    expect(() => splitLines('', 'lines')).toThrow('expected lines that ends in a newline, found nothing');
  });

  it.each(['a\r\n', 'a\u0000\n', '\ta\n', 'a\u001fb\n'])('refuses the control character in %j', (text) => {
    expect(() => splitLines(text, 'lines')).toThrow(FormatError);
  });
});
