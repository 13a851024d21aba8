import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { leafHash, rootOf } from './format/merkle.ts';
import { hashesOf, type TileAddress, tilePath } from './format/tiles.ts';
import { LogTree, partialTilesAt } from './log-tree.ts';

const LEAVES = Array.from({ length: 1_100 }, (_, n) =>
  leafHash(createHash('sha256').update(String(n)).digest()),
);

/** Tiles made straight from the definition: what a naive reader would compute. */
function naiveTile({ level, index, width }: TileAddress): Buffer {
  if (level === 'entries') throw new Error('no tile of hashes');
  const span = 256 ** level;
  const hashes = Array.from({ length: width }, (_, n) =>
    rootOf(LEAVES.slice((index * 256 + n) * span, (index * 256 + n + 1) * span)),
  );
  return Buffer.concat(hashes);
}

function grown(size: number): LogTree {
  const tree = LogTree.empty();
  for (const leaf of LEAVES.slice(0, size)) tree.append(leaf);
  return tree;
}

describe(LogTree.name, () => {
  it.each([0, 1, 2, 3, 255, 256, 257, 1_000])('has at %i entries the root of the naive tree', (size) => {
    const tree = grown(size);
    expect(tree.size).toBe(size);
    expect(tree.root()).toEqual(rootOf(LEAVES.slice(0, size)));
  });

  it('gives out each full tile once, as the definition says', () => {
    const tree = grown(1_100);
    const tiles = tree.takeFullTiles();
    expect(tiles.map(({ level, index }) => [level, index])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    for (const { level, index, hashes } of tiles)
      expect(hashes).toEqual(naiveTile({ level, index, width: 256 }));
    expect(tree.takeFullTiles()).toEqual([]);
  });

  it.each([0, 1, 255, 256, 257, 512, 700, 1_024])(
    'goes on from %i entries as if it had never stopped',
    (size) => {
      const resumed = LogTree.resume(size, naiveTile);
      expect(resumed.root()).toEqual(grown(size).root());
      const whole = grown(size);
      whole.takeFullTiles();
      for (const leaf of LEAVES.slice(size)) {
        resumed.append(leaf);
        whole.append(leaf);
      }
      expect(resumed.root()).toEqual(whole.root());
      expect(resumed.takeFullTiles()).toEqual(whole.takeFullTiles());
    },
  );

  it('needs nothing but the partial tiles at the edge to go on, and full ones for the root', () => {
    expect(partialTilesAt(70_000).map(tilePath)).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect(partialTilesAt(256).map(tilePath)).toEqual(['tile/1/000.p/1']);
    expect(partialTilesAt(0)).toEqual([]);
  });

  it('does not go on from a tile that is not whole', () => {
    expect(() => LogTree.resume(3, () => Buffer.alloc(64))).toThrow('with 3 hashes');
    expect(() => LogTree.resume(3, () => undefined)).toThrow('no tile');
    expect(hashesOf(naiveTile({ level: 0, index: 0, width: 3 }))).toHaveLength(3);
  });
});
