import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Actor } from '../access/actor.ts';
import { Clock } from '../platform/clock.ts';
import type { Page } from '../platform/http/paging.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { Reconciliation } from './reconciliation.service.ts';
import { ReconciliationRuns } from './reconciliation-runs.repository.ts';
import type { Run } from './run.ts';

const LEASE = 'reconciliation';
const LEASE_MS = 5_000;
const EVERY_MS = 1_000;

/** Reconciles about every second, one instance at a time; on request at once and thoroughly. */
@Injectable()
export class ReconciliationTask implements OnApplicationShutdown {
  private readonly logger = new Logger(ReconciliationTask.name);
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly reconciliation: Reconciliation,
    private readonly record: ReconciliationRuns,
    private readonly leases: Leases,
    private readonly clock: Clock,
  ) {}

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.stopped) return;
    this.running ??= this.tick().finally(() => {
      this.running = null;
    });
    await this.running;
  }

  /** Asks for a thorough run; where another instance holds the lease, that one makes it within a second or so. */
  async request(actor: Actor): Promise<Run> {
    const run = await this.record.request(actor, this.clock.now());
    void this.runRegularly();
    return run;
  }

  /** The runs of all instances, newest first. */
  runs(limit: number, cursor?: string): Promise<Page<Run>> {
    return this.record.page(limit, cursor);
  }

  /** Lets the batch under way come to its end. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.leases.release(LEASE);
  }

  private async tick(): Promise<void> {
    try {
      const lease = await this.leases.hold(LEASE, LEASE_MS);
      if (lease !== null) await this.runUnder(lease.fence);
    } catch (error) {
      this.logger.warn({ err: error }, 'the reconciliation could not go on; it is tried again');
    }
  }

  private async runUnder(fence: number): Promise<void> {
    const startedAt = this.clock.now();
    const requested = await this.record.begin(fence);
    const goOn = async () => !this.stopped && (await this.leases.hold(LEASE, LEASE_MS))?.fence === fence;
    try {
      const counts = await this.reconciliation.run(goOn, requested.length > 0);
      // Cut short, it is not done: the next holder takes the requested runs over.
      if (!(await goOn())) return;
      const endedAt = this.clock.now();
      await this.record.end(requested, fence, { status: 'DONE', endedAt, ...counts });
      if (requested.length === 0 && isWorthKeeping(counts)) await this.record.add(startedAt, endedAt, counts);
    } catch (error) {
      await this.record.end(requested, fence, { status: 'FAILED', endedAt: this.clock.now() });
      throw error;
    }
  }
}

/** A run a second that found nothing to look at would bury the others. */
function isWorthKeeping(counts: Pick<Run, 'examined' | 'raised' | 'resolved'>): boolean {
  return counts.examined + counts.raised + counts.resolved > 0;
}
