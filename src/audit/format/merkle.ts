import { hash } from 'node:crypto';
import { HASH_BYTES, LEAF_HASH_PREFIX, NODE_HASH_PREFIX } from './constants.ts';
import { FormatError } from './format.errors.ts';
import { isTreeSize, requireTreeSize } from './strict-text.ts';

/**
 * A complete subtree: the root of the 2^height leaves that begin at leaf index · 2^height. Sizes and
 * indexes go beyond 32 bits, so nothing here uses bit operators.
 */
export interface NodeCoordinate {
  readonly height: number;
  readonly index: number;
}

/**
 * The nodes to be read for a proof: one list per proof hash, in the proof's order. A list of several nodes
 * is folded from the right into one hash; that happens only at the tree's ragged right edge.
 */
export type ProofPlan = readonly (readonly NodeCoordinate[])[];

/** Height of the largest complete subtree that a tree of a safe size can have. */
const MAX_HEIGHT = 52;

/** Gives the hash of a node that a plan named. */
export type NodeReader = (node: NodeCoordinate) => Uint8Array;

/** RFC 6962, 2.1: MTH({d}) = SHA-256(0x00 || d). */
export function leafHash(entry: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(1 + entry.length);
  message[0] = LEAF_HASH_PREFIX;
  message.set(entry, 1);
  return hash('sha256', message, 'buffer');
}

/** RFC 6962, 2.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) {
    throw new FormatError(`hashes of ${HASH_BYTES} bytes`, `${left.length} and ${right.length} bytes`);
  }
  const message = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  message[0] = NODE_HASH_PREFIX;
  message.set(left, 1);
  message.set(right, 1 + HASH_BYTES);
  return hash('sha256', message, 'buffer');
}

/** The root of a tree without entries: SHA-256 of nothing. */
export function emptyRoot(): Buffer {
  return hash('sha256', '', 'buffer');
}

/** The root over leaf hashes (not entries). */
export function rootOf(leafHashes: Iterable<Uint8Array>): Buffer {
  const range = new CompactRange();
  for (const leaf of leafHashes) range.append(leaf);
  return range.root();
}

/**
 * The right edge of a growing tree: the roots of its complete subtrees, largest first, one for each bit of
 * the size. Appending costs two hashes on average, memory is at most 53 hashes.
 */
export class CompactRange {
  #size = 0;
  readonly #edge: Buffer[] = [];

  /**
   * Takes up a tree where it was left.
   *
   * @param edge what `edge()` gave at that size, or the nodes of `edgeNodes(size)` read from tiles
   * @throws FormatError when the number or the length of the hashes doesn't fit the size
   */
  static resume(size: number, edge: readonly Uint8Array[]): CompactRange {
    const wanted = edgeNodes(size).length;
    if (edge.length !== wanted) {
      throw new FormatError(`${wanted} edge hashes for size ${size}`, `${edge.length}`);
    }
    const range = new CompactRange();
    range.#edge.push(...edge.map(copyOfHash));
    range.#size = size;
    return range;
  }

  get size(): number {
    return this.#size;
  }

  /** The hashes from which `resume` rebuilds this state, largest subtree first. */
  edge(): Buffer[] {
    return [...this.#edge];
  }

  /**
   * Adds one leaf.
   *
   * @param completed is told every subtree that this leaf completes, from the leaf itself upwards; the
   *   nodes at heights 0, 8, 16… are what tiles hold
   */
  append(leaf: Uint8Array, completed?: (node: NodeCoordinate, hash: Buffer) => void): void {
    let node = copyOfHash(leaf);
    let index = requireTreeSize(this.#size + 1, 'tree size') - 1;
    this.#size++;
    completed?.({ height: 0, index }, node);
    for (let height = 1; index % 2 === 1; height++) {
      const left = this.#edge.pop();
      if (left === undefined) throw new FormatError('an edge that matches the size', 'a missing hash');
      node = nodeHash(left, node);
      index = (index - 1) / 2;
      completed?.({ height, index }, node);
    }
    this.#edge.push(node);
  }

  root(): Buffer {
    return this.#edge.length === 0 ? emptyRoot() : foldRight(this.#edge);
  }
}

/** The complete subtrees that make up a tree of this size, largest first. */
export function edgeNodes(size: number): NodeCoordinate[] {
  return nodesOfRange(0, requireTreeSize(size, 'tree size'));
}

/**
 * What to read for the inclusion proof of a leaf (RFC 6962, 2.1.1). First the plan, then the reading, then
 * `assembleProof`: so the nodes can come from a database or from the network without this file knowing.
 *
 * @throws FormatError when the index is not below the size
 */
export function planInclusionProof(index: number, size: number): ProofPlan {
  requireTreeSize(size, 'tree size');
  if (requireTreeSize(index, 'leaf index') >= size) {
    throw new FormatError(`a leaf index below the tree size ${size}`, String(index));
  }
  const plan: NodeCoordinate[][] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const split = start + largestPowerOfTwoBelow(end - start);
    if (index < split) {
      plan.push(nodesOfRange(split, end));
      end = split;
    } else {
      plan.push(nodesOfRange(start, split));
      start = split;
    }
  }
  return plan.reverse();
}

/**
 * What to read for the proof that the tree of `newSize` extends the tree of `oldSize` (RFC 6962, 2.1.2).
 * Nothing for equal sizes, and nothing for `oldSize` 0, which every tree extends.
 *
 * @throws FormatError when the old size exceeds the new one
 */
export function planConsistencyProof(oldSize: number, newSize: number): ProofPlan {
  requireTreeSize(newSize, 'new tree size');
  if (requireTreeSize(oldSize, 'old tree size') > newSize) {
    throw new FormatError(`an old tree size of at most ${newSize}`, String(oldSize));
  }
  if (oldSize === 0 || oldSize === newSize) return [];
  const plan: NodeCoordinate[][] = [];
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const split = start + largestPowerOfTwoBelow(end - start);
    if (oldSize <= split) {
      plan.push(nodesOfRange(split, end));
      end = split;
    } else {
      plan.push(nodesOfRange(start, split));
      start = split;
    }
  }
  // The subtree that ends at the old size is left out only where it is the old tree, whose root is known.
  if (start > 0) plan.push(nodesOfRange(start, end));
  return plan.reverse();
}

/** Turns a plan into the hashes of the proof. */
export function assembleProof(plan: ProofPlan, read: NodeReader): Buffer[] {
  return plan.map((nodes) => foldRight(nodes.map((node) => copyOfHash(read(node)))));
}

/**
 * Whether a leaf stands at an index of the tree with this size and root (RFC 9162, 2.1.3.2). False for any
 * proof that is too long, too short or has a hash of another length; never throws.
 */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isTreeSize(index) || !isTreeSize(size) || index >= size) return false;
  if (!allHashes(proof, leaf, root)) return false;
  let position = index;
  let last = size - 1;
  let node = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = nodeHash(sibling, node);
      while (position % 2 === 0 && position !== 0) {
        position = half(position);
        last = half(last);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    position = half(position);
    last = half(last);
  }
  return last === 0 && sameBytes(node, root);
}

/**
 * Whether the tree with the new size and root extends the one with the old size and root (RFC 9162,
 * 2.1.4.2). From size 0 only the old root and an empty proof are checked, as there is nothing to prove.
 */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!isTreeSize(oldSize) || !isTreeSize(newSize) || oldSize > newSize) return false;
  if (!allHashes(proof, oldRoot, newRoot)) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, emptyRoot());

  let position = oldSize - 1;
  let last = newSize - 1;
  while (position % 2 === 1) {
    position = half(position);
    last = half(last);
  }
  // The old tree is one complete subtree, so its own root is where both computations begin.
  const [first, ...rest] = position === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let oldNode = first;
  let newNode = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldNode = nodeHash(sibling, oldNode);
      newNode = nodeHash(sibling, newNode);
      while (position % 2 === 0 && position !== 0) {
        position = half(position);
        last = half(last);
      }
    } else {
      newNode = nodeHash(newNode, sibling);
    }
    position = half(position);
    last = half(last);
  }
  return last === 0 && sameBytes(oldNode, oldRoot) && sameBytes(newNode, newRoot);
}

/** The hash of a range from its complete subtrees, largest first: MTH folded from the right. */
function foldRight(hashes: readonly Buffer[]): Buffer {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * The complete subtrees of leaves [start, end), largest first. `start` must be a multiple of the largest,
 * which holds wherever RFC 6962 splits a tree.
 */
function nodesOfRange(start: number, end: number): NodeCoordinate[] {
  const nodes: NodeCoordinate[] = [];
  let from = start;
  for (let height = MAX_HEIGHT; height >= 0; height--) {
    const leaves = 2 ** height;
    if (leaves > end - from) continue;
    nodes.push({ height, index: from / leaves });
    from += leaves;
  }
  return nodes;
}

/** RFC 6962, 2.1: k, the largest power of two smaller than n. */
function largestPowerOfTwoBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function allHashes(proof: readonly Uint8Array[], ...others: readonly Uint8Array[]): boolean {
  return [...proof, ...others].every(({ length }) => length === HASH_BYTES);
}

/** A copy, so that a caller who reuses its buffer doesn't change a tree behind its back. */
function copyOfHash(bytes: Uint8Array): Buffer {
  if (bytes.length !== HASH_BYTES) {
    throw new FormatError(`a hash of ${HASH_BYTES} bytes`, `${bytes.length} bytes`);
  }
  return Buffer.from(bytes);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
