import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { type ReadinessCheck, ReadinessChecks } from '../platform/health/readiness.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';
import { CheckpointMetrics } from './checkpoint-metrics.service.ts';
import { CheckpointSigning } from './checkpoint-signing.service.ts';
import type { StoredCheckpoint } from './checkpoints.repository.ts';
import { leafHash } from './format/merkle.ts';
import { KeyRotation } from './key-rotation.service.ts';
import { LogFaultError, LogIntegrity } from './log-integrity.service.ts';
import type { LogTree } from './log-tree.ts';
import type { PlacedLeaf } from './own-leaves.ts';
import { TileDiffersError, TilesRepository } from './tiles.repository.ts';

const LEASE = 'checkpointer';
const LEASE_MS = 3_000;
const EVERY_MS = 400;
const CHUNK = 2_048;

/**
 * Integrates new entries into the Merkle tree and has its root signed. One instance does so at a time; two
 * that overlap can't harm, because every checkpoint number and size is taken once and both compute the same
 * tree.
 */
@Injectable()
export class Checkpointer implements OnApplicationBootstrap, ReadinessCheck {
  readonly name = 'log';
  private readonly logger = new Logger(Checkpointer.name);
  /** The tree as far as this instance has integrated it; null makes it look at the stored one again. */
  private tree: LogTree | null = null;
  private latest: StoredCheckpoint | null = null;
  private fault: LogFaultError | null = null;
  private running = false;

  constructor(
    private readonly entries: AuditLogRepository,
    private readonly integrity: LogIntegrity,
    private readonly tileStore: TilesRepository,
    private readonly signing: CheckpointSigning,
    private readonly rotation: KeyRotation,
    private readonly log: AuditLog,
    private readonly leases: Leases,
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
    try {
      await this.integrity.resume();
    } catch (error) {
      this.remember(error);
      throw error;
    }
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
      this.remember(error);
      this.metrics.failed(this.fault?.fault ?? 'ERROR');
      this.logger.error({ err: error }, 'no checkpoint could be signed');
    } finally {
      this.running = false;
    }
  }

  /** Brings every entry that is in the log under a signed checkpoint. */
  async integrate(): Promise<void> {
    const tree = this.tree ?? (await this.resume());
    const sealed = this.latest?.size ?? -1;
    const newest = await this.takeIn(tree);
    if (tree.size > sealed) {
      if (newest !== null) this.integrity.refuseClockBehind(newest);
      const signed = await this.signing.sign(tree, this.latest, newest);
      // Another instance was faster: its checkpoint is checked like any other before this one goes on.
      if (signed === null) this.tree = null;
      else this.latest = signed;
    }
    this.fault = null;
    this.log.halt(null);
  }

  /**
   * Appends to the tree what the log has beyond it, our own entries as they were committed and those of others as
   * they are read; tells when the newest of it was made. What follows on the last of our own is another instance's,
   * or none, and is read the next time.
   */
  private async takeIn(tree: LogTree): Promise<Date | null> {
    const { ownLeaves } = this.log;
    let newest: Date | null = null;
    for (;;) {
      const own = ownLeaves.takeFrom(tree.size);
      newest = append(tree, own) ?? newest;
      const isAll = own.length > 0 && ownLeaves.next === null;
      const wanted = Math.min(CHUNK, (ownLeaves.next ?? Infinity) - tree.size);
      const read = isAll ? [] : await this.entries.readLeaves(tree.size, wanted);
      newest = append(tree, read) ?? newest;
      await this.tileStore.putAll(tree.takeFullTiles());
      if (read.length === wanted) continue;
      if (ownLeaves.next === null) return newest;
      // There has to be something before our own, unless the log lacks it, or this primary does not show it yet.
      ownLeaves.forget();
    }
  }

  private async resume(): Promise<LogTree> {
    const { tree, latest } = await this.integrity.resume();
    await this.rotation.announce(latest);
    this.tree = tree;
    this.latest = latest;
    return tree;
  }

  private remember(error: unknown): void {
    if (error instanceof TileDiffersError) this.fault = new LogFaultError('TILE_DIFFERS', error.message);
    if (error instanceof LogFaultError) this.fault = error;
    this.log.halt(this.fault);
  }
}

/** Tells when the newest of them was made. */
function append(tree: LogTree, leaves: readonly PlacedLeaf[]): Date | null {
  for (const { index, leaf } of leaves) {
    if (index !== tree.size) throw new LogFaultError('ENTRY_MISSING', `the log has no entry ${tree.size}`);
    tree.append(leafHash(leaf));
  }
  return leaves.at(-1)?.at ?? null;
}
