import { Injectable } from '@nestjs/common';
import { type ReadinessCheck, ReadinessChecks } from '../platform/health/readiness.ts';
import { AuditLog } from './audit-log.service.ts';

/** Long enough that whoever asks every few seconds sees a short overload. */
const SHOWN_FOR_MS = 10_000;

/**
 * Shows overload. It is no failure: the work that is taken is done, the rest is answered 503 with Retry-After,
 * and instances share one database, so one that steps aside only adds to the load of the others.
 */
@Injectable()
export class QueueCheck implements ReadinessCheck {
  readonly name = 'queue';

  constructor(
    private readonly log: AuditLog,
    checks: ReadinessChecks,
  ) {
    checks.add(this);
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  impairment(): string | null {
    return this.log.hasTurnedAwayWithin(SHOWN_FOR_MS)
      ? 'full within the last 10 seconds; some work was turned away'
      : null;
  }
}
