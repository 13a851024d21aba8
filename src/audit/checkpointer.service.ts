import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { type ReadinessCheck, ReadinessChecks } from '../platform/health/readiness.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { CheckpointMetrics } from './checkpoint-metrics.service.ts';
import { CheckpointsRepository, type StoredCheckpoint } from './checkpoints.repository.ts';
import { openCheckpoint, signCheckpoint } from './format/checkpoint.ts';
import { edgeNodes, leafHash } from './format/merkle.ts';
import { tilesOfNodes } from './format/tiles.ts';
import { LogKeys } from './log-keys.service.ts';
import { LogTree, partialTilesAt } from './log-tree.ts';
import { TileDiffersError, TilesRepository } from './tiles.repository.ts';
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

const LEASE = 'checkpointer';
const LEASE_MS = 3_000;
const EVERY_MS = 200;
const CHUNK = 2_048;

/**
 * Integrates new entries into the Merkle tree and signs its root. One instance does so at a time; two that
 * overlap can't harm, because every checkpoint number and size is taken once and both compute the same tree.
 */
@Injectable()
export class Checkpointer implements OnApplicationBootstrap, ReadinessCheck {
  readonly name = 'log';
  private readonly logger = new Logger(Checkpointer.name);
  private tree: LogTree | null = null;
  private latest: StoredCheckpoint | null = null;
  private fault: LogFaultError | null = null;
  private running = false;

  constructor(
    private readonly entries: AuditLogRepository,
    private readonly checkpoints: CheckpointsRepository,
    private readonly tiles: Tiles,
    private readonly tileStore: TilesRepository,
    private readonly keys: LogKeys,
    private readonly leases: Leases,
    private readonly clock: Clock,
    private readonly config: AppConfig,
    private readonly metrics: CheckpointMetrics,
    checks: ReadinessChecks,
  ) {
    checks.add(this);
  }

  /**
   * Compares the log with its last checkpoint before the first request is taken.
   * @throws LogFaultError that keeps the service from starting (G8)
   */
  async onApplicationBootstrap(): Promise<void> {
    await this.resume();
  }

  check(): Promise<void> {
    return this.fault === null ? Promise.resolve() : Promise.reject(this.fault);
  }

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      if ((await this.leases.hold(LEASE, LEASE_MS)) === null) this.tree = null;
      else await this.integrate();
    } catch (error) {
      this.tree = null;
      this.report(error);
    } finally {
      this.running = false;
    }
  }

  /** Brings every entry that is in the log under a signed checkpoint. */
  async integrate(): Promise<void> {
    const tree = (this.tree ??= await this.resume());
    const from = tree.size;
    let newest: Date | null = null;
    for (;;) {
      const entries = await this.entries.readLeaves(tree.size, CHUNK);
      for (const { index, leaf } of entries) {
        if (index !== tree.size)
          throw new LogFaultError('ENTRY_MISSING', `the log has no entry ${tree.size}`);
        tree.append(leafHash(leaf));
      }
      newest = entries.at(-1)?.at ?? newest;
      await this.tileStore.putAll(tree.takeFullTiles());
      if (entries.length < CHUNK) break;
    }
    if (tree.size > from || this.latest === null) await this.sign(tree, newest);
    this.fault = null;
  }

  private async sign(tree: LogTree, newest: Date | null): Promise<void> {
    const now = this.clock.now();
    this.refuseClockBehind(newest, now);
    const { size } = tree;
    const root = tree.root();
    const note = signCheckpoint({ origin: this.keys.origin, size, root, extensions: [] }, this.keys.signers);
    const checkpoint = { number: (this.latest?.number ?? -1) + 1, size, root, note, at: now };
    if (await this.checkpoints.insert(checkpoint)) {
      this.latest = checkpoint;
      this.metrics.signed(size, newest === null ? 0 : now.getTime() - newest.getTime());
    } else {
      // Another instance was faster; its checkpoint is checked like any other before this one goes on.
      this.tree = null;
    }
  }

  /** Takes the tree up where the last checkpoint left it, and checks that it is still the same tree. */
  private async resume(): Promise<LogTree> {
    try {
      const latest = await this.checkpoints.findLatest();
      const head = await this.entries.readHead();
      if (head.at !== '') this.refuseClockBehind(new Date(head.at), this.clock.now());
      if (latest === null) {
        this.latest = null;
        return LogTree.empty();
      }
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
      this.latest = latest;
      return tree;
    } catch (error) {
      if (error instanceof LogFaultError) this.fault = error;
      throw error;
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

  private refuseClockBehind(newest: Date | null, now: Date): void {
    if (newest !== null && newest.getTime() - now.getTime() > this.config.audit.clockToleranceMs) {
      throw new LogFaultError(
        'CLOCK_BACKWARDS',
        `the newest entry is of ${newest.toISOString()}, which is in the future`,
      );
    }
  }

  private report(error: unknown): void {
    if (error instanceof TileDiffersError) this.fault = new LogFaultError('TILE_DIFFERS', error.message);
    if (error instanceof LogFaultError) this.fault = error;
    this.metrics.failed(this.fault?.fault ?? 'ERROR');
    this.logger.error({ err: error }, 'no checkpoint could be signed');
  }
}
