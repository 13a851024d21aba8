import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';
import { clockBackwards, commitTimedOut, queueFull } from './audit-log.errors.ts';
import type { AuditLogRepository, Head } from './audit-log.repository.ts';
import {
  type Pending,
  attachmentsOf,
  foldsAfter,
  moveBatch,
  type Plan,
  type PlannedBatch,
  type PlannedEntry,
  planBatch,
  recognise,
  secure,
  take,
  subjectOf,
} from './batch.ts';
import type { LogEntry } from './format/leaf.ts';
import { KnownSubjects } from './known-subjects.ts';
import type { Range } from './projected-ranges.ts';
import type { Command } from './stream.ts';
import { SubjectFolds } from './subject-folds.ts';

export interface AppenderOptions {
  /** Most commands that may wait. */
  readonly queueLimit: number;
  /** How long a command may wait for its commit. */
  readonly commitTimeoutMs: number;
  /** How far the clock may be behind the newest entry, which another instance may have written. */
  readonly clockToleranceMs: number;
}

/** What the appender tells about its work; it ends in metrics, the log and the catch-up. */
export interface AppenderObserver {
  committed(entries: readonly PlannedEntry[], seconds: number): void;
  /** An attempt to write failed: another writer was first, or the outcome is unknown. */
  attemptFailed(error: unknown): void;
  /** Entries are about to be projected; what it gives is called when every projection holds those in `[from, until)`. */
  projecting(): (from: number, until: number) => void;
  /** The entries are committed, but a projection does not show them yet. */
  projectionFailed(error: unknown): void;
  /** It could not be read which subjects are known; histories are read for all of them instead. */
  knownSubjectsFailed(error: unknown): void;
}

const MAX_BATCH = 512;
/** Instances that are reckoned with as writing at the same time; to wait for one that isn't there takes longer than to lose. */
const MAX_OTHERS = 3;
/**
 * As many commands as that don't wait for their turn. To decide and store them takes longer than to insert them, so that
 * the log is mostly free, and waiting would leave processors idle.
 */
const LARGE_BATCH = 32;
/** Bounds of the time that the insert of another instance is reckoned with. */
const MIN_TURN_MS = 20;
const MAX_TURN_MS = 500;
const LOOKS_PER_TURN = 4;
/** Looks after which nobody else is expected to come. */
const MAX_LOOKS_IN_VAIN = 8;
/** How often to look for the entries of whoever was first, before their index is tried once more. */
const MAX_LOOKS = 6;
const EXPIRY_CHECK_MS = 100;
/** How old a decision may be that is used again; its time is that of its entries. */
const MAX_PLAN_AGE_MS = 1_000;
/** Entries of others that are read at most to go on from where they end. */
const MAX_LEARNED = 4_000;

/** A batch on its way, with what its attempts have in common. */
interface Work {
  /** Commands that still want to get in. */
  open: readonly Pending[];
  /** What is committed about their subjects, as far as we know. */
  folds: SubjectFolds | null;
  /** What the latest attempt wanted to write. */
  planned: PlannedBatch | null;
}

/**
 * Writes the commands of many callers as one batch: while a batch is on its way, the next one gathers.
 * Every entry is decided on the exact state of its subject at its index, because an index can be taken only
 * once and only after the one before it: whoever loses the race reads what came first and decides again.
 */
export class Appender {
  private queue: Pending[] = [];
  /** Taken from the queue and not yet answered. */
  private readonly inFlight = new Set<Pending>();
  private readonly finishing = new Set<Promise<void>>();
  private head: Head | null = null;
  /** How many batches of others are let first after one of our own: found by losing, 0 where nobody else writes. */
  private others = 0;
  /** Batches of others since the latest of our own. */
  private othersSince = 0;
  /** How long an insert takes, by the latest of our own. */
  private turnMs = MIN_TURN_MS;
  /** This batch or the one before it found its index taken. */
  private hasLost = false;
  private pumping: Promise<void> | null = null;
  private expiry: NodeJS.Timeout | null = null;
  private stopped = false;
  private lastError: unknown = null;
  private readonly knownSubjects: KnownSubjects;

  constructor(
    private readonly repository: Pick<
      AuditLogRepository,
      | 'readHead'
      | 'insert'
      | 'readOutlines'
      | 'readByIds'
      | 'readSubjects'
      | 'readSubjectsIn'
      | 'subjectsBefore'
    >,
    private readonly clock: Clock,
    private readonly observer: AppenderObserver,
    private readonly options: AppenderOptions,
  ) {
    this.knownSubjects = new KnownSubjects(repository, (error) => observer.knownSubjectsFailed(error));
  }

  /** Commands that wait or are being written. */
  get depth(): number {
    return this.queue.length + this.inFlight.size;
  }

  /** It turns commands away. */
  get isFull(): boolean {
    return this.depth >= this.options.queueLimit;
  }

  /**
   * Decides, commits and projects; resolves when the entries are durable.
   * @throws Problem OVERLOADED, DATABASE_UNAVAILABLE or CLOCK_BACKWARDS, or what `decide` threw.
   */
  submit<State, Answer>(command: Command<State, Answer>): Promise<Answer> {
    if (this.stopped || this.isFull) return Promise.reject(queueFull());
    return new Promise<Answer>((resolve, reject) => {
      const expiresAtMs = performance.now() + this.options.commitTimeoutMs;
      this.queue.push(pendingOf(command, expiresAtMs, resolve as (answer: unknown) => void, reject));
      this.expiry ??= setInterval(() => this.expire(), EXPIRY_CHECK_MS);
      this.pumping ??= this.pump();
    });
  }

  /** Takes no more commands and waits until those that were taken have their answer. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.pumping;
    await Promise.all(this.finishing);
    this.knownSubjects.stop();
    clearInterval(this.expiry ?? undefined);
  }

  private async pump(): Promise<void> {
    // One turn of the event loop lets requests that arrived together share the first batch.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      // What comes while others write goes along.
      const turns = this.queue.length < LARGE_BATCH ? this.others - this.othersSince : 0;
      if (turns > 0) await pause(Math.min(MAX_TURN_MS, (turns * this.turnMs * 2) / 3));
      await this.write(this.takeQueued(MAX_BATCH));
      // Nothing but the projection is open, which the next batch need not wait for.
    }
    this.pumping = null;
  }

  private takeQueued(limit: number): Pending[] {
    const taken = this.queue.slice(0, limit);
    this.queue = this.queue.slice(limit);
    for (const pending of taken) this.inFlight.add(pending);
    return taken;
  }

  private async write(batch: readonly Pending[]): Promise<void> {
    const work: Work = { open: batch, folds: null, planned: null };
    let triesInVain = 0;
    let loses = false;
    while (work.open.length > 0) {
      try {
        await this.attempt(work);
        this.hasLost = loses;
        return;
      } catch (error) {
        this.failed(error);
        const isTaken = isDuplicateKey(error);
        if (isTaken) {
          // Once is nothing: whoever writes now and then is not worth waiting for.
          if (this.hasLost) this.others = Math.min(MAX_OTHERS, this.others + 1);
          this.hasLost = loses = true;
        }
        // The index is taken, and to insert there again before its entry shows would be refused again.
        const looks = isTaken ? MAX_LOOKS : 1;
        const hasMoved = await this.lookForOthers(work, looks, triesInVain);
        // Whoever lost to another writer is not to wait longer each time.
        triesInVain = hasMoved ? 0 : triesInVain + 1;
        this.fillUp(work);
      }
    }
  }

  /** Reads what came into the log; tells whether anything did. */
  private async lookForOthers(work: Work, looks: number, triesInVain: number): Promise<boolean> {
    for (let look = 0; look < looks; look += 1) {
      await pause(jitterMs(triesInVain + look));
      const before = this.head?.next;
      await this.recover(work).catch((readError: unknown) => this.failed(readError));
      if (this.head?.next !== before) return true;
    }
    return false;
  }

  /** What came while the batch did not get in goes along with it: with few in each, turns would be wasted. */
  private fillUp(work: Work): void {
    const added = this.takeQueued(MAX_BATCH - work.open.length);
    work.open = [...work.open, ...added];
    if (added.length > 0) work.folds = null;
  }

  /**
   * One try to bring the batch into the log at the head we know. Throws if that did not wholly succeed.
   * @param hasWaited others were let first, so now it is its turn
   */
  private async attempt(work: Work, hasWaited = false): Promise<void> {
    // Whoever was told an error, or to try again, gets nothing written any more.
    const batch = (work.open = this.dropSettled(work.open));
    const head = (this.head ??= await this.repository.readHead());
    const now = this.clock.now();
    if (head.at !== '' && Date.parse(head.at) - now.getTime() > this.options.clockToleranceMs) {
      rejectAll(batch, clockBackwards());
      this.dropSettled(batch);
      return;
    }
    const started = performance.now();
    work.folds ??= await this.readFolds(batch, head.next);
    // It isn't known which primary took what a lost attempt has left.
    await secure(batch.flatMap((pending) => attachmentsOf(pending, pending.own)));
    work.planned = planAt(head, now, work.folds, work);
    const { plans, at } = work.planned;
    const planned = plans.flatMap((plan) => plan.entries);
    const until = head.next + planned.length;
    if (planned.length > 0) {
      const attachments = plans.flatMap(({ pending, entries }) =>
        attachmentsOf(
          pending,
          entries.map(({ entry }) => entry),
        ),
      );
      await take(attachments);
      if (!hasWaited && (await this.letOthersFirst(work))) return this.attempt(work, true);
      const inserting = performance.now();
      const election = await this.repository.insert(head.next, planned);
      this.turnMs = Math.min(MAX_TURN_MS, Math.max(MIN_TURN_MS, performance.now() - inserting));
      this.othersSince = 0;
      this.head = { next: until, at };
      this.knownSubjects.add(
        head.next,
        planned.map(({ entry }) => entry.subject.id),
      );
      work.folds = foldsAfter(work.planned, work.folds);
      for (const { pending, entries } of plans) pending.own.push(...entries.map(({ entry }) => entry));
      this.observer.committed(planned, (performance.now() - started) / 1000);
      await secure(attachments, election);
    }
    const finished = this.finish(batch, plans, work.folds, { from: head.next, until }).finally(() =>
      this.finishing.delete(finished),
    );
    this.finishing.add(finished);
  }

  /**
   * Instances that write at the same time take turns: each lets the others go before its next batch, so that none
   * inserts in vain. It looks at the log even if they have gone, or if the batch is too large to wait: to insert where
   * the log no longer ends is in vain, too.
   * Nothing but speed depends on it: an index is taken only once in any case, and where others don't come it goes on
   * without them.
   * @returns whether the log has moved on, so that the batch needs another place in it
   */
  private async letOthersFirst(work: Work): Promise<boolean> {
    if (this.others === 0) return false;
    const before = this.head?.next;
    const isLarge = work.open.length >= LARGE_BATCH;
    for (let looks = 0; ; looks += 1) {
      const seen = this.othersSince;
      await this.recover(work);
      if (this.othersSince >= this.others || isLarge) return this.head?.next !== before;
      if (this.othersSince > seen) looks = 0;
      else if (looks >= MAX_LOOKS_IN_VAIN) this.others = seen;
      else await pause(this.turnMs / LOOKS_PER_TURN);
    }
  }

  /** The states of the subjects that the commands are about, as the entries before `next` leave them. */
  private async readFolds(batch: readonly Pending[], next: number): Promise<SubjectFolds> {
    const beginning = batch.filter(({ command }) => command.alwaysBegins);
    const others = batch.filter(({ command }) => !command.alwaysBegins);
    const ids = new Set([...idsOf(others), ...this.knownSubjects.among(idsOf(beginning), next)]);
    const history = await this.repository.readSubjects([...ids]);
    // What a lost attempt wrote may become visible only now; to decide on it as on another's would be a lie.
    recognise(batch, history);
    return new SubjectFolds(batch.map(subjectOf), history);
  }

  /** Projects what is committed and answers; whoever asked reads their own write then. */
  private async finish(
    batch: readonly Pending[],
    plans: readonly Plan[],
    folds: SubjectFolds,
    { from, until }: Range,
  ): Promise<void> {
    const projected = this.observer.projecting();
    if (await this.project(plans, folds)) projected(from, until);
    for (const { pending } of plans) {
      pending.settle(() => pending.command.answer(folds.of(subjectOf(pending)).state, pending.own));
    }
    this.dropSettled(batch);
  }

  /**
   * After a failed attempt nothing is assumed: the log says which entries are in it. Those of ours count as
   * done; the rest is decided again on top of what came first.
   */
  private async recover(work: Work): Promise<void> {
    // Kept until the log was read: were it forgotten on a failed read, our own entries would never be recognised.
    const known = this.head;
    if (known === null) return;
    const written = await this.repository.readOutlines(known.next, MAX_LEARNED);
    const newest = written.at(-1);
    if (newest === undefined) return;
    const { until, at } = newest;
    if (until - known.next < MAX_LEARNED) {
      const subjectIds = written.flatMap((batch) => batch.subjectIds);
      const entries = await this.readThose(subjectIds, { from: known.next, until }, work.open);
      recognise(work.open, entries);
      work.folds?.learn(entries);
      this.knownSubjects.add(known.next, subjectIds);
      this.head = { next: until, at };
      this.othersSince += written.length;
    } else {
      // This instance was idle while others wrote: reading all of that only to learn the head would take long.
      const ids = work.open.flatMap((pending) => pending.ids.slice(pending.own.length));
      const head = await this.repository.readHead();
      recognise(work.open, await this.repository.readByIds(ids));
      work.folds = null;
      this.head = head;
      this.othersSince += 1;
    }
  }

  /** Those entries that came to the subjects of the batch, its own among them. Most others' did not. */
  private async readThose(
    subjectIds: readonly string[],
    { from, until }: Range,
    batch: readonly Pending[],
  ): Promise<LogEntry[]> {
    const ofBatch = new Set(batch.map(({ command }) => command.subjectId));
    const wanted = subjectIds.filter((id) => ofBatch.has(id));
    const entries = await this.repository.readSubjects([...new Set(wanted)], from, until);
    // A member that has only just become primary may not show all of them yet.
    if (entries.length !== wanted.length)
      throw new Error('the log does not show all entries that it has shown');
    return entries;
  }

  private async project(plans: readonly Plan[], folds: SubjectFolds): Promise<boolean> {
    const changed = plans.filter(({ pending }) => pending.own.length > 0);
    try {
      await folds.project(changed.map(({ pending }) => subjectOf(pending)));
      return true;
    } catch (error) {
      this.observer.projectionFailed(error);
      return false;
    }
  }

  private failed(error: unknown): void {
    this.lastError = error;
    this.observer.attemptFailed(error);
  }

  /** @returns those that still want an answer */
  private dropSettled(batch: readonly Pending[]): Pending[] {
    for (const pending of batch) if (pending.settled) this.inFlight.delete(pending);
    return batch.filter(({ settled }) => !settled);
  }

  /** Callers don't wait for ever. Whether their command still gets in is open then; repeating it is safe. */
  private expire(): void {
    if (this.depth === 0) {
      clearInterval(this.expiry ?? undefined);
      this.expiry = null;
    }
    const now = performance.now();
    const late = [...this.inFlight, ...this.queue].filter(
      ({ expiresAtMs, settled }) => !settled && expiresAtMs <= now,
    );
    if (late.length > 0) rejectAll(late, commitTimedOut(this.lastError));
  }
}

function pendingOf(
  command: Command<unknown, unknown>,
  expiresAtMs: number,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): Pending {
  let settled = false;
  return {
    command,
    expiresAtMs,
    ids: [],
    attachments: new Map(),
    own: [],
    planned: 0,
    get settled() {
      return settled;
    },
    settle(answer) {
      if (settled) return;
      settled = true;
      try {
        resolve(answer());
      } catch (error) {
        reject(error);
      }
    },
  };
}

function rejectAll(batch: readonly Pending[], error: unknown): void {
  for (const pending of batch) {
    pending.settle(() => {
      throw error;
    });
  }
}

/** The batch as it is to be written behind `head`; what was decided for it a moment ago holds where it still can. */
function planAt(head: Head, now: Date, committed: SubjectFolds, { open, planned }: Work): PlannedBatch {
  const earliest = laterOf(new Date(now.getTime() - MAX_PLAN_AGE_MS).toISOString(), head.at);
  const earlier = planned !== null && planned.at >= earliest ? planned : null;
  const moved = earlier && moveBatch(earlier, open, committed, head.next);
  return moved ?? planBatch(open, committed, head.next, laterOf(now.toISOString(), head.at), earlier);
}

/** The subjects whose history a decision may depend on. */
function idsOf(batch: readonly Pending[]): string[] {
  const stateful = batch.filter(({ command }) => !command.stream.stateless);
  return [...new Set(stateful.map(({ command }) => command.subjectId))];
}

/** Both are RFC 3339 in UTC with milliseconds, so they compare as text. */
function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

/** None the first time: most often another instance was first, and waiting would let it be first again. */
function jitterMs(triesInVain: number): number {
  return triesInVain === 0 ? 0 : Math.min(1_000, 2 ** triesInVain) * (0.5 + Math.random());
}
