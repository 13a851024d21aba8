import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge, Histogram } from 'prom-client';
import { Clock } from '../platform/clock.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { Pace } from '../platform/metrics/pace.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { callbacksOf, governingResult, isConfirmed, type SessionState } from '../sessions/session-state.ts';
import { EXCEPTION_CLASSES } from './exception-class.ts';
import { Exceptions } from './exceptions.service.ts';

const EVERY_MS = 5_000;

/** What an on-call engineer wants to know of what is still open. Every instance shows the same. */
@Injectable()
export class ReconciliationMetrics {
  private readonly logger = new Logger(ReconciliationMetrics.name);
  private readonly open: Gauge<'class'>;
  private readonly unproven: Gauge;
  private readonly oldestSeconds: Gauge;
  private readonly confirmationSeconds: Histogram;
  private readonly pace = new Pace();

  constructor(
    metrics: Metrics,
    private readonly exceptions: Exceptions,
    private readonly sessions: SessionQueries,
    private readonly clock: Clock,
  ) {
    this.open = metrics.gauge({
      name: 'ekyc_exceptions_open',
      help: 'Open exceptions, by class',
      labelNames: ['class'],
    });
    this.unproven = metrics.gauge({
      name: 'ekyc_unproven_callbacks',
      help: 'Sessions whose callback waits for a pulled result to prove it',
    });
    this.oldestSeconds = metrics.gauge({
      name: 'ekyc_unproven_callbacks_oldest_seconds',
      help: 'How long the oldest callback has waited for a pulled result to prove it; 0 without any',
    });
    this.confirmationSeconds = metrics.histogram({
      name: 'ekyc_callback_to_confirmed_seconds',
      help: 'From the first callback of a session to the pulled result that confirmed it; seen by the instance that reconciles',
      buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400],
    });
  }

  /** In the background, because a scrape must be answered while the database is not. */
  @Interval(EVERY_MS)
  async refreshRegularly(): Promise<void> {
    try {
      await this.pace.run(() => this.refresh());
    } catch (error) {
      this.logger.warn({ err: error }, 'open exceptions could not be counted; the metrics stay as they were');
    }
  }

  /** @param seenUpTo log index up to which confirmations were observed before */
  observeConfirmation(state: SessionState, seenUpTo: number): void {
    const proof = governingResult(state);
    const [first] = callbacksOf(state);
    if (first === undefined || proof?.source !== 'PULL' || proof.entryIndex <= seenUpTo) return;
    const waitedMs = Date.parse(proof.receivedAt) - Date.parse(first.receivedAt);
    // A callback that came after the result had been pulled never waited.
    if (isConfirmed(state) && waitedMs >= 0) this.confirmationSeconds.observe(waitedMs / 1000);
  }

  private async refresh(): Promise<void> {
    const open = await this.exceptions.countOpen();
    for (const name of EXCEPTION_CLASSES) this.open.set({ class: name }, open.get(name) ?? 0);
    const { count, oldestAt } = await this.sessions.unproven();
    const waitedMs = oldestAt === null ? 0 : this.clock.now().getTime() - Date.parse(oldestAt);
    this.unproven.set(count);
    this.oldestSeconds.set(Math.max(0, waitedMs) / 1000);
  }
}
