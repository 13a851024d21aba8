import { Injectable } from '@nestjs/common';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Projections } from '../audit/projections.service.ts';
import type { Fold } from '../audit/stream.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { SESSION } from '../sessions/session.stream.ts';
import type { SessionState } from '../sessions/session-state.ts';
import {
  causesInQuarantine,
  exceptionsOf,
  nextExaminationAt,
  QUARANTINE_ACTIONS,
  type ReconciliationPolicy,
} from './exception-causes.ts';
import { exceptionId } from './exception-state.ts';
import { type ExceptionChanges, Exceptions } from './exceptions.service.ts';
import { ReconciliationMetrics } from './reconciliation-metrics.service.ts';
import { ReconciliationProgress } from './reconciliation-progress.repository.ts';
import type { RunCounts } from './run.ts';

/** Few enough that callbacks need not wait for it noticeably. */
const BATCH = 250;
const MINUTE_MS = 60_000;
const QUARANTINE = 'quarantine';

/** Before each batch: whether to go on, which only the holder of the lease may. */
export type GoOn = () => Promise<boolean>;

/**
 * Looks at sessions and deliveries and raises or resolves what follows. Every step may be repeated or
 * overlap with another instance's: what it does is decided on the log.
 */
@Injectable()
export class Reconciliation {
  private readonly policy: ReconciliationPolicy;
  /** Where the round through the open exceptions goes on. */
  private roundCursor: string | null = null;

  constructor(
    config: AppConfig,
    private readonly exceptions: Exceptions,
    private readonly sessions: SessionQueries,
    private readonly entries: AuditQueries,
    private readonly projections: Projections,
    private readonly progress: ReconciliationProgress,
    private readonly metrics: ReconciliationMetrics,
    private readonly clock: Clock,
  ) {
    this.policy = {
      unconfirmedAfterMs: 5 * MINUTE_MS,
      unpulledAfterMs: 5 * MINUTE_MS,
      expectsRegistration: config.expectsRegistration,
      pulls: config.pulls,
      evidenceDeadlineMs: config.evidence?.deadlineMs ?? null,
    };
  }

  /**
   * Looks at what has changed, at what time has brought into question, and at some of the open exceptions.
   * @param thorough looks at all open exceptions
   */
  async run(goOn: GoOn, thorough: boolean): Promise<RunCounts> {
    const tally = new Tally();
    await this.walkChanged(goOn, tally);
    await this.walkDue(goOn, tally);
    await this.walkQuarantine(goOn, tally);
    await this.revisitOpen(goOn, tally, thorough);
    return tally.counts;
  }

  private async walkChanged(goOn: GoOn, tally: Tally): Promise<void> {
    let reached = await this.progress.reached('sessions');
    while (await goOn()) {
      const until = this.projections.settledUntil;
      const changed = await this.sessions.findChanged(reached, until, BATCH);
      tally.add(changed.length, await this.examine(changed));
      for (const { state } of changed) this.metrics.observeConfirmation(state, reached);
      const isLast = changed.length < BATCH;
      const to = isLast ? until - 1 : (changed.at(-1)?.lastIndex ?? reached);
      await this.progress.reach('sessions', { from: reached, to });
      if (isLast) return;
      reached = to;
    }
  }

  private async walkDue(goOn: GoOn, tally: Tally): Promise<void> {
    while (await goOn()) {
      const uuids = await this.progress.findDue(this.clock.now(), BATCH);
      const found = await this.sessions.findMany(uuids);
      const known = new Set(found.map(({ id }) => id));
      await this.progress.forget(uuids.filter((uuid) => !known.has(uuid)));
      tally.add(found.length, await this.examine(found));
      if (uuids.length < BATCH) return;
    }
  }

  private async walkQuarantine(goOn: GoOn, tally: Tally): Promise<void> {
    let reached = await this.progress.reached('quarantine');
    while (await goOn()) {
      const entries = await this.entries.after(QUARANTINE_ACTIONS, reached, BATCH);
      const receipts = [...new Set(entries.map(({ subject }) => subject.id))];
      tally.add(receipts.length, await this.examineDeliveries(receipts));
      const to = entries.at(-1)?.index ?? reached;
      await this.progress.reach('quarantine', { from: reached, to });
      if (entries.length < BATCH) return;
      reached = to;
    }
  }

  /** A stale look by an instance that was paused may have left an exception open; the round finds it. */
  private async revisitOpen(goOn: GoOn, tally: Tally, thorough: boolean): Promise<void> {
    if (thorough) this.roundCursor = null;
    while (await goOn()) {
      const page = await this.exceptions.page({ status: 'OPEN' }, BATCH, this.roundCursor ?? undefined);
      this.roundCursor = page.nextCursor;
      const about = (type: string) =>
        page.items.flatMap(({ raised }) => (raised?.about.type === type ? [raised.about.id] : []));
      const found = await this.sessions.findMany([...new Set(about(SESSION))]);
      tally.add(thorough ? found.length : 0, await this.examine(found));
      const receipts = about(QUARANTINE);
      tally.add(thorough ? receipts.length : 0, await this.examineDeliveries(receipts));
      if (!thorough || page.nextCursor === null) return;
    }
  }

  private async examineDeliveries(receipts: readonly string[]): Promise<ExceptionChanges> {
    if (receipts.length === 0) return { raised: 0, resolved: 0 };
    const histories = new Map<string, LogEntry[]>();
    const all = { ids: receipts, after: -1, before: Number.MAX_SAFE_INTEGER };
    for await (const entry of this.entries.histories(QUARANTINE, [all])) {
      const { id } = entry.subject;
      histories.set(id, [...(histories.get(id) ?? []), entry]);
    }
    const known = new Map(
      (await this.exceptions.findMany(receipts.map(quarantineExceptionId))).map((state) => [state.id, state]),
    );
    return this.exceptions.reconcile(
      receipts.map((id) => {
        const causes = causesInQuarantine(histories.get(id) ?? []);
        const exception = known.get(quarantineExceptionId(id));
        return { about: { type: QUARANTINE, id }, causes, known: exception ? [exception] : [] };
      }),
    );
  }

  private async examine(folds: readonly Fold<SessionState>[]): Promise<ExceptionChanges> {
    if (folds.length === 0) return { raised: 0, resolved: 0 };
    const now = this.clock.now();
    const known = Map.groupBy(
      await this.exceptions.ofSessions(folds.map(({ id }) => id)),
      ({ raised }) => raised?.about.id ?? '',
    );
    const findings = folds.map(({ id, state }) => ({
      about: { type: SESSION, id },
      causes: exceptionsOf(state, now, this.policy),
      known: known.get(id) ?? [],
    }));
    const changes = await this.exceptions.reconcile(findings);
    await this.progress.schedule(
      folds.map(({ id, state, lastIndex }) => ({
        uuid: id,
        index: lastIndex,
        at: nextExaminationAt(state, now, this.policy),
      })),
    );
    return changes;
  }
}

function quarantineExceptionId(receiptId: string): string {
  return exceptionId('QUARANTINED_CALLBACK', receiptId);
}

class Tally {
  counts: RunCounts = { examined: 0, raised: 0, resolved: 0 };

  add(examined: number, { raised, resolved }: ExceptionChanges): void {
    this.counts = {
      examined: this.counts.examined + examined,
      raised: this.counts.raised + raised,
      resolved: this.counts.resolved + resolved,
    };
  }
}
