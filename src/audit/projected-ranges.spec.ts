import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProjectedRanges } from './projected-ranges.ts';

describe(ProjectedRanges.name, () => {
  it('knows no gap where batches follow each other', () => {
    const sut = new ProjectedRanges();
    sut.add(0, 3);
    sut.add(3, 7);
    expect(sut.gapsIn(0, 7)).toEqual([]);
  });

  it('finds what other instances wrote before, between and after', () => {
    const sut = new ProjectedRanges();
    sut.add(2, 4);
    sut.add(6, 8);
    expect(sut.gapsIn(0, 10)).toEqual([
      { from: 0, until: 2 },
      { from: 4, until: 6 },
      { from: 8, until: 10 },
    ]);
  });

  it('finds no gap where others have projected', () => {
    const sut = new ProjectedRanges();
    sut.add(2, 4);
    sut.add(6, 8);
    const ofOthers = [
      { from: 8, until: 9 },
      { from: 0, until: 5 },
    ];
    expect(sut.gapsIn(1, 10, ofOthers)).toEqual([
      { from: 5, until: 6 },
      { from: 9, until: 10 },
    ]);
    expect(sut.all).toEqual([
      { from: 2, until: 4 },
      { from: 6, until: 8 },
    ]);
  });

  it('covers every index exactly once, by a gap or by what was projected', () => {
    const owners = fc.array(fc.boolean(), { maxLength: 60 });
    fc.assert(
      fc.property(owners, fc.nat(60), (ours, from) => {
        const sut = new ProjectedRanges();
        ours.forEach((isOurs, index) => {
          if (isOurs) sut.add(index, index + 1);
        });
        const start = Math.min(from, ours.length);
        const inGaps = sut
          .gapsIn(start, ours.length)
          .flatMap((gap) => Array.from({ length: gap.until - gap.from }, (_, n) => gap.from + n));
        expect(inGaps).toEqual(ours.flatMap((isOurs, index) => (!isOurs && index >= start ? [index] : [])));
      }),
    );
  });
});
