import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Tree, hashLeaf, hashPair, rootOfProof } from './tree.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 6962, 2.1 and 2.1.1, as they are written. */
function mth(hashes: readonly Buffer[]): Buffer {
  if (hashes.length <= 1) return hashes[0] ?? sha256();
  const k = splitOf(hashes.length);
  return sha256(Buffer.of(1), mth(hashes.slice(0, k)), mth(hashes.slice(k)));
}
function path(m: number, hashes: readonly Buffer[]): Buffer[] {
  if (hashes.length === 1) return [];
  const k = splitOf(hashes.length);
  return m < k
    ? [...path(m, hashes.slice(0, k)), mth(hashes.slice(k))]
    : [...path(m - k, hashes.slice(k)), mth(hashes.slice(0, k))];
}
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

const leaves = Array.from({ length: 600 }, (_, n) => hashLeaf(Buffer.from(String(n))));

describe('hashing', () => {
  it('gives the standard roots of sizes 1 to 8', () => {
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const tree = new Tree();
    const roots = entries.map((entry) => {
      tree.add(hashLeaf(Buffer.from(entry, 'hex')));
      return tree.root().toString('hex');
    });
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('gives SHA-256 of nothing for the empty tree', () => {
    expect(new Tree().root().toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
  });

  it('hashes entries of every length, one after the other', () => {
    for (const length of [70_000, 1, 32_768, 0, 32_769, 64, 65]) {
      const entry = Buffer.alloc(length, length);
      expect(hashLeaf(entry)).toEqual(sha256(Buffer.of(0), entry));
    }
    expect(hashPair(leaves[0]!, leaves[1]!)).toEqual(sha256(Buffer.of(1), leaves[0]!, leaves[1]!));
  });
});

describe(Tree.name, () => {
  it('has the root of the definition at every size', () => {
    const tree = new Tree();
    for (const [n, leaf] of leaves.entries()) {
      tree.add(leaf);
      if (n < 40 || n % 37 === 0 || n === 255 || n === 256) {
        expect(tree.root()).toEqual(mth(leaves.slice(0, n + 1)));
      }
    }
    expect(tree.size).toBe(600);
  });

  it('gives each full tile once, with its root, and the partial ones at the end', () => {
    const tree = new Tree();
    const full = leaves.flatMap((leaf) => {
      tree.add(leaf);
      return tree.takeFullTiles();
    });
    expect(full).toEqual([
      {
        level: 0,
        index: 0,
        hashes: Buffer.concat(leaves.slice(0, 256)),
        root: mth(leaves.slice(0, 256)),
      },
      {
        level: 0,
        index: 1,
        hashes: Buffer.concat(leaves.slice(256, 512)),
        root: mth(leaves.slice(256, 512)),
      },
    ]);
    expect(tree.partialTiles()).toEqual([
      { level: 0, index: 2, hashes: Buffer.concat(leaves.slice(512)) },
      { level: 1, index: 0, hashes: Buffer.concat([mth(leaves.slice(0, 256)), mth(leaves.slice(256, 512))]) },
    ]);
  });

  it('has no partial tile where the last one is full', () => {
    const tree = new Tree();
    for (const leaf of leaves.slice(0, 256)) tree.add(leaf);
    expect(tree.partialTiles()).toEqual([{ level: 1, index: 0, hashes: mth(leaves.slice(0, 256)) }]);
  });
});

describe(rootOfProof.name, () => {
  it('leads from every leaf of every small tree to its root', () => {
    for (let size = 1; size <= 33; size++) {
      const some = leaves.slice(0, size);
      for (let index = 0; index < size; index++) {
        expect(rootOfProof(index, size, some[index]!, path(index, some))).toEqual(mth(some));
      }
    }
  });

  it('leads elsewhere from a proof that was changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat(), fc.nat(255), (size, i, at, bit) => {
        const some = leaves.slice(0, size);
        const index = i % size;
        const proof = path(index, some).map((hash) => Buffer.from(hash));
        proof[at % proof.length]![bit % 32]! ^= 1 << (bit % 8);
        expect(rootOfProof(index, size, some[index]!, proof)).not.toEqual(mth(some));
      }),
    );
  });

  it.each([
    ['a hash too many', 3, 7, 1],
    ['a hash too few', 3, 7, -1],
    ['any hash in a tree of one', 0, 1, 1],
  ])('knows the length of a proof: %s', (_, index, size, more) => {
    const some = leaves.slice(0, size);
    const proof = [...path(index, some), leaves[0]!].slice(0, path(index, some).length + more);
    expect(rootOfProof(index, size, some[index]!, proof)).toBeNull();
  });

  it.each([
    [1, 1],
    [7, 7],
    [9, 7],
    [0, 0],
  ])('has no root for index %i of %i', (index, size) => {
    for (let length = 0; length < 5; length++) {
      expect(rootOfProof(index, size, leaves[0]!, leaves.slice(0, length))).toBeNull();
    }
  });
});
