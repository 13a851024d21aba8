import { isSamePerson } from '../access/same-person.ts';
import type { EntryActor, JsonObject } from '../audit/format/leaf.ts';
import type { Attachment, EntryDraft } from '../audit/stream.ts';
import type { FourEyesReason } from '../conclusion-rules/engine/four-eyes.ts';
import { type EntityTag, matches } from '../platform/http/entity-tag.ts';
import { Problem } from '../platform/http/problem.ts';
import {
  type ClaimedData,
  isClaimLive,
  type OpinionData,
  type ReviewDecision,
  type SecondLookData,
} from '../sessions/session-review.ts';
import { governingResult, isErased, isReviewable, type SessionState } from '../sessions/session-state.ts';

/** What a person decides on a session. */
export interface Review {
  readonly person: EntryActor;
  readonly decision: ReviewDecision;
  readonly reasonCode: string;
  /** ETags of the session as the person looked at it. */
  readonly lookedAt: readonly EntityTag[];
  /** Keyed digest of the comments. */
  readonly commentDigest: string;
  readonly hasCustomerMessage: boolean;
  /** The comments, wrapped for the vault. */
  readonly comments: Attachment;
}

/**
 * Why two people must make this decision; empty where one is enough. Follows from conclusions that the session
 * has, not from the rule set that is active now.
 */
export function fourEyesFor(state: SessionState, decision: ReviewDecision): FourEyesReason[] {
  const governing = governingResult(state)?.conclusion?.fourEyes ?? [];
  const isRejected = state.results.some(({ conclusion }) =>
    conclusion?.fourEyes.includes('OVERRIDE_OF_REJECT'),
  );
  return [
    ...(isRejected && decision === 'APPROVE' ? (['OVERRIDE_OF_REJECT'] as const) : []),
    ...governing.filter((reason) => reason !== 'OVERRIDE_OF_REJECT'),
  ];
}

/**
 * One person decides, or proposes where four eyes are demanded. A second person who decides the same confirms
 * it; one who decides otherwise refuses the proposal, and the session waits for a new one.
 * @throws Problem FOUR_EYES, STALE_SESSION, NOT_REVIEWABLE, CLAIMED_BY_ANOTHER
 */
export function decideReview(state: SessionState, review: Review, at: string): EntryDraft[] {
  const { decision, reasonCode, commentDigest, hasCustomerMessage } = review;
  refuseProposer(state, review.person);
  if (!matches(review.lookedAt, String(state.version))) {
    throw new Problem('STALE_SESSION', 'Read the session again and decide on what it is now.');
  }
  refuseUnlessReviewable(state);
  refuseIfClaimed(state, review.person, at);
  const { proposal } = state.review;
  const data: OpinionData = {
    decision,
    reasonCode,
    proposal: proposal?.entryIndex ?? null,
    commentDigest,
    hasComment: true,
    hasCustomerMessage,
  };
  const action = actionOf(state, decision);
  return [{ action, data: data as unknown as JsonObject, attachment: review.comments }];
}

function actionOf(state: SessionState, decision: ReviewDecision): EntryDraft['action'] {
  const { proposal } = state.review;
  if (proposal !== null) return proposal.decision === decision ? 'review.decided' : 'review.refused';
  return fourEyesFor(state, decision).length > 0 ? 'review.proposed' : 'review.decided';
}

/**
 * Keeps others from deciding for a while. Claiming again starts the time anew.
 * @throws Problem FOUR_EYES to whoever proposed, NOT_REVIEWABLE, CLAIMED_BY_ANOTHER
 */
export function decideClaim(
  state: SessionState,
  person: EntryActor,
  timeoutSeconds: number,
  at: string,
): EntryDraft[] {
  refuseUnlessReviewable(state);
  refuseProposer(state, person);
  refuseIfClaimed(state, person, at);
  const data: ClaimedData = { until: new Date(Date.parse(at) + timeoutSeconds * 1000).toISOString() };
  return [{ action: 'review.claimed', data: data as unknown as JsonObject }];
}

/**
 * Gives a claim back; nothing where there is none.
 * @throws Problem NOT_REVIEWABLE, CLAIMED_BY_ANOTHER
 */
export function decideRelease(state: SessionState, person: EntryActor, at: string): EntryDraft[] {
  refuseUnlessReviewable(state);
  refuseIfClaimed(state, person, at);
  return isClaimLive(state.review.claim, at) ? [{ action: 'review.released', data: {} }] : [];
}

/** What a person found who looked at a decided review again. */
export interface SecondLookAt {
  readonly person: EntryActor;
  /** Id of the sample that the review was drawn for. */
  readonly sample: string;
  /** Index of the entry that decided. */
  readonly review: number;
  readonly agrees: boolean;
  readonly commentDigest: string;
  readonly comments: Attachment;
}

/**
 * Records a second look, once for each time that a review was drawn. It changes nothing about the session: what
 * follows from a disagreement is for people to settle.
 * @throws Problem FOUR_EYES to whoever decided, PERSONAL_DATA_ERASED, LOOKED_AT_ALREADY
 */
export function decideSecondLook(
  state: SessionState,
  { person, sample, review, agrees, commentDigest, comments }: SecondLookAt,
  deciders: readonly EntryActor[],
): EntryDraft[] {
  if (deciders.some(({ id }) => isSamePerson(id, person.id))) {
    throw new Problem('FOUR_EYES', 'You decided it; another person has to look again.');
  }
  if (isErased(state)) {
    throw new Problem('PERSONAL_DATA_ERASED', 'The timeline says when and on what legal basis.');
  }
  if (state.review.secondLooks.some((look) => look.sample === sample && look.review === review)) {
    throw new Problem('LOOKED_AT_ALREADY', 'Read the sample for what it came to.');
  }
  const data: SecondLookData = { sample, review, agrees, commentDigest, hasComment: true };
  return [{ action: 'review.looked_at_again', data: data as unknown as JsonObject, attachment: comments }];
}

/** Whoever proposed can't be the second person, through whichever client and with whichever ETag. */
function refuseProposer({ review: { proposal } }: SessionState, person: EntryActor): void {
  if (proposal === null || !isSamePerson(proposal.by.id, person.id)) return;
  throw new Problem('FOUR_EYES', 'Your decision is recorded; another person has to confirm or refuse it.');
}

function refuseUnlessReviewable(state: SessionState): void {
  if (isReviewable(state)) return;
  const detail =
    state.status === 'IN_REVIEW' && isErased(state)
      ? 'Its personal data was erased, so there is nothing left to decide on.'
      : 'Read its status and decision; a new result may bring it before a person again.';
  throw new Problem('NOT_REVIEWABLE', detail);
}

function refuseIfClaimed({ review: { claim } }: SessionState, person: EntryActor, at: string): void {
  if (!isClaimLive(claim, at) || isSamePerson(claim.by.id, person.id)) return;
  throw new Problem('CLAIMED_BY_ANOTHER', 'Take another review, or wait until the claim is over.', {
    members: { claimedUntil: claim.until },
  });
}
