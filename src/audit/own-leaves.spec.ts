import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlannedEntry } from './batch.ts';
import { OwnLeaves } from './own-leaves.ts';

const entries = (...indexes: number[]) =>
  indexes.map((index) => ({
    entry: { index, at: '2026-06-01T08:00:00.000Z' },
    leaf: Buffer.of(index),
  })) as unknown as PlannedEntry[];
const indexes = (leaves: readonly { readonly index: number }[]) => leaves.map(({ index }) => index);

describe(OwnLeaves.name, () => {
  it('gives out what follows on the tree, once', () => {
    const sut = new OwnLeaves();
    sut.add(entries(5, 6));
    sut.add(entries(7));
    expect(indexes(sut.takeFrom(5))).toEqual([5, 6, 7]);
    expect(sut.next).toBeNull();
    expect(sut.takeFrom(5)).toEqual([]);
  });

  it('stops before an entry of another instance and goes on behind it', () => {
    const sut = new OwnLeaves();
    sut.add(entries(5, 6, 9));
    expect(indexes(sut.takeFrom(5))).toEqual([5, 6]);
    expect(sut.takeFrom(7)).toEqual([]);
    expect(sut.next).toBe(9);
    expect(indexes(sut.takeFrom(9))).toEqual([9]);
  });

  it('forgets what the tree has already taken in from the log', () => {
    const sut = new OwnLeaves();
    sut.add(entries(5, 6, 7));
    expect(indexes(sut.takeFrom(7))).toEqual([7]);
    expect(sut.takeFrom(5)).toEqual([]);
  });

  it('forgets what it is told to forget', () => {
    const sut = new OwnLeaves();
    sut.add(entries(5, 6));
    sut.forget();
    expect(sut.next).toBeNull();
    sut.add(entries(7));
    expect(indexes(sut.takeFrom(7))).toEqual([7]);
  });

  it('never gives out a gap, whatever was added and asked for', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60)), fc.array(fc.nat(60)), (added, asked) => {
        const sut = new OwnLeaves();
        sut.add(entries(...added.toSorted((a, b) => a - b)));
        for (const from of asked) {
          const run = indexes(sut.takeFrom(from));
          expect(run).toEqual(run.map((_, place) => from + place));
        }
      }),
    );
  });

  it('keeps the newest when nobody takes any', () => {
    const sut = new OwnLeaves();
    for (let index = 0; index < 20_000; index++) sut.add(entries(index));
    expect(sut.takeFrom(0)).toEqual([]);
    const newest = indexes(sut.takeFrom(19_000));
    expect([newest[0], newest.at(-1), newest.length]).toEqual([19_000, 19_999, 1_000]);
  });
});
