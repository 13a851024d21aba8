import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormatError } from './format.errors.ts';
import {
  CompactRange,
  assembleProof,
  edgeNodes,
  emptyRoot,
  leafHash,
  nodeHash,
  planConsistencyProof,
  planInclusionProof,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type NodeCoordinate,
  type NodeReader,
} from './merkle.ts';

/** RFC 6962 as it is written there, recursion and all: the law that the fast code is held against. */
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1);
function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return Buffer.from(leaves[0]!);
  const k = split(leaves.length);
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}
function naivePath(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}
function naiveSubproof(m: number, leaves: readonly Uint8Array[], known: boolean): Buffer[] {
  if (m === leaves.length) return known ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), known), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const leavesOf = (size: number) =>
  Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));
const readerOf =
  (leaves: readonly Uint8Array[]): NodeReader =>
  ({ height, index }: NodeCoordinate) =>
    naiveRoot(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height));

const LARGEST = 40;
const leaves = leavesOf(LARGEST);
const roots = Array.from({ length: LARGEST + 1 }, (_, n) => naiveRoot(leaves.slice(0, n)));
const inclusion = (index: number, size: number) =>
  assembleProof(planInclusionProof(index, size), readerOf(leaves));
const consistency = (from: number, to: number) =>
  assembleProof(planConsistencyProof(from, to), readerOf(leaves));

/** Inputs and roots of transparency-dev/merkle, which Certificate Transparency logs are tested with. */
const STANDARD_ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((entry) => Buffer.from(entry, 'hex'));
const STANDARD_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('hashing', () => {
  it('gives the standard roots of sizes 1 to 8', () => {
    const range = new CompactRange();
    const found = STANDARD_ENTRIES.map((entry) => {
      range.append(leafHash(entry));
      return hex(range.root());
    });
    expect(found).toEqual(STANDARD_ROOTS);
  });

  it('gives SHA-256 of nothing for the empty tree', () => {
    expect(emptyRoot().toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(rootOf([])).toEqual(emptyRoot());
  });

  it('tells a leaf from a node, so that an inner node can never be shown as an entry', () => {
    const [left, right] = leavesOf(2) as [Buffer, Buffer];
    expect(leafHash(Buffer.concat([left, right]))).not.toEqual(nodeHash(left, right));
  });

  it.each([0, 31, 33])('refuses to hash a node of %i bytes', (length) => {
    expect(() => nodeHash(Buffer.alloc(length), Buffer.alloc(32))).toThrow(FormatError);
    expect(() => nodeHash(Buffer.alloc(32), Buffer.alloc(length))).toThrow(FormatError);
  });
});

describe(CompactRange.name, () => {
  it('has the root of the naive tree at every size', () => {
    const range = new CompactRange();
    expect(range.root()).toEqual(roots[0]);
    leaves.forEach((leaf, i) => {
      range.append(leaf);
      expect(range.size).toBe(i + 1);
      expect(range.root()).toEqual(roots[i + 1]);
    });
  });

  it('goes on from its saved edge as if it had never stopped', () => {
    for (let size = 0; size <= LARGEST; size++) {
      const first = new CompactRange();
      leaves.slice(0, size).forEach((leaf) => first.append(leaf));
      const second = CompactRange.resume(size, first.edge());
      leaves.slice(size).forEach((leaf) => second.append(leaf));
      expect(second.root()).toEqual(roots[LARGEST]);
    }
  });

  it('resumes from the nodes that edgeNodes names', () => {
    const read = readerOf(leaves);
    for (let size = 0; size <= LARGEST; size++) {
      expect(CompactRange.resume(size, edgeNodes(size).map(read)).root()).toEqual(roots[size]);
    }
  });

  it('reports each complete subtree once, with its hash', () => {
    const seen = new Map<string, string>();
    const range = new CompactRange();
    leaves.forEach((leaf) =>
      range.append(leaf, ({ height, index }, hash) => {
        expect(seen.has(`${height}/${index}`)).toBe(false);
        seen.set(`${height}/${index}`, hex(hash));
      }),
    );
    const read = readerOf(leaves);
    for (let height = 0; 2 ** height <= LARGEST; height++) {
      for (let index = 0; (index + 1) * 2 ** height <= LARGEST; index++) {
        expect(seen.get(`${height}/${index}`)).toBe(hex(read({ height, index })));
        seen.delete(`${height}/${index}`);
      }
    }
    expect(seen.size).toBe(0);
  });

  it('keeps its own copy of what it was given', () => {
    const range = new CompactRange();
    const leaf = Buffer.from(leaves[0]!);
    range.append(leaf);
    leaf.fill(0);
    range.edge()[0] = leaf;
    expect(range.root()).toEqual(roots[1]);
  });

  it('refuses an edge that does not fit the size, and a leaf that is no hash', () => {
    expect(() => CompactRange.resume(3, [leaves[0]!])).toThrow('expected 2 edge hashes for size 3, found 1');
    expect(() => CompactRange.resume(1, [Buffer.alloc(31)])).toThrow(FormatError);
    expect(() => CompactRange.resume(-1, [])).toThrow(FormatError);
    expect(() => new CompactRange().append(Buffer.alloc(33))).toThrow(FormatError);
  });

  it('counts beyond 32 bits', () => {
    const size = 2 ** 40 + 2 ** 33 + 5;
    const edge = edgeNodes(size);
    expect(edge).toEqual([
      { height: 40, index: 0 },
      { height: 33, index: 128 },
      { height: 2, index: (2 ** 40 + 2 ** 33) / 4 },
      { height: 0, index: size - 1 },
    ]);
    const range = CompactRange.resume(size, leavesOf(edge.length));
    const merged: NodeCoordinate[] = [];
    range.append(leaves[0]!, (node) => merged.push(node));
    expect(range.size).toBe(size + 1);
    expect(merged).toEqual([
      { height: 0, index: size },
      { height: 1, index: (size - 1) / 2 },
    ]);
  });
});

describe('inclusion', () => {
  it('proves every leaf of every small tree, with the proof of the RFC', () => {
    for (let size = 1; size <= LARGEST; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusion(index, size);
        expect(proof.map(hex)).toEqual(naivePath(index, leaves.slice(0, size)).map(hex));
        expect(verifyInclusion(index, size, leaves[index]!, proof, roots[size]!)).toBe(true);
      }
    }
  });

  it('does not verify at another index, size, leaf or root', () => {
    for (let size = 2; size <= 12; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusion(index, size);
        for (let other = 0; other < size; other++) {
          if (other === index) continue;
          expect(verifyInclusion(other, size, leaves[index]!, proof, roots[size]!)).toBe(false);
          expect(verifyInclusion(index, size, leaves[other]!, proof, roots[size]!)).toBe(false);
          expect(verifyInclusion(index, size, leaves[index]!, proof, roots[other]!)).toBe(false);
        }
      }
    }
  });

  it.each([
    ['index at the size', 5, 5],
    ['index at the size of one leaf', 1, 1],
    ['index beyond the size', 9, 5],
    ['empty tree', 0, 0],
    ['negative index', -1, 5],
    ['fractional index', 1.5, 5],
    ['not a number', NaN, 5],
    ['unsafe size', 0, 2 ** 53],
  ])('refuses an impossible place: %s', (_, index, size) => {
    expect(verifyInclusion(index, size, leaves[0]!, [], leaves[0]!)).toBe(false);
    expect(() => planInclusionProof(index, size)).toThrow(FormatError);
  });

  it('needs no proof in a tree of one leaf, and refuses one', () => {
    expect(verifyInclusion(0, 1, leaves[0]!, [], roots[1]!)).toBe(true);
    expect(verifyInclusion(0, 1, leaves[0]!, [leaves[1]!], roots[1]!)).toBe(false);
  });

  it('refuses a proof that goes on above the root, even to a hash that would fit', () => {
    const above = nodeHash(leaves[9]!, roots[1]!);
    expect(verifyInclusion(0, 1, leaves[0]!, [leaves[9]!], above)).toBe(false);
    const higher = nodeHash(leaves[9]!, roots[3]!);
    expect(verifyInclusion(1, 3, leaves[1]!, [...inclusion(1, 3), leaves[9]!], higher)).toBe(false);
  });

  it('refuses hashes of another length', () => {
    const proof = inclusion(1, 3);
    const long = [...proof.slice(0, 1), Buffer.concat([proof[1]!, Buffer.of(0)])];
    const short = [proof[0]!.subarray(1), proof[1]!];
    expect(verifyInclusion(1, 3, leaves[1]!, long, roots[3]!)).toBe(false);
    expect(verifyInclusion(1, 3, leaves[1]!, short, roots[3]!)).toBe(false);
    expect(verifyInclusion(1, 3, leaves[1]!.subarray(1), proof, roots[3]!)).toBe(false);
    expect(verifyInclusion(1, 3, leaves[1]!, proof, roots[3]!.subarray(1))).toBe(false);
  });

  it('proves places beyond 32 bits', () => {
    // All leaves equal, so that the hash of a complete subtree depends on its height alone.
    const byHeight = [leaves[0]!];
    for (let h = 1; h <= 53; h++) byHeight.push(nodeHash(byHeight[h - 1]!, byHeight[h - 1]!));
    const read: NodeReader = ({ height }) => byHeight[height]!;
    const size = 2 ** 45 + 12_345;
    const root = CompactRange.resume(size, edgeNodes(size).map(read)).root();
    for (const index of [0, 2 ** 33 + 1, 2 ** 45 - 1, 2 ** 45, size - 1]) {
      const proof = assembleProof(planInclusionProof(index, size), read);
      expect(verifyInclusion(index, size, leaves[0]!, proof, root)).toBe(true);
      expect(verifyInclusion(index, size, leaves[1]!, proof, root)).toBe(false);
    }
    const oldSize = 2 ** 40 + 77;
    const oldRoot = CompactRange.resume(oldSize, edgeNodes(oldSize).map(read)).root();
    const proof = assembleProof(planConsistencyProof(oldSize, size), read);
    expect(verifyConsistency(oldSize, size, proof, oldRoot, root)).toBe(true);
    expect(verifyConsistency(oldSize + 1, size, proof, oldRoot, root)).toBe(false);
  });
});

describe('consistency', () => {
  it('proves every growth between small trees, with the proof of the RFC', () => {
    for (let to = 0; to <= LARGEST; to++) {
      for (let from = 0; from <= to; from++) {
        const proof = consistency(from, to);
        if (from > 0) {
          expect(proof.map(hex)).toEqual(naiveSubproof(from, leaves.slice(0, to), true).map(hex));
        }
        expect(verifyConsistency(from, to, proof, roots[from]!, roots[to]!)).toBe(true);
      }
    }
  });

  it('does not verify with another size or root', () => {
    for (let to = 2; to <= 12; to++) {
      for (let from = 1; from < to; from++) {
        const proof = consistency(from, to);
        for (let other = 0; other <= to; other++) {
          if (other !== from) {
            expect(verifyConsistency(from, to, proof, roots[other]!, roots[to]!)).toBe(false);
          }
          if (other !== to) {
            expect(verifyConsistency(from, to, proof, roots[from]!, roots[other]!)).toBe(false);
          }
        }
      }
    }
  });

  it('finds that history was rewritten before a size that someone remembers', () => {
    const rewritten = leaves.map((leaf, i) => (i === 5 ? leafHash(Buffer.from('other')) : leaf));
    const proof = assembleProof(planConsistencyProof(10, 30), readerOf(rewritten));
    expect(verifyConsistency(10, 30, proof, roots[10]!, naiveRoot(rewritten.slice(0, 30)))).toBe(false);
  });

  it.each([
    ['shrinking', 4, 3],
    ['negative', -1, 3],
    ['fractional', 1.5, 3],
    ['unsafe', 1, 2 ** 53],
    ['not a number', NaN, 3],
  ])('refuses impossible sizes: %s', (_, from, to) => {
    expect(verifyConsistency(from, to, [], roots[3]!, roots[3]!)).toBe(false);
    expect(() => planConsistencyProof(from, to)).toThrow(FormatError);
  });

  it('asks for an empty proof and equal roots where sizes are equal', () => {
    expect(verifyConsistency(3, 3, [], roots[3]!, roots[3]!)).toBe(true);
    expect(verifyConsistency(3, 3, [], roots[3]!, roots[4]!)).toBe(false);
    expect(verifyConsistency(3, 3, [leaves[0]!], roots[3]!, roots[3]!)).toBe(false);
  });

  it('asks for an empty proof and the empty root where growth begins at 0', () => {
    expect(verifyConsistency(0, 3, [], emptyRoot(), roots[3]!)).toBe(true);
    expect(verifyConsistency(0, 3, [], roots[1]!, roots[3]!)).toBe(false);
    expect(verifyConsistency(0, 3, [leaves[0]!], emptyRoot(), roots[3]!)).toBe(false);
    expect(verifyConsistency(0, 0, [], emptyRoot(), emptyRoot())).toBe(true);
  });

  it('refuses an empty proof of growth, also from a power of two', () => {
    expect(verifyConsistency(2, 3, [], roots[2]!, roots[3]!)).toBe(false);
    expect(verifyConsistency(3, 5, [], roots[3]!, roots[5]!)).toBe(false);
    expect(verifyConsistency(2, 3, [], roots[3]!, roots[3]!)).toBe(false);
  });

  it('refuses a proof that goes on above the roots, even to hashes that would fit', () => {
    const [from, to] = [nodeHash(leaves[9]!, roots[3]!), nodeHash(leaves[9]!, roots[7]!)];
    expect(verifyConsistency(3, 7, [...consistency(3, 7), leaves[9]!], from, to)).toBe(false);
  });

  it('refuses hashes of another length', () => {
    const proof = consistency(3, 7);
    expect(verifyConsistency(3, 7, [proof[0]!.subarray(1), ...proof.slice(1)], roots[3]!, roots[7]!)).toBe(
      false,
    );
    expect(verifyConsistency(3, 7, proof, roots[3]!.subarray(1), roots[7]!)).toBe(false);
    expect(verifyConsistency(3, 7, proof, roots[3]!, Buffer.concat([roots[7]!, Buffer.of(0)]))).toBe(false);
  });
});

describe('a proof changed in any way', () => {
  type Change = (proof: Buffer[], at: number, byte: number) => Buffer[];
  const changes: Record<string, Change> = {
    'one bit flipped': (proof, at, byte) =>
      proof.map((hash, i) => {
        const copy = Buffer.from(hash);
        if (i === at % proof.length) copy[byte % 32]! ^= 1 << (byte % 8);
        return copy;
      }),
    'one hash dropped': (proof, at) => proof.filter((_, i) => i !== at % proof.length),
    'one hash doubled': (proof, at) =>
      proof.flatMap((hash, i) => (i === at % proof.length ? [hash, hash] : [hash])),
    'one hash appended': (proof, at) => [...proof, leaves[at % LARGEST]!],
    'one hash put in front': (proof, at) => [leaves[at % LARGEST]!, ...proof],
    'two hashes swapped': (proof, at) => {
      const copy = [...proof];
      const [a, b] = [at % proof.length, (at + 1) % proof.length];
      [copy[a], copy[b]] = [copy[b]!, copy[a]!];
      return copy;
    },
  };
  const same = (a: Buffer[], b: Buffer[]) =>
    a.length === b.length && a.every((hash, i) => hash.equals(b[i]!));
  const anyChange = fc.record({
    size: fc.integer({ min: 2, max: LARGEST }),
    position: fc.nat(),
    at: fc.nat(1000),
    byte: fc.nat(255),
  });

  it.each(Object.entries(changes))('never proves inclusion: %s', (_, change) => {
    fc.assert(
      fc.property(anyChange, ({ size, position, at, byte }) => {
        const index = position % size;
        const proof = inclusion(index, size);
        const changed = change(proof, at, byte);
        if (same(proof, changed)) return;
        expect(verifyInclusion(index, size, leaves[index]!, changed, roots[size]!)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(changes))('never proves consistency: %s', (_, change) => {
    fc.assert(
      fc.property(anyChange, ({ size, position, at, byte }) => {
        const from = 1 + (position % (size - 1));
        const proof = consistency(from, size);
        const changed = change(proof, at, byte);
        if (same(proof, changed)) return;
        expect(verifyConsistency(from, size, changed, roots[from]!, roots[size]!)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
