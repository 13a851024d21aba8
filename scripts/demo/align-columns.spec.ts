import { describe, expect, it } from '@jest/globals';
import { alignColumns } from './align-columns.ts';

describe(alignColumns.name, () => {
  it('puts columns below each other, whatever the rows lack', () => {
    expect(
      alignColumns([
        ['rule', 'read'],
        ['FACE_NOT_MATCHING', 'false', 'expected true'],
        ['E30', '', 'expected not E30'],
      ]),
    ).toEqual([
      'rule               read',
      'FACE_NOT_MATCHING  false  expected true',
      'E30                       expected not E30',
    ]);
  });

  it('counts letters, not code points', () => {
    const decomposed = 'Nguyễn'.normalize('NFD');
    expect(
      alignColumns([
        [decomposed, '|'],
        ['123456', '|'],
      ]),
    ).toEqual([`${decomposed}  |`, '123456  |']);
  });

  it('does not count colour', () => {
    const red = '\u001b[31mmet\u001b[39m';
    expect(
      alignColumns([
        [red, '|'],
        ['1234', '|'],
      ]),
    ).toEqual([`${red}   |`, '1234  |']);
  });

  it('makes nothing of nothing', () => {
    expect(alignColumns([])).toEqual([]);
  });
});
