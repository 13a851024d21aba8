import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';
import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';

/** What a person may decide. */
export const REVIEW_DECISIONS = ['APPROVE', 'REJECT'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

/** What one person said about a session in review. The comment lies in the vault under the entry's id. */
export interface Opinion {
  readonly decision: ReviewDecision;
  readonly reasonCode: string;
  readonly by: EntryActor;
  readonly at: string;
  readonly entryIndex: number;
}

/** A person keeps others from deciding, until it is over by itself. */
export interface Claim {
  readonly by: EntryActor;
  readonly at: string;
  /** RFC 3339; from then on the claim counts no more. */
  readonly until: string;
}

/** What there was to decide on. */
export interface Grounds {
  /** How many distinct results there were. */
  readonly results: number;
  readonly grade: Grade;
  /** Codes of the rules that spoke against approval, in order. */
  readonly findings: readonly string[];
}

/** A decision that was made by one person or, where four eyes were demanded, by two. */
export interface DecidedReview {
  readonly first: Opinion;
  readonly second: Opinion | null;
  readonly grounds: Grounds;
}

/** What somebody who had not decided found when a decision was looked at again. */
export interface SecondLook {
  /** Id of the sample that the decision was drawn for. */
  readonly sample: string;
  /** Index of the entry that decided. */
  readonly review: number;
  /** The second look would have decided the same. */
  readonly agrees: boolean;
  readonly by: EntryActor;
  readonly at: string;
}

/** Everything about a session that people are asked for. */
export interface ReviewState {
  /** The entry that put it before a person; null while there is nothing to decide. */
  readonly since: { readonly index: number; readonly at: string } | null;
  readonly claim: Claim | null;
  /** What a first person wants and a second one has to confirm. */
  readonly proposal: Opinion | null;
  /** The decision that holds; null before the first, and once something contradicts it. */
  readonly decided: DecidedReview | null;
  /** Something that came later contradicts what people decided, so only people may decide again. */
  readonly contested: boolean;
  /** Second looks at decisions that were drawn for one; they change nothing about the session. */
  readonly secondLooks: readonly SecondLook[];
}

export const NO_REVIEW: ReviewState = {
  since: null,
  claim: null,
  proposal: null,
  decided: null,
  contested: false,
  secondLooks: [],
};

/** `data` of `review.proposed`, `review.refused` and `review.decided`. */
export interface OpinionData {
  readonly decision: ReviewDecision;
  readonly reasonCode: string;
  /** Entry of the proposal that it answers; null for a first opinion. */
  readonly proposal: number | null;
  /** Keyed digest of what the vault keeps under the entry's id. */
  readonly commentDigest: string;
  readonly hasComment: true;
  readonly hasCustomerMessage: boolean;
}

/** `data` of `review.claimed`. */
export interface ClaimedData {
  readonly until: string;
}

/** `data` of `review.looked_at_again`. */
export interface SecondLookData {
  readonly sample: string;
  readonly review: number;
  readonly agrees: boolean;
  readonly commentDigest: string;
  readonly hasComment: true;
}

/** Whom a review waits for. A live claim comes first: it says that somebody is at it. */
export const REVIEW_STATUSES = ['OPEN', 'CLAIMED', 'AWAITING_SECOND'] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

export function reviewStatusOf({ claim, proposal }: ReviewState, at: string): ReviewStatus {
  if (isClaimLive(claim, at)) return 'CLAIMED';
  return proposal === null ? 'OPEN' : 'AWAITING_SECOND';
}

/** Whether somebody holds the session at that time. */
export function isClaimLive(claim: Claim | null, at: string): claim is Claim {
  return claim !== null && claim.until > at;
}

/** The review after an entry about it. Whoever spoke lets go of the session, so that the next one can. */
export function evolveReview(review: ReviewState, entry: LogEntry, grounds: Grounds): ReviewState {
  switch (entry.action) {
    case 'review.claimed': {
      const { until } = entry.data as unknown as ClaimedData;
      return { ...review, claim: { by: entry.actor, at: entry.at, until } };
    }
    case 'review.released':
      return { ...review, claim: null };
    case 'review.proposed':
      return { ...review, claim: null, proposal: opinionOf(entry) };
    case 'review.refused':
      return { ...review, claim: null, proposal: null };
    case 'review.decided': {
      const opinion = opinionOf(entry);
      const { proposal } = review;
      const decided = { first: proposal ?? opinion, second: proposal && opinion, grounds };
      return { ...NO_REVIEW, secondLooks: review.secondLooks, decided };
    }
    case 'review.looked_at_again': {
      const { sample, review: index, agrees } = entry.data as unknown as SecondLookData;
      const look = { ...{ sample, agrees }, review: index, by: entry.actor, at: entry.at };
      return { ...review, secondLooks: [...review.secondLooks, look] };
    }
    default:
      return review;
  }
}

function opinionOf({ data, actor, at, index }: LogEntry): Opinion {
  const { decision, reasonCode } = data as unknown as OpinionData;
  return { decision, reasonCode, by: actor, at, entryIndex: index };
}

/**
 * Holds what people decided or proposed against what is known now. A proposal is void: its second person would
 * confirm something else than the first one saw. A decision holds while the rules say the same, or can't
 * decide for the same reasons; anything else has to be looked at again.
 * @param ruled what the rules say now
 */
export function reexamine(review: ReviewState, now: Grounds, ruled: Decision): ReviewState {
  const { decided } = review;
  if (decided === null || !isContradicted(decided, now, ruled)) return { ...review, proposal: null };
  return { ...review, proposal: null, decided: null, contested: true };
}

function isContradicted({ first, grounds }: DecidedReview, now: Grounds, ruled: Decision): boolean {
  if (now.grade === 'CONFLICT') return grounds.grade !== 'CONFLICT' || now.results > grounds.results;
  if (ruled === first.decision) return false;
  return ruled !== 'NEED_REVIEW' || now.findings.join() !== grounds.findings.join();
}
