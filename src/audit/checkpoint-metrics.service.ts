import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { Metrics } from '../platform/metrics/metrics.service.ts';

/** How well the checkpoints keep up with the log. */
@Injectable()
export class CheckpointMetrics {
  private readonly size: Gauge;
  private readonly lagSeconds: Gauge;
  private readonly signedAt: Gauge;
  private readonly failures: Counter<'fault'>;

  constructor(metrics: Metrics) {
    this.size = metrics.gauge({
      name: 'ekyc_checkpoint_size',
      help: 'Entries under the last checkpoint that this instance signed',
    });
    this.lagSeconds = metrics.gauge({
      name: 'ekyc_checkpoint_lag_seconds',
      help: 'Age of the newest entry when it was signed for',
    });
    this.signedAt = metrics.gauge({
      name: 'ekyc_checkpoint_signed_timestamp_seconds',
      help: 'When this instance last signed',
    });
    this.failures = metrics.counter({
      name: 'ekyc_checkpoint_failures_total',
      help: 'Attempts to sign that failed, by fault',
      labelNames: ['fault'],
    });
  }

  signed(size: number, lagMs: number): void {
    this.size.set(size);
    this.lagSeconds.set(Math.max(0, lagMs) / 1000);
    this.signedAt.setToCurrentTime();
  }

  failed(fault: string): void {
    this.failures.inc({ fault });
  }
}
