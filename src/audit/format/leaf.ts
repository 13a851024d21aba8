import { canonicalJson } from '../../platform/canonical-json.ts';
import { MAX_LEAF_BYTES } from './constants.ts';

/** Every action the log knows, in the past tense. A new kind of event is a new word here. */
export const ACTIONS = [
  'session.registered',
  'callback.received',
  'callback.quarantined',
  'callback.replayed',
  'callback.dismissed',
  'result.retrieved',
  'retrieval.failed',
  'results.compared',
  'conclusion.reached',
  'session.expired',
  'review.claimed',
  'review.released',
  'review.proposed',
  'review.refused',
  'review.decided',
  'review.sample_seeded',
  'review.looked_at_again',
  'evidence.archived',
  'evidence.failed',
  'personal_data.viewed',
  'personal_data.erased',
  'rule_set.drafted',
  'rule_set.approved',
  'rule_set.activated',
  'rule_set.retired',
  'rule_set.shadow_started',
  'rule_set.shadow_ended',
  'recall.requested',
  'recall.approved',
  'recall.progressed',
  'recall.completed',
  'exception.raised',
  'exception.assigned',
  'exception.resolved',
  'close.signed',
  'audit.exported',
  'key.rotated',
] as const;
export type Action = (typeof ACTIONS)[number];

/** JSON without undefined: what an entry may carry. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** What the entry is about. */
export interface Subject {
  readonly type: string;
  readonly id: string;
}

/** Who did it; `via` names the API client through which a person acted. */
export interface EntryActor {
  readonly type: string;
  readonly id: string;
  readonly via?: string;
}

/** What an entry says, apart from its place in the log, which the Merkle tree binds. */
export interface EntryContent {
  /** UUID, version 7. */
  readonly id: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string;
  readonly action: Action;
  readonly subject: Subject;
  readonly actor: EntryActor;
  /** Facts that are no personal data. */
  readonly data: JsonObject;
}

/** An entry at its place. */
export interface LogEntry extends EntryContent {
  /** 0-based and dense. */
  readonly index: number;
}

const LEAF_VERSION = 1;

/** An entry is larger than {@link MAX_LEAF_BYTES}; `data` must carry less. */
export class LeafTooLargeError extends Error {
  override readonly name = 'LeafTooLargeError';
}

/**
 * The bytes that are hashed, signed for and exported: RFC 8785 canonical JSON of
 * `{"v":1,"id","at","action","subject","actor","data"}`. The index is left out on purpose: an entry that
 * lost the race for its index takes the next one with the same bytes.
 * @throws LeafTooLargeError above 32 KiB.
 */
export function encodeLeaf(entry: EntryContent): Buffer {
  const { id, at, action, subject, actor, data } = entry;
  const leaf = Buffer.from(
    canonicalJson({ v: LEAF_VERSION, id, at, action, subject: { ...subject }, actor: { ...actor }, data }),
    'utf8',
  );
  if (leaf.length > MAX_LEAF_BYTES) {
    throw new LeafTooLargeError(
      `entry ${action} has ${leaf.length} bytes; at most ${MAX_LEAF_BYTES} are allowed`,
    );
  }
  return leaf;
}

/**
 * Reads a leaf that {@link encodeLeaf} wrote.
 * @throws Error if the bytes are no entry of a version that this code knows.
 */
export function decodeLeaf(leaf: Uint8Array): EntryContent {
  const { v, ...content } = JSON.parse(
    Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('utf8'),
  ) as {
    v: number;
  } & EntryContent;
  if (v !== LEAF_VERSION)
    throw new Error(`leaf version ${v} is not known; this code reads version ${LEAF_VERSION}`);
  return content;
}
