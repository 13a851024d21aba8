import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indexOfCursor, pageOf } from './paging.ts';

/** Reads a list of ascending indexes page by page, as a repository does. */
function readAll(rows: number[], limit: number, addWhileReading: number[]): number[] {
  const seen: number[] = [];
  let cursor: string | null | undefined;
  do {
    const after = cursor ? indexOfCursor(cursor) : -1;
    const page = pageOf(
      rows.filter((row) => row > after).slice(0, limit + 1),
      limit,
      (row) => row,
      (row) => row,
    );
    seen.push(...page.items);
    cursor = page.nextCursor;
    rows = [...rows, ...addWhileReading.splice(0, 1)];
  } while (cursor !== null);
  return seen;
}

describe('paging', () => {
  it('shows every row once and in order, although rows are added while it goes on', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 1, max: 7 }), fc.nat(5), (size, limit, added) => {
        const rows = Array.from({ length: size }, (_, n) => n * 3);
        const late = Array.from({ length: added }, (_, n) => 1_000 + n);
        const seen = readAll(rows, limit, late);
        expect(seen.slice(0, size)).toEqual(rows);
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  it.each([
    '',
    'x',
    'aQ',
    Buffer.from('i01').toString('base64url'),
    Buffer.from('i1e3').toString('base64url'),
  ])('refuses %p, which is no cursor of ours', (cursor) => {
    expect(() => indexOfCursor(cursor)).toThrow('VALIDATION_FAILED');
  });
});
