import { randomUUIDv7 } from 'node:crypto';
import { encodeLeaf, type LogEntry } from './format/leaf.ts';
import type { Election } from '../platform/mongo/insert-command.ts';
import type { Attachment, AttachmentStore, Command, KeptAttachment, StreamSubject } from './stream.ts';
import type { SubjectFolds } from './subject-folds.ts';

/** A command on its way into the log. */
export interface Pending {
  readonly command: Command<unknown, unknown>;
  /** On the monotonic clock; then its caller is told to try again. */
  readonly expiresAtMs: number;
  /** Ids of its entries in order. Kept over attempts, so that an entry of a lost attempt is recognised. */
  readonly ids: string[];
  /** Attachments of its entries by the id of the entry. */
  readonly attachments: Map<string, Attachment>;
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
}

/**
 * Decides the commands in order, each on what the ones before it left. A command whose decision throws is
 * settled with that error and leaves no trace in the others.
 * @param next index of the first entry
 * @param at time of all entries, RFC 3339
 */
export function planBatch(batch: readonly Pending[], folds: SubjectFolds, next: number, at: string): Plan[] {
  const plans: Plan[] = [];
  for (const pending of batch) {
    try {
      const entries = isComplete(pending) ? [] : planOne(pending, folds, next, at);
      next += entries.length;
      plans.push({ pending, entries });
    } catch (error) {
      pending.settle(() => {
        throw error;
      });
    }
  }
  return plans;
}

function planOne(pending: Pending, folds: SubjectFolds, next: number, at: string): PlannedEntry[] {
  const { command, own, ids, attachments } = pending;
  const subject = { type: command.stream.subjectType, id: command.subjectId };
  const entries = command
    .decide(folds.of(subjectOf(pending)).state, at)
    .map(({ action, data, attachment }, position): PlannedEntry => {
      const id = (ids[own.length + position] ??= randomUUIDv7());
      const entry = { id, at, action, subject, actor: command.actor, data };
      if (attachment) attachments.set(id, attachment);
      return { entry: { index: next + position, ...entry }, leaf: encodeLeaf(entry) };
    });
  folds.advance(entries.map(({ entry }) => entry));
  pending.planned = own.length + entries.length;
  return entries;
}

/** What a command wants kept beside these of its entries. */
export function attachmentsOf(
  { attachments }: Pending,
  entries: readonly { readonly id: string }[],
): KeptAttachment[] {
  return entries.flatMap(({ id }) => {
    const attachment = attachments.get(id);
    return attachment === undefined ? [] : [{ entryId: id, attachment }];
  });
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

/**
 * Stores attachments, each store once.
 * @param durable see {@link AttachmentStore.putAll}
 * @returns the elections of the primaries that took them
 */
export async function storeAttachments(
  attachments: readonly KeptAttachment[],
  durable: boolean,
): Promise<Election[]> {
  const byStore = new Map<AttachmentStore, { entryId: string; item: unknown }[]>();
  for (const { entryId, attachment } of attachments) {
    const items = byStore.get(attachment.store) ?? [];
    byStore.set(attachment.store, items);
    items.push({ entryId, item: attachment.item });
  }
  return Promise.all([...byStore].map(([store, items]) => store.putAll(items, durable)));
}
