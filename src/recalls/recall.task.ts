import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge } from 'prom-client';
import { Leases } from '../platform/leases/leases.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { RecallRun } from './recall-run.service.ts';
import { Recalls } from './recalls.service.ts';
import type { RecallState } from './recall-state.ts';

const LEASE = 'recalls';
const LEASE_MS = 5_000;
const EVERY_MS = 1_000;

/** Carries approved recalls out, one instance at a time. */
@Injectable()
export class RecallTask implements OnApplicationShutdown {
  private readonly logger = new Logger(RecallTask.name);
  private readonly left: Gauge;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly recalls: Recalls,
    private readonly run: RecallRun,
    private readonly leases: Leases,
    metrics: Metrics,
  ) {
    this.left = metrics.gauge({
      name: 'ekyc_recall_sessions_left',
      help: 'Sessions of approved recalls that were not looked at yet; every instance shows the same',
    });
  }

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.stopped) return;
    try {
      const approved = await this.recalls.findApproved();
      this.left.set(approved.reduce((sum, recall) => sum + leftOf(recall), 0));
      if (approved.length === 0) return;
      this.running ??= this.carryOutAll(approved).finally(() => {
        this.running = null;
      });
      // Not waited for: a recall may take hours, and what is left of it is to be seen meanwhile.
    } catch (error) {
      this.logger.warn({ err: error }, 'recalls could not be read; it is tried again');
    }
  }

  /** Lets the batch under way come to its end. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async carryOutAll(approved: readonly RecallState[]): Promise<void> {
    try {
      const lease = await this.leases.hold(LEASE, LEASE_MS);
      if (lease === null) return;
      const goOn = async () =>
        !this.stopped && (await this.leases.hold(LEASE, LEASE_MS))?.fence === lease.fence;
      for (const recall of approved) await this.carryOut(recall, goOn);
    } catch (error) {
      this.logger.warn({ err: error }, 'recalls could not be carried out; it is tried again');
    }
  }

  /** One that can't go on keeps no other from it. */
  private async carryOut(recall: RecallState, goOn: () => Promise<boolean>): Promise<void> {
    try {
      await this.run.run(recall, goOn);
    } catch (error) {
      this.logger.warn({ err: error, recall: recall.id }, 'a recall could not go on; it is tried again');
    }
  }
}

function leftOf({ request, counts }: RecallState): number {
  return (request?.data.sessions ?? 0) - counts.done;
}
