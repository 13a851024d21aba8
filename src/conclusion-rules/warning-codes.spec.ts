import { describe, expect, it } from '@jest/globals';

import { codesOf, messageForResultCode, WARNING_CODES } from './warning-codes.ts';

describe('catalogue of warning codes', () => {
  it('names every code of the vendor once per section', () => {
    const keys = WARNING_CODES.map(({ section, code }) => `${section} ${code}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(codesOf('QUALITY')).toEqual(['QC01', 'QC02', 'QC03', 'QC04']);
    expect(codesOf('FRAUD')).toEqual(['FC01', 'FC02', 'FC03', 'FC04', 'FC05', 'FC06', 'FC07']);
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `E${String(from + index).padStart(2, '0')}`);
    expect(codesOf('POST_CHECK')).toEqual(['E-1', ...numbered(0, 25), 'E30', 'E32', 'E110']);
    expect(codesOf('FACE')).toEqual([
      ...['200', '301', '302', '303', '406', '407', '408', '409', '410', '411', '412', '413', '422', '423'],
    ]);
    expect(codesOf('REQUEST')).toEqual(['-1', '400', '401', '403', '500', '504', 'E101', 'E102', 'E103']);
    expect(codesOf('INPUT_FILE')).toEqual(['0', '1', '2', '3', '5', '6', '7', '8', '9', '10']);
  });

  it('has an English text, a meaning and a source for each', () => {
    for (const { english, meaning, sources } of WARNING_CODES) {
      expect(english).not.toBe('');
      expect(meaning).not.toBe('');
      expect(sources.length).toBeGreaterThan(0);
    }
  });

  it('gives our own text for a result code and none for an unknown one', () => {
    expect(messageForResultCode('303')).toBe('face is not matching with document');
    expect(messageForResultCode('200')).toBe('successful');
    expect(messageForResultCode('403')).toBe('Session expired');
    expect(messageForResultCode('999')).toBeNull();
    expect(messageForResultCode('__proto__')).toBeNull();
  });

  it('lets no result code mean two things', () => {
    const codes = WARNING_CODES.filter(({ section }) => ['FACE', 'REQUEST', 'INPUT_FILE'].includes(section));
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
  });
});
