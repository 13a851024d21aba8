import { toSessionResponse } from '../sessions/session.mapper.ts';
import { isClaimLive, type Opinion, reviewStatusOf } from '../sessions/session-review.ts';
import { gradeOf, governingResult, type SessionState } from '../sessions/session-state.ts';
import { fourEyesFor } from './review.decider.ts';
import type {
  OpinionResponse,
  ProposalResponse,
  ReviewPendingResponse,
  ReviewResponse,
} from './review-responses.dto.ts';
import type { DrawnReviewResponse, SampleResponse } from './review-samples.dto.ts';
import type { DrawnReview, Sample } from './review-samples.service.ts';
import type { RecordedOpinion } from './reviews.service.ts';

/** A session as the queue of reviews shows it. */
export function toReviewResponse(state: SessionState, now: Date, dueWithinSeconds: number): ReviewResponse {
  const { review, uuid, version, registration } = state;
  if (review.since === null) throw new Error('a session that waits for nobody is no review');
  const { since, claim, proposal, contested } = review;
  const at = now.toISOString();
  const dueAt = new Date(Date.parse(since.at) + dueWithinSeconds * 1000);
  return {
    uuid,
    status: reviewStatusOf(review, at),
    since: since.at,
    dueAt: dueAt.toISOString(),
    overdue: dueAt <= now,
    riskLevel: governingResult(state)?.conclusion?.riskLevel ?? null,
    grade: gradeOf(state),
    channel: registration?.channel ?? null,
    contested,
    fourEyes: { approve: fourEyesFor(state, 'APPROVE'), reject: fourEyesFor(state, 'REJECT') },
    claim: isClaimLive(claim, at) ? { ...claim, by: { ...claim.by } } : null,
    proposal: proposal && toProposal(proposal),
    version,
  };
}

/** What is awaited after a decision that one person alone could not make. */
export function toPendingResponse(
  outcome: ReviewPendingResponse['outcome'],
  decision: Opinion['decision'],
  state: SessionState,
): ReviewPendingResponse {
  const { proposal } = state.review;
  return {
    outcome,
    fourEyes: fourEyesFor(state, decision),
    proposal: proposal && toProposal(proposal),
    session: toSessionResponse(state),
  };
}

export function toOpinionResponse({ entry, data, outcome, comments }: RecordedOpinion): OpinionResponse {
  const isSecondLook = 'agrees' in data;
  return {
    index: entry.index,
    outcome,
    decision: isSecondLook ? null : data.decision,
    reasonCode: isSecondLook ? null : data.reasonCode,
    agrees: isSecondLook ? data.agrees : null,
    by: { ...entry.actor },
    at: entry.at,
    answers: isSecondLook ? data.review : data.proposal,
    comment: comments?.comment ?? null,
    customerMessage: comments?.customerMessage ?? null,
  };
}

export function toSampleResponse({ id, entry, data, drawn }: Sample): SampleResponse {
  return {
    id,
    drawnBy: { ...entry.actor },
    drawnAt: entry.at,
    entryIndex: entry.index,
    ...data,
    items: drawn.map(toDrawnReviewResponse),
  };
}

export function toDrawnReviewResponse({
  entry,
  data,
  deciders,
  secondLook,
}: DrawnReview): DrawnReviewResponse {
  return {
    index: entry.index,
    uuid: entry.subject.id,
    decision: data.decision,
    reasonCode: data.reasonCode,
    deciders: deciders.map((decider) => ({ ...decider })),
    secondLook: secondLook && {
      agrees: secondLook.agrees,
      by: { ...secondLook.by },
      at: secondLook.at,
    },
  };
}

function toProposal({ decision, reasonCode, by, at }: Opinion): ProposalResponse {
  return { decision, reasonCode, by: { ...by }, at };
}
