import { randomUUIDv7 } from 'node:crypto';
import { encodeLeaf, type LogEntry } from './format/leaf.ts';
import type { Election } from '../platform/mongo/insert-command.ts';
import type { Attachment, AttachmentStore, Command, StreamSubject } from './stream.ts';
import type { SubjectFolds } from './subject-folds.ts';

/** A command on its way into the log. */
export interface Pending {
  readonly command: Command<unknown, unknown>;
  /** On the monotonic clock; then its caller is told to try again. */
  readonly expiresAtMs: number;
  /** Ids of its entries in order. Kept over attempts, so that an entry of a lost attempt is recognised. */
  readonly ids: string[];
  /** Attachments of its entries by the id of the entry. Kept over attempts, so that each is stored once. */
  readonly attachments: Map<string, KeptAttachment>;
  /** Its entries that are known to be in the log. */
  readonly own: LogEntry[];
  /** How many entries it will have when the latest plan is in the log; 0 before the first plan. */
  planned: number;
  /** Gives the caller its answer, or its error, once. */
  settle(answer: () => unknown): void;
  readonly settled: boolean;
}

export interface PlannedEntry {
  readonly entry: LogEntry;
  readonly leaf: Buffer;
}

/** What an attempt wants to write for one command. */
export interface Plan {
  readonly pending: Pending;
  readonly entries: readonly PlannedEntry[];
  /**
   * Index of the newest entry about its subject when it was decided; null if that was one of the same batch, whose
   * index was not certain yet.
   */
  readonly decidedOn: number | null;
}

/** What was decided for a batch at one place of the log. */
export interface PlannedBatch {
  readonly plans: readonly Plan[];
  /** Time of all entries, RFC 3339. */
  readonly at: string;
  /** The states that it leaves there; null if they are still to be folded. */
  readonly folds: SubjectFolds | null;
}

/** An attachment on its way. */
export interface KeptAttachment {
  readonly entryId: string;
  readonly attachment: Attachment;
  /** Of the primary that took it; undefined while none has. */
  election: Election | undefined;
  /** A majority has it in its journal. */
  isDurable: boolean;
}

/**
 * Decides the commands in order, each on what the ones before it left. A command whose decision throws is
 * settled with that error and leaves no trace in the others.
 * @param committed what is committed before `next`
 * @param next index of the first entry
 * @param at time of what is decided now, RFC 3339
 * @param earlier plans that didn't get in: those that are still right only get another index, and the whole batch
 *   their time
 */
export function planBatch(
  batch: readonly Pending[],
  committed: SubjectFolds,
  next: number,
  at: string,
  earlier: PlannedBatch | null,
): PlannedBatch {
  const earlierPlans = new Map(earlier?.plans.map((plan) => [plan.pending, plan]));
  if (earlier?.plans.some((plan) => isStillRight(plan, committed))) at = earlier.at;
  const start = next;
  const folds = committed.copy();
  const plans: Plan[] = [];
  for (const pending of batch) {
    const { lastIndex } = folds.of(subjectOf(pending));
    const decidedOn = lastIndex < start ? lastIndex : null;
    try {
      const entries = planOne(pending, folds, next, at, earlierPlans.get(pending));
      next += entries.length;
      plans.push({ pending, entries, decidedOn });
    } catch (error) {
      pending.settle(() => {
        throw error;
      });
    }
  }
  return { plans, at, folds };
}

/**
 * The same batch at another place of the log, if all that was decided is still right: so that it is there before the
 * log has moved on again.
 * @returns null if something has to be decided again
 */
export function moveBatch(
  planned: PlannedBatch,
  batch: readonly Pending[],
  committed: SubjectFolds,
  next: number,
): PlannedBatch | null {
  const { plans } = planned;
  const isSame =
    plans.length === batch.length &&
    plans.every((plan, place) => plan.pending === batch[place] && isStillRight(plan, committed));
  if (!isSame) return null;
  const moved = plans.map((plan): Plan => {
    const entries = entriesAt(next, plan);
    next += entries.length;
    return { ...plan, entries };
  });
  return { ...planned, plans: moved, folds: null };
}

/** The states that the batch leaves when it is in the log. */
export function foldsAfter({ plans, folds }: PlannedBatch, committed: SubjectFolds): SubjectFolds {
  if (folds !== null) return folds;
  const after = committed.copy();
  for (const { entries } of plans) after.advance(entries.map(({ entry }) => entry));
  return after;
}

/** Nothing has come between that the decision would have to see. */
function isStillRight({ pending, decidedOn }: Plan, folds: SubjectFolds): boolean {
  return pending.own.length === 0 && folds.of(subjectOf(pending)).lastIndex === decidedOn;
}

function entriesAt(index: number, { entries }: Plan): PlannedEntry[] {
  return entries.map(({ entry, leaf }, position) => ({ entry: { ...entry, index: index + position }, leaf }));
}

function planOne(
  pending: Pending,
  folds: SubjectFolds,
  next: number,
  at: string,
  earlier: Plan | undefined,
): readonly PlannedEntry[] {
  if (isComplete(pending)) return [];
  const entries =
    earlier && isStillRight(earlier, folds) ? entriesAt(next, earlier) : decide(pending, folds, next, at);
  folds.advance(entries.map(({ entry }) => entry));
  pending.planned = pending.own.length + entries.length;
  return entries;
}

function decide(pending: Pending, folds: SubjectFolds, next: number, at: string): PlannedEntry[] {
  const { command, own, ids, attachments } = pending;
  const subject = { type: command.stream.subjectType, id: command.subjectId };
  return command
    .decide(folds.of(subjectOf(pending)).state, at)
    .map(({ action, data, attachment, actor = command.actor }, position): PlannedEntry => {
      const id = (ids[own.length + position] ??= randomUUIDv7());
      const entry = { id, at, action, subject, actor, data };
      if (attachment && !attachments.has(id)) {
        attachments.set(id, { entryId: id, attachment, election: undefined, isDurable: false });
      }
      return { entry: { index: next + position, ...entry }, leaf: encodeLeaf(entry) };
    });
}

/** What a command wants kept beside these of its entries. */
export function attachmentsOf(
  { attachments }: Pending,
  entries: readonly { readonly id: string }[],
): KeptAttachment[] {
  return entries.flatMap(({ id }) => attachments.get(id) ?? []);
}

/** The subject that the command wants to change. */
export function subjectOf({ command }: Pending): StreamSubject {
  return { stream: command.stream, id: command.subjectId };
}

/** All the entries of the command are in the log; only its answer is open. */
function isComplete({ planned, own }: Pending): boolean {
  return planned > 0 && own.length >= planned;
}

/** Marks those of `written` that belong to the batch as its own; a lost attempt may have written them. */
export function recognise(batch: readonly Pending[], written: readonly LogEntry[]): void {
  const open = batch.filter(({ ids, own }) => ids.length > own.length);
  if (open.length === 0) return;
  const byId = new Map(written.map((entry) => [entry.id, entry]));
  for (const { ids, own } of open) {
    for (const id of ids.slice(own.length)) {
      const entry = byId.get(id);
      if (entry) own.push(entry);
    }
  }
}

/** Has a primary take the attachments that none has taken yet. */
export async function take(attachments: readonly KeptAttachment[]): Promise<void> {
  await store(
    attachments.filter(({ election, isDurable }) => election === undefined && !isDurable),
    false,
  );
}

/**
 * Makes attachments durable. Those that were taken under `election`, in which a durable write came after them,
 * are already.
 */
export async function secure(
  attachments: readonly KeptAttachment[],
  election: Election = null,
): Promise<void> {
  for (const kept of attachments) {
    if (election !== null && kept.election === election) kept.isDurable = true;
  }
  await store(
    attachments.filter(({ isDurable }) => !isDurable),
    true,
  );
}

async function store(attachments: readonly KeptAttachment[], durable: boolean): Promise<void> {
  const byStore = new Map<AttachmentStore, KeptAttachment[]>();
  for (const kept of attachments) {
    const ofStore = byStore.get(kept.attachment.store) ?? [];
    byStore.set(kept.attachment.store, ofStore);
    ofStore.push(kept);
  }
  await Promise.all(
    [...byStore].map(async ([target, ofStore]) => {
      const items = ofStore.map(({ entryId, attachment }) => ({ entryId, item: attachment.item }));
      const election = await target.putAll(items, durable);
      for (const kept of ofStore) {
        kept.election = election;
        kept.isDurable ||= durable;
      }
    }),
  );
}
