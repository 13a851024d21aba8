import { hash } from 'node:crypto';
import {
  HASH_BYTES,
  LEAF_HASH_PREFIX,
  MAX_LEAF_BYTES,
  NODE_HASH_PREFIX,
  TILE_HEIGHT,
  TILE_WIDTH,
} from '../audit/format/constants.ts';

/*
 * The verifier's own hashing, written from RFC 6962 and not shared with the log: two programs that were
 * written apart and agree on a root are what makes the root believable.
 */

/** Prefix and content of what is hashed next; hashing is synchronous, so each is free again at once. */
const leafMessage = Buffer.alloc(1 + MAX_LEAF_BYTES, LEAF_HASH_PREFIX);
const pairMessage = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_HASH_PREFIX);

/** SHA-256(0x00 || entry). */
export function hashLeaf(entry: Uint8Array): Buffer {
  const fits = entry.length <= MAX_LEAF_BYTES;
  const message = fits ? leafMessage : Buffer.alloc(1 + entry.length, LEAF_HASH_PREFIX);
  message.set(entry, 1);
  return hash('sha256', message.subarray(0, 1 + entry.length), 'buffer');
}

/** SHA-256(0x01 || left || right). */
export function hashPair(left: Uint8Array, right: Uint8Array): Buffer {
  pairMessage.set(left, 1);
  pairMessage.set(right, 1 + HASH_BYTES);
  return hash('sha256', pairMessage, 'buffer');
}

/** A tile as it must be for the entries that were read. */
export interface ComputedTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Buffer;
  /** Root over the hashes of a full tile. */
  root?: Buffer;
}

interface TileInProgress {
  hashes: Buffer;
  filled: number;
  index: number;
}

/**
 * A tree that grows leaf by leaf. Keeps one hash for each set bit of its size (a binary counter that
 * carries) and one unfinished tile for each level, whatever the number of leaves.
 */
export class Tree {
  size = 0;
  readonly #counter: (Buffer | undefined)[] = [];
  readonly #tiles: TileInProgress[] = [];
  #finished: ComputedTile[] = [];

  add(leaf: Buffer): void {
    this.size++;
    let carry = leaf;
    for (let bit = 0; ; bit++) {
      if (bit % TILE_HEIGHT === 0) this.#addToTile(bit / TILE_HEIGHT, carry);
      const left = this.#counter[bit];
      if (left === undefined) {
        this.#counter[bit] = carry;
        return;
      }
      carry = hashPair(left, carry);
      this.#counter[bit] = undefined;
    }
  }

  root(): Buffer {
    let root: Buffer | undefined;
    for (const node of this.#counter) {
      if (node !== undefined) root = root === undefined ? node : hashPair(node, root);
    }
    return root ?? hash('sha256', '', 'buffer');
  }

  /** The full tiles that were finished since the last call. */
  takeFullTiles(): readonly ComputedTile[] {
    if (this.#finished.length === 0) return this.#finished;
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  /** The partial tiles of the present size, lowest level first. */
  partialTiles(): ComputedTile[] {
    return this.#tiles.flatMap(({ hashes, filled, index }, level) =>
      filled === 0 ? [] : [{ level, index, hashes: hashes.subarray(0, filled * HASH_BYTES) }],
    );
  }

  #addToTile(level: number, node: Buffer): void {
    // A node gets to a higher level only by finishing the tile below it, just now.
    const below = level === 0 ? undefined : this.#finished.at(-1);
    if (below !== undefined) below.root = node;
    const tile = (this.#tiles[level] ??= { hashes: emptyTile(), filled: 0, index: 0 });
    tile.hashes.set(node, tile.filled * HASH_BYTES);
    tile.filled++;
    if (tile.filled < TILE_WIDTH) return;
    this.#finished.push({ level, index: tile.index, hashes: tile.hashes });
    this.#tiles[level] = { hashes: emptyTile(), filled: 0, index: tile.index + 1 };
  }
}

/**
 * The root that a leaf and its inclusion proof lead to, or null when the proof has the wrong number of
 * hashes for the place. Written from the definition of PATH in RFC 6962, 2.1.1, top down: it walks the
 * splits of the tree, not the bits of the index as the log's own verification does.
 */
export function rootOfProof(
  index: number,
  size: number,
  leaf: Buffer,
  proof: readonly Buffer[],
): Buffer | null {
  const splits: ('LEFT' | 'RIGHT')[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    let left = 1;
    while (left * 2 < end - start) left *= 2;
    if (index < start + left) {
      end = start + left;
      splits.push('LEFT');
    } else {
      start += left;
      splits.push('RIGHT');
    }
  }
  if (index >= size || splits.length !== proof.length) return null;
  return proof.reduce(
    (node, sibling, i) =>
      splits[splits.length - 1 - i] === 'LEFT' ? hashPair(node, sibling) : hashPair(sibling, node),
    leaf,
  );
}

function emptyTile(): Buffer {
  return Buffer.alloc(TILE_WIDTH * HASH_BYTES);
}
