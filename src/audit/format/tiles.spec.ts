import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormatError } from './format.errors.ts';
import {
  CompactRange,
  assembleProof,
  edgeNodes,
  leafHash,
  planConsistencyProof,
  planInclusionProof,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
import {
  decodeBundle,
  encodeBundle,
  hashesOf,
  parseTilePath,
  partialWidth,
  placeOfNode,
  tileNodeReader,
  tilePath,
  tilesOfEdge,
  tilesOfGrowth,
  tilesOfNodes,
  type TileAddress,
} from './tiles.ts';

/** Writes the tiles of a tree as the log does: from the subtrees that each new leaf completes. */
function writeTiles(leaves: readonly Buffer[], checkpointSizes: readonly number[]): Map<string, Buffer> {
  const byLevel: Buffer[][] = [];
  const tiles = new Map<string, Buffer>();
  const range = new CompactRange();
  let written = 0;
  leaves.forEach((leaf) => {
    range.append(leaf, ({ height }, hash) => {
      if (height % 8 === 0) (byLevel[height / 8] ??= []).push(hash);
    });
    if (!checkpointSizes.includes(range.size)) return;
    for (const tile of tilesOfGrowth(written, range.size)) {
      const first = tile.index * 256;
      tiles.set(
        tilePath(tile),
        Buffer.concat(byLevel[tile.level as number]!.slice(first, first + tile.width)),
      );
    }
    written = range.size;
  });
  return tiles;
}

const SIZE = 70_000;
const leaves = Array.from({ length: SIZE }, (_, i) => leafHash(Buffer.from(String(i))));
const tilesAt = new Map<number, Map<string, Buffer>>();
function readerAt(size: number) {
  const tiles = tilesAt.get(size) ?? writeTiles(leaves.slice(0, size), [size]);
  tilesAt.set(size, tiles);
  return tileNodeReader(size, (tile) => tiles.get(tilePath(tile)));
}

describe('paths', () => {
  it.each<[TileAddress, string]>([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 273, width: 256 }, 'tile/0/273'],
    [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 1, index: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 63, index: 0, width: 1 }, 'tile/63/000.p/1'],
    [{ level: 'entries', index: 0, width: 3 }, 'tile/entries/000.p/3'],
    [{ level: 'entries', index: 1_234_067, width: 256 }, 'tile/entries/x001/x234/067'],
    [{ level: 0, index: Number.MAX_SAFE_INTEGER, width: 255 }, 'tile/0/x009/x007/x199/x254/x740/991.p/255'],
  ])('%j has one path', (address, path) => {
    expect(tilePath(address)).toBe(path);
    expect(parseTilePath(path)).toEqual(address);
  });

  it.each([
    '',
    'tile',
    'tile/0',
    'tile/0/',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/1000',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0x1/000',
    'tile/+1/000',
    'tile/100/000',
    'tile/0/x000/000',
    'tile/0/x000/x001/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/x001/x000',
    'tile/0/X001/000',
    'tile/0/x001/000/',
    'tile/0/x001//000',
    'tile/0/000.p',
    'tile/0/000.p/',
    'tile/0/000.p/0',
    'tile/0/000.p/00',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/300',
    'tile/0/000.p/1000',
    'tile/0/000.p/-1',
    'tile/0/000.p/1/',
    'tile/0/000.p/1.p/1',
    'tile/0/000 ',
    ' tile/0/000',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/0/000\r\n',
    'tile/0/000\u0000',
    'tile/0/000?x=1',
    'tile/0/../0/000',
    'tile/0/%30%30%30',
    'tile/0/００0',
    'tile/entries',
    'tile/entries/0',
    'tile/Entries/000',
    'tile/entries/0/000',
    'tile/data/000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/999',
    `tile/0/${'x001/'.repeat(1000)}000`,
  ])('%j is no path', (path) => {
    expect(() => parseTilePath(path)).toThrow(FormatError);
  });

  it('reads back what it writes, and nothing near it', () => {
    const address = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(address, fc.nat(), fc.string({ minLength: 1, maxLength: 2 }), (tile, at, noise) => {
        const path = tilePath(tile);
        expect(parseTilePath(path)).toEqual(tile);
        const place = at % (path.length + 1);
        const other = path.slice(0, place) + noise + path.slice(place);
        try {
          expect(tilePath(parseTilePath(other))).toBe(other);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });

  it.each<TileAddress>([
    { level: -1, index: 0, width: 1 },
    { level: 64, index: 0, width: 1 },
    { level: 0.5, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
  ])('%j has no path', (address) => {
    expect(() => tilePath(address)).toThrow(FormatError);
  });

  it('says what it wanted without repeating a large input', () => {
    const path = 'x'.repeat(100_000);
    expect(() => parseTilePath(path)).toThrow(/^expected a tile path in its only spelling, found "x{32}"…/);
  });
});

describe(tilesOfGrowth.name, () => {
  const paths = (from: number, to: number) => tilesOfGrowth(from, to).map(tilePath);

  it('lays out size 70,000 as the specification says', () => {
    const all = paths(0, 70_000);
    expect(all.filter((path) => path.startsWith('tile/0/'))).toEqual([
      ...Array.from({ length: 273 }, (_, i) => `tile/0/${String(i).padStart(3, '0')}`),
      'tile/0/273.p/112',
    ]);
    expect(all.slice(274)).toEqual(['tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1']);
  });

  it('lays out size 256 as a full tile and a partial one above it', () => {
    expect(paths(0, 256)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(partialWidth(0, 256)).toBe(0);
    expect(partialWidth(1, 256)).toBe(1);
  });

  it('names only what is new', () => {
    expect(paths(0, 0)).toEqual([]);
    expect(paths(5, 5)).toEqual([]);
    expect(paths(3, 5)).toEqual(['tile/0/000.p/5']);
    expect(paths(255, 256)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(paths(256, 257)).toEqual(['tile/0/001.p/1']);
    expect(paths(300, 600)).toEqual(['tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2']);
    expect(paths(65_535, 65_536)).toEqual(['tile/0/255', 'tile/1/000', 'tile/2/000.p/1']);
  });

  it('never names a tile without hashes', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(3_000), (from, more) => {
        for (const { width } of tilesOfGrowth(from, from + more)) expect(width).toBeGreaterThan(0);
      }),
    );
  });

  it('refuses a tree that shrinks', () => {
    expect(() => tilesOfGrowth(2, 1)).toThrow(FormatError);
    expect(() => tilesOfGrowth(0, -1)).toThrow(FormatError);
  });

  it('gives the same tiles in many steps as in one', () => {
    const steps = [1, 7, 255, 256, 257, 300, 511, 512, 700];
    const stepwise = writeTiles(leaves.slice(0, 700), steps);
    for (const size of steps) {
      for (const [path, bytes] of writeTiles(leaves.slice(0, size), [size])) {
        expect(stepwise.get(path)).toEqual(bytes);
      }
    }
  });
});

describe('reading nodes out of tiles', () => {
  it.each([1, 2, 255, 256, 257, 511, 512, 1000, 65_536, 70_000])('finds the root of size %i', (size) => {
    const read = readerAt(size);
    const root = CompactRange.resume(size, edgeNodes(size).map(read)).root();
    expect(root).toEqual(rootOf(leaves.slice(0, size)));
  });

  it('proves inclusion and consistency from tiles alone', () => {
    const size = 70_000;
    const root = rootOf(leaves);
    const read = readerAt(size);
    for (const index of [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const proof = assembleProof(planInclusionProof(index, size), read);
      expect(verifyInclusion(index, size, leaves[index]!, proof, root)).toBe(true);
    }
    for (const oldSize of [1, 2, 255, 256, 257, 65_536, 65_537, 69_999]) {
      const proof = assembleProof(planConsistencyProof(oldSize, size), read);
      expect(verifyConsistency(oldSize, size, proof, rootOf(leaves.slice(0, oldSize)), root)).toBe(true);
    }
  });

  it('names the tiles to load, each once', () => {
    const nodes = planInclusionProof(69_999, 70_000).flat();
    expect(tilesOfNodes(nodes, 70_000).map(tilePath)).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect(tilesOfEdge(70_000).map(tilePath)).toEqual([
      'tile/2/000.p/1',
      'tile/1/001.p/17',
      'tile/0/273.p/112',
    ]);
    expect(tilesOfEdge(0)).toEqual([]);
  });

  it('takes the full tile where the partial one is gone', () => {
    const full = Buffer.concat(leaves.slice(0, 256));
    const read = tileNodeReader(100, () => full);
    expect(CompactRange.resume(100, edgeNodes(100).map(read)).root()).toEqual(rootOf(leaves.slice(0, 100)));
  });

  it.each([
    ['missing', undefined],
    ['empty', Buffer.alloc(0)],
    ['one hash short', Buffer.alloc(99 * 32)],
    ['one hash long', Buffer.alloc(101 * 32)],
    ['one byte short', Buffer.alloc(100 * 32 - 1)],
    ['one byte long', Buffer.alloc(100 * 32 + 1)],
    ['longer than a full tile', Buffer.alloc(257 * 32)],
  ])('refuses a tile that is %s', (_, tile) => {
    const read = tileNodeReader(100, () => tile);
    expect(() => read({ height: 0, index: 0 })).toThrow(FormatError);
  });

  it.each([
    [{ height: 0, index: 100 }, 100],
    [{ height: 7, index: 0 }, 100],
    [{ height: 8, index: 0 }, 255],
    [{ height: 0, index: -1 }, 100],
    [{ height: 0, index: 0.5 }, 100],
    [{ height: -1, index: 0 }, 100],
    [{ height: 0, index: 0 }, 0],
  ])('refuses the node %j of a tree of size %i', (node, size) => {
    expect(() => placeOfNode(node, size)).toThrow(FormatError);
  });

  it('splits a tile into hashes', () => {
    expect(hashesOf(Buffer.concat(leaves.slice(0, 3)))).toEqual(leaves.slice(0, 3));
    expect(() => hashesOf(Buffer.alloc(33))).toThrow(FormatError);
  });
});

describe('entry bundles', () => {
  const entries = ['{"a":1}', '', '{"b":2}'].map((text) => Buffer.from(text));
  const bundle = encodeBundle(entries);

  it('are read back', () => {
    expect(bundle.toString('hex')).toBe('00077b2261223a317d000000077b2262223a327d');
    expect(decodeBundle(bundle, 3)).toEqual(entries);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 256 }), (list) => {
        expect(decodeBundle(encodeBundle(list), list.length)).toEqual(list.map((e) => Buffer.from(e)));
      }),
      { numRuns: 50 },
    );
  });

  it('hold entries up to 65,535 bytes', () => {
    const longest = Buffer.alloc(65_535, 1);
    expect(decodeBundle(encodeBundle([longest]), 1)).toEqual([longest]);
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(FormatError);
  });

  it.each([
    ['fewer entries than promised', bundle, 4],
    ['more entries than promised', bundle, 2],
    ['an empty bundle', Buffer.alloc(0), 1],
    ['a last byte missing', bundle.subarray(0, -1), 3],
    ['a byte too many', Buffer.concat([bundle, Buffer.of(0)]), 3],
    ['a length cut in two', Buffer.of(0), 1],
    ['an entry longer than the bundle', Buffer.of(0xff, 0xff, 1), 1],
  ])('are refused with %s', (_, bytes, width) => {
    expect(() => decodeBundle(bytes, width)).toThrow(FormatError);
  });
});
