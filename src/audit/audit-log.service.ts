import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Appender } from './appender.ts';
import { logDiverged, queueFull } from './audit-log.errors.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditMetrics } from './audit-metrics.service.ts';
import type { PlannedEntry } from './batch.ts';
import { OwnLeaves } from './own-leaves.ts';
import { ProjectedRanges } from './projected-ranges.ts';
import type { Command } from './stream.ts';

/**
 * The one way to change anything: submit a command, get its answer once the entries are durable.
 * State is the fold of these entries and of nothing else (G3).
 */
@Injectable()
export class AuditLog implements OnApplicationShutdown {
  /** What this instance has committed, for the tree. */
  readonly ownLeaves = new OwnLeaves();
  private readonly logger = new Logger(AuditLog.name);
  private readonly appender: Appender;
  private halted: Error | null = null;
  private readonly commitListeners: ((size: number) => void)[] = [];
  private turnedAwayAtMs = -Infinity;

  constructor(
    repository: AuditLogRepository,
    clock: Clock,
    config: AppConfig,
    metrics: AuditMetrics,
    projected: ProjectedRanges,
  ) {
    const observer = {
      committed: (entries: readonly PlannedEntry[], seconds: number) => {
        metrics.committed(entries, seconds);
        this.ownLeaves.add(entries);
        const last = entries.at(-1)?.entry;
        if (last !== undefined) for (const listen of this.commitListeners) listen(last.index + 1);
      },
      attemptFailed: (error: unknown) => {
        const kind = metrics.attemptFailed(error);
        if (kind !== 'conflict')
          this.logger.warn({ err: error }, 'an attempt to append failed; the log is read back');
      },
      projecting: () => projected.begin(),
      projectionFailed: (error: unknown) => {
        metrics.projectionFailed();
        this.logger.error({ err: error }, 'a projection could not be written; the catch-up will fold it');
      },
      knownSubjectsFailed: (error: unknown) => {
        this.logger.warn({ err: error }, 'the subjects of the log could not be read; that costs time only');
      },
    };
    this.appender = new Appender(repository, clock, observer, config.audit);
    metrics.watchQueue(() => this.appender.depth);
  }

  /**
   * Decides, commits and projects a command.
   * @throws Problem OVERLOADED (queue full), DATABASE_UNAVAILABLE (not committed in time; repeating is safe),
   *   CLOCK_BACKWARDS, LOG_DIVERGED, or what the command's `decide` threw.
   */
  append<State, Answer>(command: Command<State, Answer>): Promise<Answer> {
    if (this.halted !== null) return Promise.reject(logDiverged(this.halted));
    // The service's own tasks come back by themselves.
    if (this.appender.isFull && command.actor.type !== 'system') this.turnedAwayAtMs = performance.now();
    return this.appender.submit(command);
  }

  /**
   * For whoever has yet to do the work that leads to a command.
   * @throws Problem OVERLOADED if there is no room for one
   */
  refuseWhenFull(): void {
    if (!this.appender.isFull) return;
    this.turnedAwayAtMs = performance.now();
    throw queueFull();
  }

  /** Commands were turned away within that time because the queue was full. */
  hasTurnedAwayWithin(ms: number): boolean {
    return performance.now() - this.turnedAwayAtMs <= ms;
  }

  /** Tells the size of the log whenever this instance has added to it; not what other instances add. */
  onCommitted(listen: (size: number) => void): void {
    this.commitListeners.push(listen);
  }

  /**
   * Takes nothing more while the log contradicts what was signed for it (G8): whatever came on top would
   * bury the traces. Null lets it go on.
   */
  halt(fault: Error | null): void {
    this.halted = fault;
  }

  /** The log contradicts what was signed for it: nothing may be concluded from what it lacks. */
  get isHalted(): boolean {
    return this.halted !== null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.appender.stop();
  }
}
