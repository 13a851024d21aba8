import { logDiverged } from '../audit/audit-log.errors.ts';
import type { SubjectSpan } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import { LongHistories } from './long-histories.ts';
import { advance, changeBetween, type SessionChange, type SessionFold, unfolded } from './session-change.ts';
import { SESSION } from './session.stream.ts';

/** The log as the feed reads it; both methods see what a majority holds. */
export interface FeedLog {
  /** Up to `limit` entries from `index` on, in order. */
  readFrom(index: number, limit: number): Promise<readonly LogEntry[]>;
  /** The entries of each span, those of one subject in order. */
  histories(subjectType: string, spans: readonly SubjectSpan[]): AsyncIterable<LogEntry>;
}

export interface FeedPage {
  /** In the order of the log. */
  readonly items: readonly SessionChange[];
  /** The last index that was looked at: `after` of the page that follows. */
  readonly next: number;
  /** The log had nothing behind `next`. */
  readonly atHead: boolean;
}

/** Bounds on the work for one page; none of them changes what the pages hold together. */
const LIMITS = {
  /** Entries read at once. */
  chunk: 250,
  /** Entries looked at for one page. Where they change little, it has fewer items than asked for, or none. */
  scanned: 2_000,
  /** As in {@link LongHistories}. */
  isLongFrom: 100,
  remembered: 20_000,
};

/**
 * Pages of session changes, read from the log alone. An index is written only after the one before it, so
 * whoever reads in the order of the index misses nothing, however many instances write; and the log never
 * changes, so what comes after an index is the same for ever.
 */
export class FeedPages {
  private readonly longHistories: LongHistories;

  constructor(
    private readonly log: FeedLog,
    private readonly limits = LIMITS,
  ) {
    this.longHistories = new LongHistories(limits.isLongFrom, limits.remembered);
  }

  /**
   * @param after the last index that was seen; -1 for none
   * @throws Problem LOG_DIVERGED where the log lacks an entry
   */
  async read(after: number, limit: number): Promise<FeedPage> {
    const folds = new Map<string, SessionFold>();
    const bases = new Map<string, SessionFold | null>();
    const items: SessionChange[] = [];
    let next = after;
    let atHead = false;
    while (!atHead && items.length < limit && next - after < this.limits.scanned) {
      const entries = await this.log.readFrom(next + 1, this.limits.chunk);
      await this.meet(entries, next + 1, folds, bases);
      atHead = entries.length < this.limits.chunk;
      for (const entry of entries) {
        if (items.length === limit) {
          atHead = false;
          break;
        }
        if (entry.index !== next + 1) throw logDiverged(new Error(`the log has no entry ${next + 1}`));
        next = entry.index;
        const before = isOfSession(entry) ? folds.get(entry.subject.id) : undefined;
        if (before === undefined) continue;
        const fold = advance(before, entry);
        folds.set(fold.uuid, fold);
        const change = changeBetween(before, fold);
        if (change !== null) items.push(change);
      }
    }
    for (const [uuid, fold] of folds) this.longHistories.remember(fold, bases.get(uuid) ?? null);
    return { items, next, atHead };
  }

  /** Brings the sessions that these entries are the first about up to the state before them. */
  private async meet(
    entries: readonly LogEntry[],
    before: number,
    folds: Map<string, SessionFold>,
    bases: Map<string, SessionFold | null>,
  ): Promise<void> {
    const uuids = new Set(entries.filter(isOfSession).map(({ subject }) => subject.id));
    const spans: SubjectSpan[] = [];
    const fromStart: string[] = [];
    for (const uuid of uuids) {
      if (folds.has(uuid)) continue;
      const base = this.longHistories.find(uuid, before);
      bases.set(uuid, base);
      folds.set(uuid, base ?? unfolded(uuid));
      if (base === null) fromStart.push(uuid);
      else spans.push({ ids: [uuid], after: base.lastIndex, before });
    }
    spans.push({ ids: fromStart, after: -1, before });
    for await (const entry of this.log.histories(SESSION, spans)) {
      const fold = folds.get(entry.subject.id);
      if (fold !== undefined) folds.set(fold.uuid, advance(fold, entry));
    }
  }
}

function isOfSession({ subject }: LogEntry): boolean {
  return subject.type === SESSION;
}
