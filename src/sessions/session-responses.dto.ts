import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import { ApiProperty } from '@nestjs/swagger';
import { ActorResponse, AuditEntryPage } from '../audit/audit.dto.ts';
import type { ResultSource } from './session-state.ts';
import type { ReviewDecision } from './session-review.ts';
import type { SessionStatus } from './session-status.ts';

export class VendorVerdictResponse {
  /**
   * The vendor's overall code.
   * @example '303'
   */
  code!: string | null;

  /**
   * What the code means, in our own words: the vendor's text could carry personal data.
   * @example 'face is not matching with document'
   */
  message!: string | null;

  /**
   * The vendor's decision number; only 2 (need review) is documented by the vendor.
   * @example 2
   */
  decision!: number | null;

  /**
   * The vendor's decision as a word.
   * @example 'NEED_REVIEW'
   */
  decisionMessage!: string | null;

  /**
   * The vendor's risk level; its scale is undocumented.
   * @example 1
   */
  riskLevel!: number | null;
}

export class ConclusionRuleResponse {
  /**
   * Code of the bank's rule.
   * @example 'FACE_SIMILARITY_LOW'
   */
  code!: string;

  /**
   * What the rule says.
   * @example 'The face does not match the document'
   */
  message!: string;

  /**
   * Risk that it adds.
   * @example 3
   */
  riskLevel!: number;

  /** Whether the rule is met or can't be told because a value is missing. */
  outcome!: 'MET' | 'CANNOT_TELL';

  /**
   * The fact that the rule read.
   * @example 'faceMatch.similarity'
   */
  fact!: string | null;

  /**
   * The value that was read; scores and codes only, null for anything else.
   * @example 49.09
   */
  @ApiProperty({
    type: 'object',
    oneOf: [{ type: 'number' }, { type: 'string' }, { type: 'boolean' }],
    nullable: true,
    additionalProperties: false,
  })
  observed!: number | string | boolean | null;

  /**
   * What the rule compares it with.
   * @example '< 80'
   */
  expected!: string | null;
}

export class ConclusionGroupResponse {
  /**
   * Code of the group.
   * @example 'FACE'
   */
  groupCode!: string;

  /**
   * Its name.
   * @example 'Face match'
   */
  groupName!: string;

  /**
   * Highest risk of its rules.
   * @example 3
   */
  riskLevel!: number;

  /** Rules that are met or can't be told. */
  rules!: ConclusionRuleResponse[];
}

export class ConclusionResponse {
  /** What the rules decide. */
  decision!: Decision;

  /**
   * Highest risk of the rules that are met.
   * @example 3
   */
  riskLevel!: number;

  /**
   * Content address of the rule set that was applied.
   * @example '9f2c1a77d0b3e845'
   */
  ruleSetVersion!: string;

  /** Why, by group. */
  ruleTable!: ConclusionGroupResponse[];

  /**
   * How many more rules spoke against approval than the table shows; it is cut where it would grow too large.
   * @example 0
   */
  omittedFindings!: number;
}

export class ResultVersionResponse {
  /**
   * From 1, in the order of arrival.
   * @example 1
   */
  version!: number;

  /** Pushed by the vendor or pulled by us. */
  source!: ResultSource;

  /**
   * When it was kept, RFC 3339 UTC.
   * @example '2026-01-31T08:15:30.123Z'
   */
  receivedAt!: string;

  /**
   * Index of the audit entry that brought it.
   * @example 42
   */
  entryIndex!: number;
}

export class ReviewDecisionResponse {
  /** What was decided; it is the session's decision. */
  decision!: ReviewDecision;

  /**
   * Why, as a code of `GET /v1/review-reasons`.
   * @example 'EVIDENCE_VERIFIED'
   */
  reasonCode!: string;

  /** Who decided, or proposed it where two did. */
  by!: ActorResponse;

  /**
   * When it was decided, RFC 3339 UTC.
   * @example '2026-01-31T09:30:00.000Z'
   */
  at!: string;

  /** Who confirmed it; null where one person was enough. */
  secondBy!: ActorResponse | null;

  /**
   * The second person's reason; null where one person was enough.
   * @example 'EVIDENCE_VERIFIED'
   */
  secondReasonCode!: string | null;

  /**
   * Index of the audit entry that decided.
   * @example 43
   */
  entryIndex!: number;
}

export class SessionResponse {
  /**
   * The vendor's client_uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /**
   * Whether the bank registered it; a callback for an unknown session is kept all the same.
   * @example true
   */
  registered!: boolean;

  /** Where it stands. */
  status!: SessionStatus;

  /** The current decision, of people where they made one, else of the rules; null without a result. */
  decision!: Decision | null;

  /**
   * Whether the decision may be acted on: by default a pulled result must agree with the callback, or people
   * decided with a pulled result before them.
   * @example false
   */
  confirmed!: boolean;

  /**
   * Risk level of the conclusion; null without one.
   * @example 3
   */
  riskLevel!: number | null;

  /** How well the result is proven; null without one. */
  grade!: Grade | null;

  /**
   * The bank's reference to the customer.
   * @example 'cust-20931'
   */
  customerRef!: string | null;

  /**
   * Where the customer came from.
   * @example 'mobile'
   */
  channel!: string | null;

  /** What the vendor said; null without a result. */
  vendor!: VendorVerdictResponse | null;

  /** What the bank's rules say; null without a result. */
  conclusion!: ConclusionResponse | null;

  /** What people decided; null until they do, and again once a later result contradicts it. */
  review!: ReviewDecisionResponse | null;

  /** Every distinct result, oldest first. */
  results!: ResultVersionResponse[];

  /**
   * Names of the fields in which callback and pull differ.
   * @example ['face_match.similarity']
   */
  differences!: string[];

  /**
   * When it was registered, RFC 3339 UTC; null if it never was.
   * @example '2026-01-31T08:00:00.000Z'
   */
  registeredAt!: string | null;

  /**
   * Until when a result is expected; null if it was never registered.
   * @example '2026-01-31T09:00:00.000Z'
   */
  expectedBy!: string | null;

  /**
   * When it expires without a result; null if it was never registered.
   * @example '2026-02-01T08:00:00.000Z'
   */
  expiresAt!: string | null;

  /**
   * When it last changed, RFC 3339 UTC.
   * @example '2026-01-31T08:15:30.123Z'
   */
  updatedAt!: string;

  /**
   * Counts its changes; the ETag.
   * @example 3
   */
  version!: number;
}

export class SessionPage {
  /** The sessions, newest first. */
  items!: SessionResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

export class TimelineResponse extends AuditEntryPage {}

export class ResultResponse {
  /**
   * The vendor's client_uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /**
   * Version of the result.
   * @example 1
   */
  version!: number;

  /** Pushed by the vendor or pulled by us. */
  source!: ResultSource;

  /**
   * When it was kept, RFC 3339 UTC.
   * @example '2026-01-31T08:15:30.123Z'
   */
  receivedAt!: string;

  /** The result in our own terms; null stands for "no value". Contains personal data. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: {
      code: '303',
      faceMatch: { code: '303', isMatch: false, similarity: 49.09 },
      liveness: { isLive: true, spoofProbability: 0.3435 },
    },
  })
  result!: Record<string, unknown>;
}

export class ErasureResponse {
  /**
   * The vendor's client_uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /**
   * When it was erased, RFC 3339 UTC.
   * @example '2031-02-01T08:15:30.123Z'
   */
  erasedAt!: string;
}
