import { Injectable } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { CheckpointsRepository, type StoredCheckpoint } from './checkpoints.repository.ts';
import { ENTRIES_LEVEL, TILE_WIDTH } from './format/constants.ts';
import { FormatError } from './format/format.errors.ts';
import { planConsistencyProof, planInclusionProof } from './format/merkle.ts';
import { parseTilePath, type TileAddress } from './format/tiles.ts';
import { encodeTlogProof } from './format/tlog-proof.ts';
import { Tiles } from './tiles.service.ts';

/** What outsiders need to check the log: checkpoints, tiles and proofs. */
@Injectable()
export class CheckpointQueries {
  private readonly quorum: number;

  constructor(
    private readonly checkpoints: CheckpointsRepository,
    private readonly entries: AuditLogRepository,
    private readonly tiles: Tiles,
    config: AppConfig,
  ) {
    this.quorum = config.audit.witnessQuorum;
  }

  /** The latest checkpoint as a signed note, with the signatures of witnesses. Null before the first. */
  async findNote(): Promise<Buffer | null> {
    const latest = await this.findServed();
    return latest && this.withCosignatures(latest);
  }

  /** A tile or bundle by its path below `/tlog/`; null unless the latest checkpoint covers it. */
  async findTile(path: string): Promise<Buffer | null> {
    const tile = addressOf(path);
    const latest = await this.findServed();
    if (tile === null || latest === null || entriesBelow(tile) > latest.size) return null;
    return this.tiles.find(tile);
  }

  /**
   * A receipt that proves offline that an entry is in the log.
   * @throws Problem ENTRY_NOT_FOUND, or NOT_YET_SEALED until a checkpoint covers the entry
   */
  async receipt(index: number): Promise<Buffer> {
    const latest = await this.findServed();
    if (latest === null || index >= latest.size) {
      const { next } = await this.entries.readHead();
      if (index >= next) throw new Problem('ENTRY_NOT_FOUND', 'Ask for an index below the size of the log.');
      throw notYetSealed();
    }
    const hashes = await this.tiles.prove(planInclusionProof(index, latest.size), latest.size);
    return encodeTlogProof({ index, hashes, checkpoint: await this.withCosignatures(latest) });
  }

  /**
   * Proves that the log of size `to` extends the one of size `from`.
   * @throws Problem NOT_YET_SEALED if no checkpoint covers `to` yet
   */
  async consistency(from: number, to: number): Promise<Buffer[]> {
    const latest = await this.findServed();
    if (latest === null || to > latest.size) throw notYetSealed();
    return this.tiles.prove(planConsistencyProof(from, to), to);
  }

  /** The newest checkpoint that enough witnesses have signed; nothing newer is shown to anybody. */
  private findServed(): Promise<StoredCheckpoint | null> {
    return this.checkpoints.findLatestCosigned(this.quorum);
  }

  private async withCosignatures({ number, note }: StoredCheckpoint): Promise<Buffer> {
    const lines = await this.checkpoints.findCosignatures(number);
    return Buffer.concat([note, ...lines.map((line) => Buffer.from(line))]);
  }
}

function notYetSealed(): Problem {
  return new Problem('NOT_YET_SEALED', 'Ask again in a second.', { retryAfterSeconds: 1 });
}

function addressOf(path: string): TileAddress | null {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** How many entries a log has at least that holds this tile. */
function entriesBelow({ level, index, width }: TileAddress): number {
  return (index * TILE_WIDTH + width) * TILE_WIDTH ** (level === ENTRIES_LEVEL ? 0 : level);
}
