import {
  ENTRIES_LEVEL,
  ENTRY_LENGTH_BYTES,
  HASH_BYTES,
  MAX_ENTRY_BYTES,
  MAX_TILE_LEVEL,
  TILE_HEIGHT,
  TILE_WIDTH,
} from './constants.ts';
import { FormatError, quote } from './format.errors.ts';
import { edgeNodes, rootOf, type NodeCoordinate, type NodeReader } from './merkle.ts';
import { isTreeSize, requireTreeSize } from './strict-text.ts';

/**
 * One tile of hashes, or one bundle of entries, of the static log (tlog-tiles). A partial and the full tile
 * of the same place are two resources with two paths.
 */
export interface TileAddress {
  /** 0 holds leaf hashes, 1 the roots of full tiles of level 0, and so on; `entries` are bundles. */
  readonly level: number | typeof ENTRIES_LEVEL;
  readonly index: number;
  /** Hashes or entries in it: 1 to 255 in a partial one, 256 in a full one. */
  readonly width: number;
}

/** Where in the tiles a node is found: the root over `count` hashes of the tile from `first` on. */
export interface NodePlace {
  readonly tile: TileAddress;
  readonly first: number;
  readonly count: number;
}

const PATH_PATTERN = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

/** Path below the log's prefix, such as `tile/0/x001/234.p/7` (tlog-tiles, Merkle Tree). */
export function tilePath({ level, index, width }: TileAddress): string {
  if (level !== ENTRIES_LEVEL && !(isTreeSize(level) && level <= MAX_TILE_LEVEL)) {
    throw new FormatError(`a tile level from 0 to ${MAX_TILE_LEVEL}`, String(level));
  }
  if (!(isTreeSize(width) && width >= 1 && width <= TILE_WIDTH)) {
    throw new FormatError(`a tile width from 1 to ${TILE_WIDTH}`, String(width));
  }
  let rest = requireTreeSize(index, 'tile index');
  let groups = threeDigits(rest % 1000);
  while (rest >= 1000) {
    rest = Math.floor(rest / 1000);
    groups = `x${threeDigits(rest % 1000)}/${groups}`;
  }
  return `tile/${level}/${groups}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/**
 * The only path that `tilePath` gives for a tile: no query, no leading `/`, no superfluous zeros, and no
 * `.p/256` for a full tile.
 *
 * @throws FormatError for every other text
 */
export function parseTilePath(path: string): TileAddress {
  const [, level, groups, width] = PATH_PATTERN.exec(path) ?? [];
  if (level !== undefined && groups !== undefined) {
    const address = {
      level: level === ENTRIES_LEVEL ? ENTRIES_LEVEL : Number(level),
      index: Number(groups.replaceAll(/[x/]/g, '')),
      width: width === undefined ? TILE_WIDTH : Number(width),
    } satisfies TileAddress;
    if (tilePath(address) === path) return address;
  }
  throw new FormatError('a tile path in its only spelling', quote(path));
}

/** Hashes in the partial tile at the right edge of a level, 0 where the level has none. */
export function partialWidth(level: number, treeSize: number): number {
  return Math.floor(treeSize / TILE_WIDTH ** level) % TILE_WIDTH;
}

/**
 * The tiles of hashes that are new when a tree grows: each full tile that was completed on the way, and at
 * each level the partial tile of the new size. Lower levels first, left to right, so that whoever writes
 * them in order can build each from hashes that it has. Tiles of the old size are taken as written. The
 * bundles of entries are those of level 0.
 */
export function tilesOfGrowth(oldSize: number, newSize: number): TileAddress[] {
  requireTreeSize(newSize, 'new tree size');
  if (requireTreeSize(oldSize, 'old tree size') > newSize) {
    throw new FormatError(`an old tree size of at most ${newSize}`, String(oldSize));
  }
  const tiles: TileAddress[] = [];
  for (let level = 0; ; level++) {
    const before = Math.floor(oldSize / TILE_WIDTH ** level);
    const after = Math.floor(newSize / TILE_WIDTH ** level);
    if (after === before) return tiles;
    const full = Math.floor(after / TILE_WIDTH);
    for (let index = Math.floor(before / TILE_WIDTH); index < full; index++) {
      tiles.push({ level, index, width: TILE_WIDTH });
    }
    const width = after % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: full, width });
  }
}

/**
 * The tile of a tree that holds a node, or that holds the hashes below it.
 *
 * @throws FormatError when the node is no complete subtree of a tree of this size
 */
export function placeOfNode({ height, index }: NodeCoordinate, treeSize: number): NodePlace {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const firstHash = index * count;
  const hashesAtLevel = Math.floor(treeSize / TILE_WIDTH ** level);
  if (!isTreeSize(index) || !isTreeSize(height) || firstHash + count > hashesAtLevel) {
    throw new FormatError(
      `a node of the tree of size ${treeSize}`,
      `the node at height ${height}, index ${index}`,
    );
  }
  const tileIndex = Math.floor(firstHash / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, hashesAtLevel - tileIndex * TILE_WIDTH);
  return { tile: { level, index: tileIndex, width }, first: firstHash % TILE_WIDTH, count };
}

/** The tiles that must be read for these nodes, each once, in order of first use. */
export function tilesOfNodes(nodes: Iterable<NodeCoordinate>, treeSize: number): TileAddress[] {
  const tiles = new Map<string, TileAddress>();
  for (const node of nodes) {
    const { tile } = placeOfNode(node, treeSize);
    tiles.set(tilePath(tile), tile);
  }
  return [...tiles.values()];
}

/**
 * Reads nodes out of tiles that were loaded before (`tilesOfNodes` names them). A full tile may be given
 * where a partial one of the same place was asked for, as tlog-tiles lets a log delete the partial one.
 *
 * @throws FormatError when a tile is missing, too narrow or no sequence of hashes
 */
export function tileNodeReader(
  treeSize: number,
  tileOf: (tile: TileAddress) => Uint8Array | undefined,
): NodeReader {
  return (node) => {
    const { tile, first, count } = placeOfNode(node, treeSize);
    const bytes = tileOf(tile);
    if (bytes?.length !== tile.width * HASH_BYTES && bytes?.length !== TILE_WIDTH * HASH_BYTES) {
      throw new FormatError(
        `${tilePath(tile)} with ${tile.width} hashes`,
        bytes === undefined ? 'no tile' : `${bytes.length} bytes`,
      );
    }
    return rootOf(hashesOf(bytes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES)));
  };
}

/** The nodes from which `CompactRange.resume` takes up a tree, and the tiles where they are found. */
export function tilesOfEdge(size: number): TileAddress[] {
  return tilesOfNodes(edgeNodes(size), size);
}

/** Splits the bytes of a tile into its hashes, without copying. */
export function hashesOf(tile: Uint8Array): Uint8Array[] {
  if (tile.length % HASH_BYTES !== 0) {
    throw new FormatError(`a multiple of ${HASH_BYTES} bytes`, `${tile.length} bytes`);
  }
  return Array.from({ length: tile.length / HASH_BYTES }, (_, i) =>
    tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/** A bundle of entries: each preceded by its length in two bytes (tlog-tiles, Log entries). */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bundle = Buffer.allocUnsafe(
    entries.reduce((sum, entry) => sum + ENTRY_LENGTH_BYTES + entry.length, 0),
  );
  let offset = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) {
      throw new FormatError(`an entry of at most ${MAX_ENTRY_BYTES} bytes`, `${entry.length} bytes`);
    }
    offset = bundle.writeUInt16BE(entry.length, offset);
    bundle.set(entry, offset);
    offset += entry.length;
  }
  return bundle;
}

/**
 * The entries of a bundle, as views of its bytes.
 *
 * @param width how many entries the bundle's path promises
 * @throws FormatError for a bundle with more or fewer entries, or that ends within one
 */
export function decodeBundle(bundle: Uint8Array, width: number): Buffer[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + ENTRY_LENGTH_BYTES;
    const end = start <= bytes.length ? start + bytes.readUInt16BE(offset) : Infinity;
    if (end > bytes.length) {
      throw new FormatError(`entry ${entries.length} of the bundle to be whole`, 'the end of the bundle');
    }
    entries.push(bytes.subarray(start, end));
    offset = end;
  }
  if (entries.length !== width) {
    throw new FormatError(`a bundle of ${width} entries`, `${entries.length}`);
  }
  return entries;
}

function threeDigits(n: number): string {
  return n.toString().padStart(3, '0');
}
