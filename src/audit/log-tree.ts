import { HASH_BYTES, TILE_HEIGHT, TILE_WIDTH } from './format/constants.ts';
import { CompactRange, edgeNodes } from './format/merkle.ts';
import { hashesOf, partialWidth, tileNodeReader, type TileAddress } from './format/tiles.ts';

/** A tile that will never change again. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  /** 256 hashes in a row. */
  readonly hashes: Buffer;
}

/**
 * The Merkle tree of the log at its growing end: enough of it to add entries, to tell the root and to give
 * out each tile when it is full.
 */
export class LogTree {
  private readonly range: CompactRange;
  /** The hashes of each level's last, still partial tile. */
  private readonly open: Buffer[][];
  private full: FullTile[] = [];

  private constructor(range: CompactRange, open: Buffer[][]) {
    this.range = range;
    this.open = open;
  }

  static empty(): LogTree {
    return new LogTree(new CompactRange(), []);
  }

  /**
   * Takes the tree up at a size.
   * @param tileOf gives each tile that {@link partialTilesAt} names
   */
  static resume(size: number, tileOf: (tile: TileAddress) => Uint8Array | undefined): LogTree {
    const read = tileNodeReader(size, tileOf);
    const open: Buffer[][] = [];
    for (const tile of partialTilesAt(size)) {
      open[tile.level] = hashesOf(tileOf(tile) ?? new Uint8Array()).map((hash) => Buffer.from(hash));
    }
    return new LogTree(
      CompactRange.resume(size, edgeNodes(size).map(read)),
      Array.from(open, (hashes) => hashes ?? []),
    );
  }

  get size(): number {
    return this.range.size;
  }

  root(): Buffer {
    return this.range.root();
  }

  append(leafHash: Uint8Array): void {
    this.range.append(leafHash, ({ height, index }, hash) => {
      if (height % TILE_HEIGHT === 0) this.addToTile(height / TILE_HEIGHT, index, hash);
    });
  }

  /** The tiles that became full since the last call, lower levels first within each entry. */
  takeFullTiles(): FullTile[] {
    const tiles = this.full;
    this.full = [];
    return tiles;
  }

  private addToTile(level: number, position: number, hash: Buffer): void {
    const hashes = (this.open[level] ??= []);
    hashes.push(hash);
    if (hashes.length < TILE_WIDTH) return;
    const index = Math.floor(position / TILE_WIDTH);
    this.full.push({ level, index, hashes: Buffer.concat(hashes, TILE_WIDTH * HASH_BYTES) });
    this.open[level] = [];
  }
}

type HashTile = TileAddress & { readonly level: number };

/** The partial tiles at the right edge of a tree: all that is needed to go on. */
export function partialTilesAt(size: number): HashTile[] {
  const tiles: HashTile[] = [];
  for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
    const width = partialWidth(level, size);
    const index = Math.floor(size / TILE_WIDTH ** (level + 1));
    if (width > 0) tiles.push({ level, index, width });
  }
  return tiles;
}
