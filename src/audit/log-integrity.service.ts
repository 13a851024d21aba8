import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { CheckpointsRepository, type StoredCheckpoint } from './checkpoints.repository.ts';
import { openCheckpoint } from './format/checkpoint.ts';
import { edgeNodes } from './format/merkle.ts';
import { tilesOfNodes } from './format/tiles.ts';
import { LogKeys } from './log-keys.service.ts';
import { LogTree, partialTilesAt } from './log-tree.ts';
import { Tiles } from './tiles.service.ts';

export type LogFault =
  | 'LOG_SHORTER_THAN_CHECKPOINT'
  | 'ROOT_DIFFERS'
  | 'TILE_DIFFERS'
  | 'ENTRY_MISSING'
  | 'CHECKPOINT_NOT_OURS'
  | 'CLOCK_BACKWARDS';

/** The log and its last checkpoint contradict each other, or would if another were signed. Nothing is signed then. */
export class LogFaultError extends Error {
  override readonly name = 'LogFaultError';

  constructor(
    readonly fault: LogFault,
    message: string,
  ) {
    super(`${fault}: ${message}`);
  }
}

/** The tree at the last checkpoint, found to be the one that was signed. */
export interface SealedTree {
  readonly tree: LogTree;
  /** Null before the first checkpoint. */
  readonly latest: StoredCheckpoint | null;
}

/** Compares the log with its last checkpoint before anything is signed on top of it. */
@Injectable()
export class LogIntegrity {
  constructor(
    private readonly entries: AuditLogRepository,
    private readonly checkpoints: CheckpointsRepository,
    private readonly tiles: Tiles,
    private readonly keys: LogKeys,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Takes the tree up where the last checkpoint left it.
   * @throws LogFaultError if key, size, root, tiles or time are not as they were signed
   */
  async resume(): Promise<SealedTree> {
    const latest = await this.checkpoints.findLatest();
    const head = await this.entries.readHead();
    if (head.at !== '') this.refuseClockBehind(new Date(head.at));
    if (latest === null) return { tree: LogTree.empty(), latest };
    this.refuseForeign(latest);
    if (head.next < latest.size) {
      throw new LogFaultError(
        'LOG_SHORTER_THAN_CHECKPOINT',
        `it has ${head.next} entries, the checkpoint ${latest.size}`,
      );
    }
    const tree = await this.treeAt(latest.size);
    if (!tree.root().equals(latest.root)) {
      throw new LogFaultError(
        'ROOT_DIFFERS',
        `the entries below ${latest.size} are not those that were signed for`,
      );
    }
    return { tree, latest };
  }

  /** @throws LogFaultError CLOCK_BACKWARDS if an entry is of the future by more than the tolerance */
  refuseClockBehind(newest: Date): void {
    if (newest.getTime() - this.clock.now().getTime() > this.config.audit.clockToleranceMs) {
      throw new LogFaultError(
        'CLOCK_BACKWARDS',
        `the newest entry is of ${newest.toISOString()}, which is in the future`,
      );
    }
  }

  private async treeAt(size: number): Promise<LogTree> {
    const needed = [...tilesOfNodes(edgeNodes(size), size), ...partialTilesAt(size)];
    const tileOf = await this.tiles.load(needed);
    const missing = needed.find((tile) => tileOf(tile) === undefined);
    if (missing)
      throw new LogFaultError(
        'ENTRY_MISSING',
        `the tile at level ${missing.level}, index ${missing.index} is gone`,
      );
    return LogTree.resume(size, tileOf);
  }

  private refuseForeign({ note, size, root }: StoredCheckpoint): void {
    const verdict = openCheckpoint(note, this.keys.verifiers);
    if (verdict.outcome !== 'TRUSTED') {
      throw new LogFaultError(
        'CHECKPOINT_NOT_OURS',
        `AUDIT_SIGNING_KEY and AUDIT_LOG_ORIGIN are not those of the last checkpoint (${verdict.outcome}); to replace a key, keep the old one behind the new one`,
      );
    }
    if (verdict.checkpoint.size !== size || !verdict.checkpoint.root.equals(root)) {
      throw new LogFaultError('ROOT_DIFFERS', 'the last checkpoint is not stored as it was signed');
    }
  }
}
