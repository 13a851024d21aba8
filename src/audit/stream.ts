import type { Election } from '../platform/mongo/insert-command.ts';
import type { EntryActor, EntryContent, JsonObject, LogEntry } from './format/leaf.ts';

/**
 * A kind of subject whose state is the fold of its entries. The log owns the entries; the module that
 * registers the stream owns their meaning.
 */
export interface Stream<State> {
  /** `subject.type` of its entries. */
  readonly subjectType: string;
  /** Its commands never look at the state, so its history need not be read for them. */
  readonly stateless?: true;
  /** The state before the first entry. MUST NOT be changed in place by `evolve`. */
  initial(id: string): State;
  /** The state after one more entry. MUST be pure and MUST accept every entry that was ever committed. */
  evolve(state: State, entry: LogEntry): State;
  /** Where the states are kept for queries; a stream without queries has none. */
  readonly projection?: Projection<State>;
}

/** States of a stream kept for queries. It never decides whether something happened; it can be dropped. */
export interface Projection<State> {
  /**
   * Brings it to these states. MUST be idempotent and MUST leave a newer state in place: several instances
   * project the same subject at the same time.
   * @param alsoEqual replaces a state of the same index too, which only a repair wants
   */
  put(folds: readonly Fold<State>[], alsoEqual?: boolean): Promise<void>;
  /** The log index up to which each of these subjects is projected; unknown subjects are left out. */
  projectedUpTo(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Ids of everything it holds, in order, those after `after`. */
  idsAfter(after: string, limit: number): Promise<string[]>;
  /** Drops what the log knows nothing of. */
  drop(ids: readonly string[]): Promise<void>;
}

/** One subject of one kind. */
export interface StreamSubject {
  readonly stream: Stream<unknown>;
  readonly id: string;
}

/** A subject's state and the log index up to which it holds. */
export interface Fold<State> {
  readonly id: string;
  readonly state: State;
  readonly lastIndex: number;
  /** Nothing was known of the subject before the entries that were just added. */
  readonly isNew?: boolean;
}

/** Bytes that must be durable before the entry that refers to them. */
export interface Attachment {
  readonly store: AttachmentStore;
  /** What the store needs to know about the bytes. */
  readonly item: unknown;
}

/** Keeps attachments under the id of the entry that refers to them. */
export interface AttachmentStore {
  /**
   * MUST take an id that it already has as done: a batch that lost the race for its index stores its attachments
   * again.
   * @param durable resolve only when a majority has them in its journal. Otherwise a durable write that the same
   *   primary takes later makes them so, and nobody is told of them before
   * @returns the election of the primary that took them
   */
  putAll(
    attachments: readonly { readonly entryId: string; readonly item: unknown }[],
    durable: boolean,
  ): Promise<Election>;
}

/** An entry that a decision wants in the log. */
export interface EntryDraft {
  readonly action: EntryContent['action'];
  readonly data: JsonObject;
  /** Who did it, where that was not whoever gave the command. */
  readonly actor?: EntryActor;
  readonly attachment?: Attachment;
}

/** One wish to change one subject. */
export interface Command<State, Answer> {
  readonly stream: Stream<State>;
  readonly subjectId: string;
  readonly actor: EntryActor;
  /**
   * On a subject without entries `decide` always gives some. Then it need not be read first whether it has any: had
   * somebody been faster, the index would be taken. A command that may end without an entry MUST leave this out, for
   * nothing would show that it was decided on an old state.
   */
  readonly alwaysBegins?: true;
  /**
   * The entries that follow from the state, or none. MUST be pure: it is asked again whenever another
   * writer was first. What it throws goes to this command's caller alone.
   * @param at time that the entries will carry, RFC 3339.
   */
  decide(state: State, at: string): readonly EntryDraft[];
  /**
   * What the caller is told, read from the state after the commit; only then is it known which of two
   * racing commands came first.
   * @param own the entries of this command that are in the log now.
   */
  answer(state: State, own: readonly LogEntry[]): Answer;
}
