import { Injectable } from '@nestjs/common';
import { AuditLogRepository } from './audit-log.repository.ts';
import { ENTRIES_LEVEL, TILE_WIDTH } from './format/constants.ts';
import { assembleProof, leafHash, type ProofPlan } from './format/merkle.ts';
import { encodeBundle, type TileAddress, tileNodeReader, tilePath, tilesOfNodes } from './format/tiles.ts';
import { TilesRepository } from './tiles.repository.ts';

/**
 * Tiles as readers get them. Full ones are stored; a partial one is the beginning of a tile that is still
 * growing, so it is made from the entries or from the tiles below it.
 */
@Injectable()
export class Tiles {
  constructor(
    private readonly repository: TilesRepository,
    private readonly entries: AuditLogRepository,
  ) {}

  /** The bytes of a tile or bundle, or null if the log is not that far. */
  async find(tile: TileAddress): Promise<Buffer | null> {
    const { level, index, width } = tile;
    if (level === ENTRIES_LEVEL) return this.findBundle(index, width);
    if (width === TILE_WIDTH) return this.repository.find(level, index);
    const hashes =
      level === 0
        ? (await this.entries.readLeaves(index * TILE_WIDTH, width)).map(({ leaf }) => leafHash(leaf))
        : await this.repository.findRoots(level - 1, index * TILE_WIDTH, width);
    return hashes.length === width ? Buffer.concat(hashes) : null;
  }

  /**
   * The hashes that a plan asks for.
   * @param size of the tree; every tile below it must exist
   */
  async prove(plan: ProofPlan, size: number): Promise<Buffer[]> {
    return assembleProof(plan, tileNodeReader(size, await this.load(tilesOfNodes(plan.flat(), size))));
  }

  /** Reads tiles once and gives them out by address. */
  async load(addresses: readonly TileAddress[]): Promise<(tile: TileAddress) => Buffer | undefined> {
    const loaded = new Map<string, Buffer>();
    for (const address of addresses) {
      const bytes = await this.find(address);
      if (bytes !== null) loaded.set(tilePath(address), bytes);
    }
    return (tile) => loaded.get(tilePath(tile));
  }

  private async findBundle(index: number, width: number): Promise<Buffer | null> {
    const leaves = await this.entries.readLeaves(index * TILE_WIDTH, width);
    return leaves.length === width ? encodeBundle(leaves.map(({ leaf }) => leaf)) : null;
  }
}
