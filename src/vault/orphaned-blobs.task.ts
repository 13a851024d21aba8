import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { Interval } from '@nestjs/schedule';
import type { Connection, mongo } from 'mongoose';
import type { Counter } from 'prom-client';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import { Clock } from '../platform/clock.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { vaultCollection, type VaultDocument } from './vault.schema.ts';
import { BLOB_KINDS } from './vault.service.ts';

const LEASE = 'orphaned-blobs';
const LEASE_MS = 30_000;
const EVERY_MS = 60_000;
/** A blob is written milliseconds before its entry, and no command waits longer than two minutes for its commit. */
const MIN_AGE_MS = 3_600_000;
const BATCH = 1_000;

/**
 * Removes blobs whose entry never came, because the process died between the two writes or the command was
 * decided differently after a lost race. Nothing refers to them, so no erasure of a session would find them.
 * One instance does so at a time; it walks through the whole vault once and then through what grows old enough.
 */
@Injectable()
export class OrphanedBlobsTask {
  private readonly logger = new Logger(OrphanedBlobsTask.name);
  private readonly collection: mongo.Collection<VaultDocument>;
  private readonly removed: Counter;
  /** Everything up to this id was looked at. */
  private walkedTo = '';
  private running = false;

  constructor(
    @InjectConnection() connection: Connection,
    private readonly log: AuditLog,
    private readonly entries: AuditQueries,
    private readonly leases: Leases,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.collection = vaultCollection(connection);
    this.removed = metrics.counter({
      name: 'ekyc_vault_orphans_removed_total',
      help: 'Blobs that were removed because no entry of the log ever referred to them',
    });
  }

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.run();
    } catch (error) {
      this.logger.warn({ err: error }, 'orphaned blobs could not be removed; it is tried again');
    } finally {
      this.running = false;
    }
  }

  /** @returns how many were removed */
  async run(): Promise<number> {
    let removed = 0;
    // A log that was tampered with may lack entries whose blobs are the evidence.
    while (!this.log.isHalted && (await this.leases.hold(LEASE, LEASE_MS)) !== null) {
      const ids = await this.nextIds();
      const referredTo = await this.entries.knownIds(ids);
      removed += await this.remove(ids.filter((id) => !referredTo.has(id)));
      this.walkedTo = ids.at(-1) ?? this.walkedTo;
      if (ids.length < BATCH) break;
    }
    if (removed > 0) this.logger.warn({ removed }, 'blobs without an entry were removed');
    return removed;
  }

  /** Ids of blobs are those of entries, which begin with their time: no index on the time is needed. */
  private async nextIds(): Promise<string[]> {
    const oldEnough = firstIdAt(this.clock.now().getTime() - MIN_AGE_MS);
    const documents = await this.collection
      .find({ _id: { $gt: this.walkedTo, $lt: oldEnough } }, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .limit(BATCH)
      .toArray();
    return documents.map(({ _id }) => _id);
  }

  /** Age counts by the clock of the database: one that runs ahead here must not make young blobs look old. */
  private async remove(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const bornBy = { $dateSubtract: { startDate: '$$NOW', unit: 'millisecond', amount: MIN_AGE_MS } };
    const { deletedCount } = await this.collection.deleteMany({
      _id: { $in: [...ids] },
      kind: { $in: [...BLOB_KINDS] },
      $expr: { $lt: ['$createdAt', bornBy] },
    });
    this.removed.inc(deletedCount);
    return deletedCount;
  }
}

/** What every UUID of version 7 that was made at that time or later is greater than. */
function firstIdAt(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}
