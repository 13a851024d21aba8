import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';

export const RECALL_STATUSES = ['REQUESTED', 'APPROVED', 'COMPLETED'] as const;
export type RecallStatus = (typeof RECALL_STATUSES)[number];

/** What was wrong with the rule set; free text has no place in the log. */
export const RECALL_REASONS = ['THRESHOLD_WRONG', 'RULE_WRONG', 'RULE_MISSING', 'OTHER'] as const;
export type RecallReason = (typeof RECALL_REASONS)[number];

/** Which conclusions are meant. The indexes say it for good: the log below them never changes. */
export interface RecallFrame {
  /** The rule set that proved wrong. */
  readonly ruleSetVersion: string;
  /** Only conclusions in which this rule had a say; null for all. */
  readonly ruleCode: string | null;
  /** First log index, included. */
  readonly firstIndex: number;
  /** Last log index, excluded. */
  readonly untilIndex: number;
}

/** `data` of `recall.requested`. */
export interface RequestedData extends RecallFrame {
  /** The times from which the indexes follow, RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly reason: RecallReason | null;
  /** How many sessions the frame holds. */
  readonly sessions: number;
}

/** What came of sessions. */
export interface RecallCounts {
  /** Sessions that were looked at. */
  readonly done: number;
  /** Of these: concluded on anew. */
  readonly reconcluded: number;
  /** Of these: whose decision is another one now. */
  readonly changed: number;
  /** Of those looked at: left as they are, because what was received was erased. */
  readonly skipped: number;
}

export const NO_COUNTS: RecallCounts = { done: 0, reconcluded: 0, changed: 0, skipped: 0 };

/** `data` of `recall.progressed`: one batch. */
export interface ProgressedData extends RecallCounts {
  /** Log index up to which the frame was walked, included. */
  readonly through: number;
}

interface Signature {
  readonly by: EntryActor;
  /** RFC 3339. */
  readonly at: string;
}

/** A recall: the fold of its entries. */
export interface RecallState {
  readonly id: string;
  readonly status: RecallStatus | 'NONE';
  /** Index of its first entry: the order of recalls. */
  readonly firstIndex: number;
  /** null only before the first entry. */
  readonly request: (Signature & { readonly data: RequestedData }) | null;
  readonly approval: Signature | null;
  /** Log index up to which the frame was walked, included. */
  readonly through: number;
  /** Of all batches so far. */
  readonly counts: RecallCounts;
  /** RFC 3339; null before. */
  readonly completedAt: string | null;
}

export function initialRecall(id: string): RecallState {
  return {
    id,
    status: 'NONE',
    firstIndex: -1,
    request: null,
    approval: null,
    through: -1,
    counts: NO_COUNTS,
    completedAt: null,
  };
}

/** The recall after one more entry. Pure. */
export function evolveRecall(state: RecallState, { action, index, at, actor, data }: LogEntry): RecallState {
  switch (action) {
    case 'recall.requested': {
      const requested = data as unknown as RequestedData;
      return {
        ...state,
        status: 'REQUESTED',
        firstIndex: index,
        request: { by: actor, at, data: requested },
        through: requested.firstIndex - 1,
      };
    }
    case 'recall.approved':
      return { ...state, status: 'APPROVED', approval: { by: actor, at } };
    case 'recall.progressed': {
      const { through, ...batch } = data as unknown as ProgressedData;
      return { ...state, through, counts: sumOf(state.counts, batch) };
    }
    case 'recall.completed':
      return { ...state, status: 'COMPLETED', completedAt: at };
    default:
      return state;
  }
}

export function sumOf(a: RecallCounts, b: RecallCounts): RecallCounts {
  return {
    done: a.done + b.done,
    reconcluded: a.reconcluded + b.reconcluded,
    changed: a.changed + b.changed,
    skipped: a.skipped + b.skipped,
  };
}
