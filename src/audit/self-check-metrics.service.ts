import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { SelfCheckResult } from './self-check-result.ts';

/** When and how the log was last verified by this instance. */
@Injectable()
export class SelfCheckMetrics {
  private readonly total: Counter<'outcome'>;
  private readonly diverged: Gauge;
  private readonly size: Gauge;
  private readonly seconds: Gauge;
  private readonly finishedAt: Gauge;

  constructor(metrics: Metrics) {
    this.total = metrics.counter({
      name: 'ekyc_self_checks_total',
      help: 'Verifications of the whole log, by outcome',
      labelNames: ['outcome'],
    });
    this.diverged = metrics.gauge({
      name: 'ekyc_self_check_diverged',
      help: '1 if the last verification found the log altered',
    });
    this.size = metrics.gauge({
      name: 'ekyc_self_check_entries',
      help: 'Signed entries that the last verification read',
    });
    this.seconds = metrics.gauge({
      name: 'ekyc_self_check_seconds',
      help: 'How long the last verification took',
    });
    this.finishedAt = metrics.gauge({
      name: 'ekyc_self_check_timestamp_seconds',
      help: 'When the last verification ended',
    });
  }

  finished(result: SelfCheckResult): void {
    this.total.inc({ outcome: result.outcome });
    this.diverged.set(result.outcome === 'DIVERGED' ? 1 : 0);
    if (result.outcome === 'VERIFIED') this.size.set(result.size);
    this.seconds.set(result.seconds);
    this.finishedAt.setToCurrentTime();
  }

  failed(): void {
    this.total.inc({ outcome: 'FAILED' });
  }
}
