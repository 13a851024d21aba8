import { messageForResultCode } from '../conclusion-rules/warning-codes.ts';
import type { ReviewDecisionResponse, SessionResponse } from './session-responses.dto.ts';
import type { DecidedReview } from './session-review.ts';
import { decisionOf, gradeOf, governingResult, isConfirmed, type SessionState } from './session-state.ts';

/** A session as internal services see it. Holds no personal data, because the state holds none. */
export function toSessionResponse(state: SessionState): SessionResponse {
  if (state.status === 'NONE') throw new Error('a session without entries is shown to nobody');
  const governing = governingResult(state);
  const conclusion = governing?.conclusion ?? null;
  const vendor = (governing ?? state.results.at(-1))?.vendor ?? null;
  return {
    uuid: state.uuid,
    registered: state.registration !== null,
    status: state.status,
    decision: decisionOf(state),
    confirmed: isConfirmed(state),
    riskLevel: conclusion?.riskLevel ?? null,
    grade: gradeOf(state),
    customerRef: state.registration?.customerRef ?? null,
    channel: state.registration?.channel ?? null,
    vendor: vendor && { ...vendor, message: vendor.code === null ? null : messageForResultCode(vendor.code) },
    conclusion: conclusion && {
      decision: conclusion.decision,
      riskLevel: conclusion.riskLevel,
      ruleSetVersion: conclusion.ruleSetVersion,
      omittedFindings: conclusion.omittedFindings,
      ruleTable: conclusion.ruleTable.map((group) => ({ ...group, rules: [...group.rules] })),
    },
    review: state.review.decided && toReviewDecision(state.review.decided),
    results: state.results.map(({ version, source, receivedAt, entryIndex }) => ({
      version,
      source,
      receivedAt,
      entryIndex,
    })),
    differences: [...(state.comparison?.differences ?? [])],
    registeredAt: state.registeredAt,
    expectedBy: state.expectedBy,
    expiresAt: state.expiresAt,
    updatedAt: state.updatedAt,
    version: state.version,
  };
}

function toReviewDecision({ first, second }: DecidedReview): ReviewDecisionResponse {
  const { at, entryIndex } = second ?? first;
  return {
    decision: first.decision,
    reasonCode: first.reasonCode,
    by: { ...first.by },
    at,
    secondBy: second && { ...second.by },
    secondReasonCode: second && second.reasonCode,
    entryIndex,
  };
}
