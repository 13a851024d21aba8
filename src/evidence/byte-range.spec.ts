import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wantedBytes } from './byte-range.ts';

describe(wantedBytes.name, () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-', { start: 0, end: 999 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=990-5000', { start: 990, end: 999 }],
    ['bytes=-1', { start: 999, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['BYTES= 1-2 ', { start: 1, end: 2 }],
    ['bytes=1000-', 'UNSATISFIABLE'],
    ['bytes=99999999999999999999-', 'UNSATISFIABLE'],
    ['bytes=-0', 'UNSATISFIABLE'],
    ['bytes=5-4', 'WHOLE'],
    ['bytes=-', 'WHOLE'],
    ['bytes=0-1,3-4', 'WHOLE'],
    ['items=0-1', 'WHOLE'],
    ['bytes=a-b', 'WHOLE'],
    ['', 'WHOLE'],
    [undefined, 'WHOLE'],
  ])('reads %s of 1000 bytes', (header, wanted) => {
    expect(wantedBytes(header, 1_000)).toEqual(wanted);
  });

  it('never gives bytes that the file has not', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1 }), (from, to, size) => {
        const wanted = wantedBytes(`bytes=${from}-${to}`, size);
        if (typeof wanted === 'string') expect(from >= size || from > to).toBe(true);
        else expect([wanted.start, wanted.end]).toEqual([from, Math.min(to, size - 1)]);
      }),
    );
  });
});
