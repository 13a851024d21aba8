import { describe, expect, it } from '@jest/globals';

import type { JsonValue } from './json-text.ts';
import {
  readCode,
  readFieldText,
  readFlag,
  readGroupCode,
  readInteger,
  readScore,
  readText,
  UNREADABLE,
} from './vendor-values.ts';

const NO_VALUES: [JsonValue | undefined][] = [
  [undefined],
  [null],
  [''],
  [' \t'],
  ['\u00a0'],
  ['N/A'],
  ['n/a'],
  [' N/A '],
];

describe.each([
  [readText.name, readText],
  [readFieldText.name, readFieldText],
  [readCode.name, readCode],
  [readGroupCode.name, readGroupCode],
  [readFlag.name, readFlag],
  [readInteger.name, readInteger],
  ['readScore', (value: JsonValue | undefined) => readScore(value, 100)],
])('%s', (_, reader: (value: JsonValue | undefined) => unknown) => {
  it.each(NO_VALUES)('takes %j as no value', (value) => {
    expect(reader(value)).toBeNull();
  });

  it.each<[JsonValue]>([[[]], [{}], [['200']], [{ value: '1' }], [{ $gt: '' }]])(
    'cannot read %j',
    (value) => {
      expect(reader(value)).toBe(UNREADABLE);
    },
  );
});

describe(readText.name, () => {
  it('keeps the text as sent', () => {
    expect(readText(' Nguyễn  Văn A ')).toBe(' Nguyễn  Văn A ');
  });

  it('reads no number as text, unless the field is open-ended', () => {
    expect(readText(7)).toBe(UNREADABLE);
    expect(readFieldText(7)).toBe('7');
    expect(readFieldText(false)).toBe('false');
  });
});

describe(readCode.name, () => {
  it.each<[JsonValue, string]>([
    ['200', '200'],
    [' 303 ', '303'],
    [303, '303'],
    [0, '0'],
    [-1, '-1'],
    ['-1', '-1'],
    ['E-1', 'E-1'],
    ['E30', 'E30'],
    ['FC03', 'FC03'],
    ['ZZ99', 'ZZ99'],
  ])('reads %j', (value, code) => {
    expect(readCode(value)).toBe(code);
  });

  it.each<[JsonValue]>([
    ['success'],
    ['Nguyễn Văn A'],
    ['079090001234'],
    [79090001234],
    ['Nguyen1'],
    ['200 OK'],
    ['--1'],
    ['FC03\nFC04'],
    [200.5],
    [1e21],
    [true],
  ])('does not take %j for a code', (value) => {
    expect(readCode(value)).toBe(UNREADABLE);
  });
});

describe(readGroupCode.name, () => {
  it.each([['FC'], ['QC'], ['E'], ['FACE_MATCHING'], ['C06']])('reads %j', (value) => {
    expect(readGroupCode(value)).toBe(value);
  });

  it.each<[JsonValue]>([['079090001234'], ['ID079090001234'], ['ID Fraud Check'], [7]])(
    'does not take %j for a group',
    (value) => {
      expect(readGroupCode(value)).toBe(UNREADABLE);
    },
  );
});

describe(readFlag.name, () => {
  it.each<[JsonValue, boolean]>([
    [true, true],
    [false, false],
    ['true', true],
    ['True', true],
    ['TRUE', true],
    [' false ', false],
    ['False', false],
  ])('reads %j', (value, flag) => {
    expect(readFlag(value)).toBe(flag);
  });

  it.each<[JsonValue]>([[1], [0], ['1'], ['yes'], ['tru'], ['đúng']])('does not guess %j', (value) => {
    expect(readFlag(value)).toBe(UNREADABLE);
  });
});

describe(readScore.name, () => {
  it.each<[JsonValue, 1 | 100, number]>([
    ['98.66', 100, 98.66],
    ['49.090', 100, 49.09],
    [49.09, 100, 49.09],
    [' 80 ', 100, 80],
    ['0', 100, 0],
    ['100', 100, 100],
    ['100.00', 100, 100],
    ['0.3435', 1, 0.3435],
    [0.8, 1, 0.8],
    ['1', 1, 1],
    ['0.00000000000000000001', 1, 1e-20],
  ])('reads %j on the scale 0 to %d', (value, scale, score) => {
    expect(readScore(value, scale)).toBe(score);
  });

  it.each<[JsonValue, 1 | 100]>([
    ['950', 100],
    [950, 100],
    ['100.01', 100],
    ['-1', 100],
    [-0.1, 100],
    ['49.09', 1],
    ['1.01', 1],
    [1.01, 1],
    ['NaN', 100],
    ['Infinity', 100],
    ['1e2', 100],
    ['1e1', 100],
    ['0x50', 100],
    ['0b1', 100],
    ['1_0', 100],
    ['80,5', 100],
    ['80%', 100],
    ['8 0', 100],
    ['+80', 100],
    ['080', 100],
    ['.5', 1],
    ['5.', 100],
    ['80.5.1', 100],
    ['８０', 100],
    ['٨٠', 100],
    ['null', 100],
    [true, 1],
    [false, 1],
  ])('does not read %j on the scale 0 to %d', (value, scale) => {
    expect(readScore(value, scale)).toBe(UNREADABLE);
  });
});

describe(readInteger.name, () => {
  it.each<[JsonValue, number]>([
    [2, 2],
    ['2', 2],
    [0, 0],
    [-1, -1],
    ['-1', -1],
    [' 4 ', 4],
    [99999, 99999],
  ])('reads %j', (value, integer) => {
    expect(readInteger(value)).toBe(integer);
  });

  it.each<[JsonValue]>([
    [1.5],
    ['1.0'],
    ['02'],
    ['1e1'],
    [100000],
    ['079090001234'],
    [79090001234],
    [true],
    ['two'],
  ])('does not read %j', (value) => {
    expect(readInteger(value)).toBe(UNREADABLE);
  });
});
