import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';

/** How late another instance's entries may be noticed. */
const POLL_MS = 250;

interface Waiting {
  /** The log must have more entries than this. */
  readonly size: number;
  /** `false`: the wait ends without. */
  readonly resolve: (grown: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Tells those who wait that the log has grown: at once of what this instance commits, and by one look at the
 * head for all of them of what others commit. While nobody waits, nothing is looked at.
 */
@Injectable()
export class LogGrowth implements OnModuleDestroy {
  private readonly waiting = new Set<Waiting>();
  private size = 0;
  private polling: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly repository: AuditLogRepository,
    log: AuditLog,
  ) {
    log.onCommitted((size) => this.grownTo(size));
  }

  /** The size of the log as far as this instance has heard; it may be larger. */
  get heardOf(): number {
    return this.size;
  }

  /** How many wait. */
  get waiters(): number {
    return this.waiting.size;
  }

  /**
   * Waits until the log has more than `size` entries.
   * @param ended ends the wait early, as a stop of the service does
   * @returns whether it has; false when the time is over first or the wait ended early
   * @throws MongoError when the log can't be read
   */
  async beyond(size: number, timeoutMs: number, ended: AbortSignal): Promise<boolean> {
    if (this.size > size) return true;
    if (this.stopped || ended.aborted || timeoutMs <= 0) return false;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { size, resolve, reject };
    const giveUp = () => resolve(false);
    const timer = setTimeout(giveUp, timeoutMs);
    ended.addEventListener('abort', giveUp, { once: true });
    this.waiting.add(waiting);
    this.schedulePoll();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      ended.removeEventListener('abort', giveUp);
      this.waiting.delete(waiting);
    }
  }

  /** Ends every wait before the HTTP server waits for its requests. */
  onModuleDestroy(): void {
    this.stopped = true;
    if (this.polling !== null) clearTimeout(this.polling);
    for (const { resolve } of this.waiting) resolve(false);
  }

  private grownTo(size: number): void {
    this.size = Math.max(this.size, size);
    for (const waiting of this.waiting) if (this.size > waiting.size) waiting.resolve(true);
  }

  private schedulePoll(): void {
    if (this.stopped || this.polling !== null || this.waiting.size === 0) return;
    this.polling = setTimeout(() => void this.poll(), POLL_MS);
  }

  private async poll(): Promise<void> {
    if (this.waiting.size > 0) {
      try {
        this.grownTo((await this.repository.readHead()).next);
      } catch (error) {
        for (const { reject } of this.waiting) reject(error);
      }
    }
    this.polling = null;
    this.schedulePoll();
  }
}
