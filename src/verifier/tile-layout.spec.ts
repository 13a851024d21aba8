import { describe, expect, it } from '@jest/globals';
import { pathOfTile, splitBundle, tilesAcross } from './tile-layout.ts';
import { Divergence } from './verdict.ts';

describe(pathOfTile.name, () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 273, 112, 'tile/0/273.p/112'],
    [1, 1000, 256, 'tile/1/x001/000'],
    ['entries', 1_234_067, 256, 'tile/entries/x001/x234/067'],
    ['entries', 0, 3, 'tile/entries/000.p/3'],
  ])('level %s, index %i, width %i is %s', (level, index, width, path) => {
    expect(pathOfTile(level, index, width)).toBe(path);
  });
});

describe(tilesAcross.name, () => {
  const widths = (level: number, size: number) => [...tilesAcross(level, size)].map(({ width }) => width);

  it('lays out size 70,000 as the specification says', () => {
    expect(widths(0, 70_000)).toEqual([...Array<number>(273).fill(256), 112]);
    expect(widths(1, 70_000)).toEqual([256, 17]);
    expect(widths(2, 70_000)).toEqual([1]);
    expect(widths(3, 70_000)).toEqual([]);
  });

  it('lays out size 256 as a full tile and a partial one above it', () => {
    expect(widths(0, 256)).toEqual([256]);
    expect(widths(1, 256)).toEqual([1]);
    expect(widths(0, 0)).toEqual([]);
  });
});

describe(splitBundle.name, () => {
  // The bundle of the formats' worked example.
  const bundle = Buffer.from('00077b2261223a317d00077b2262223a327d00077b2263223a337d', 'hex');

  it('gives the entries with their indexes', () => {
    expect(splitBundle(bundle, 512, 3).map(({ index, leaf }) => [index, leaf.toString()])).toEqual([
      [512, '{"a":1}'],
      [513, '{"b":2}'],
      [514, '{"c":3}'],
    ]);
  });

  it('takes what it needs from a full bundle that stands for a partial one', () => {
    const full = Buffer.concat(Array<Buffer>(256).fill(Buffer.of(0, 1, 0x61)));
    expect(splitBundle(full, 0, 5)).toHaveLength(5);
  });

  it.each([
    ['an entry too few', bundle, 4, 3],
    ['an entry too many', bundle, 2, 2],
    ['no entries', Buffer.alloc(0), 1, 0],
    ['its last byte missing', bundle.subarray(0, -1), 3, 2],
    ['a byte too many', Buffer.concat([bundle, Buffer.of(0)]), 3, 3],
    ['an entry longer than itself', Buffer.of(0xff, 0xff, 1), 1, 0],
  ])('refuses a bundle with %s, and says where', (_, bytes, width, at) => {
    try {
      splitBundle(bytes, 512, width);
    } catch (error) {
      expect(error).toBeInstanceOf(Divergence);
      expect(error).toMatchObject({ case: 'ENTRY_MALFORMED', finding: { index: 512 + at } });
    }
    expect.assertions(2);
  });
});
