import { Injectable } from '@nestjs/common';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';
import type { PlannedEntry } from './batch.ts';

/** What the log tells an on-call engineer. */
@Injectable()
export class AuditMetrics {
  private readonly entries: Counter<'action'>;
  private readonly batchSize: Histogram;
  private readonly commitSeconds: Histogram;
  private readonly failedAttempts: Counter<'kind'>;
  private readonly projectionFailures: Counter;
  private readonly size: Gauge;

  constructor(private readonly metrics: Metrics) {
    this.entries = metrics.counter({
      name: 'ekyc_audit_entries_total',
      help: 'Entries appended, by action',
      labelNames: ['action'],
    });
    this.batchSize = metrics.histogram({
      name: 'ekyc_audit_batch_entries',
      help: 'Entries per batch',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    });
    this.commitSeconds = metrics.histogram({
      name: 'ekyc_audit_commit_seconds',
      help: 'From reading the state to the durable write',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    });
    this.failedAttempts = metrics.counter({
      name: 'ekyc_audit_failed_attempts_total',
      help: 'Attempts to append that had to be repeated: conflict = another instance was first, error = outcome unknown',
      labelNames: ['kind'],
    });
    this.projectionFailures = metrics.counter({
      name: 'ekyc_audit_projection_failures_total',
      help: 'Batches whose projection was left to the catch-up',
    });
    this.size = metrics.gauge({
      name: 'ekyc_audit_log_entries',
      help: 'Size of the log as this instance last wrote it',
    });
  }

  watchQueue(depth: () => number): void {
    this.metrics.gauge({
      name: 'ekyc_audit_queue_commands',
      help: 'Commands that wait or are being written',
      collect() {
        this.set(depth());
      },
    });
  }

  committed(entries: readonly PlannedEntry[], seconds: number): void {
    for (const { entry } of entries) this.entries.inc({ action: entry.action });
    this.batchSize.observe(entries.length);
    this.commitSeconds.observe(seconds);
    const last = entries.at(-1);
    if (last) this.size.set(last.entry.index + 1);
  }

  attemptFailed(error: unknown): 'conflict' | 'error' {
    const kind = isDuplicateKey(error) ? 'conflict' : 'error';
    this.failedAttempts.inc({ kind });
    return kind;
  }

  projectionFailed(): void {
    this.projectionFailures.inc();
  }
}
