import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { FourEyesReason } from '../conclusion-rules/engine/four-eyes.ts';
import { ApiProperty } from '@nestjs/swagger';
import { ActorResponse } from '../audit/audit.dto.ts';
import { SessionResponse } from '../sessions/session-responses.dto.ts';
import type { ReviewDecision, ReviewStatus } from '../sessions/session-review.ts';

export class ProposalResponse {
  /** What the first person wants. */
  decision!: ReviewDecision;

  /**
   * Why, as a code of `GET /v1/review-reasons`.
   * @example 'EVIDENCE_VERIFIED'
   */
  reasonCode!: string;

  /** Who it is; somebody else has to confirm or refuse. */
  by!: ActorResponse;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-01-31T09:20:00.000Z'
   */
  at!: string;
}

/** What one person alone could do was done. */
export class ReviewPendingResponse {
  /**
   * `AWAITING_SECOND`: another person has to confirm it. `REFUSED`: this was the second person, who decided
   * otherwise; the proposal is void and the session waits for a new one.
   */
  outcome!: 'AWAITING_SECOND' | 'REFUSED';

  /**
   * Why one person is not enough for this decision, as it was demanded when the session was concluded.
   * @example ['RISK_LEVEL']
   */
  fourEyes!: FourEyesReason[];

  /** What waits to be confirmed; null after a refusal. */
  proposal!: ProposalResponse | null;

  /** The session, whose ETag goes with the next decision. */
  session!: SessionResponse;
}

export class ClaimResponse {
  /** Who keeps others from deciding. */
  by!: ActorResponse;

  /**
   * Since when, RFC 3339 UTC.
   * @example '2026-01-31T09:15:00.000Z'
   */
  at!: string;

  /**
   * Until when, RFC 3339 UTC; then it is over by itself.
   * @example '2026-01-31T09:30:00.000Z'
   */
  until!: string;
}

export class FourEyesResponse {
  /**
   * Why two people must approve it; empty where one is enough.
   * @example ['OVERRIDE_OF_REJECT', 'RISK_LEVEL']
   */
  approve!: FourEyesReason[];

  /**
   * Why two people must reject it; empty where one is enough.
   * @example ['RISK_LEVEL']
   */
  reject!: FourEyesReason[];
}

/** A session that waits for a person. */
export class ReviewResponse {
  /**
   * The session's uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** Whom it waits for. */
  status!: ReviewStatus;

  /**
   * Since when, RFC 3339 UTC.
   * @example '2026-01-31T08:15:30.123Z'
   */
  since!: string;

  /**
   * Until when it should be decided (REVIEW_DUE_WITHIN_S), RFC 3339 UTC.
   * @example '2026-01-31T12:15:30.123Z'
   */
  dueAt!: string;

  /**
   * Whether that is over.
   * @example false
   */
  overdue!: boolean;

  /**
   * Risk level of what the rules say.
   * @example 3
   */
  riskLevel!: number | null;

  /** How well the result is proven. */
  grade!: Grade | null;

  /**
   * Where the customer came from.
   * @example 'mobile'
   */
  channel!: string | null;

  /**
   * Whether people have decided before, and something that came later contradicts it.
   * @example false
   */
  contested!: boolean;

  /** What two people must do together. */
  fourEyes!: FourEyesResponse;

  /** Who has it in hand; null if nobody. */
  claim!: ClaimResponse | null;

  /** What a second person has to confirm; null if nothing. */
  proposal!: ProposalResponse | null;

  /**
   * Version of the session; its ETag is this in quotes. Claiming does not change it.
   * @example 3
   */
  version!: number;
}

export class ReviewPage {
  /** The reviews, that which is due first before the others. */
  items!: ReviewResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

export class OpinionResponse {
  /**
   * Index of the audit entry.
   * @example 42
   */
  index!: number;

  /** What became of it; `SECOND_LOOK` tells of a decision that was drawn for one. */
  outcome!: 'DECIDED' | 'AWAITING_SECOND' | 'REFUSED' | 'SECOND_LOOK';

  /** What the person decided; null for a second look. */
  decision!: ReviewDecision | null;

  /**
   * Why, as a code of `GET /v1/review-reasons`; null for a second look.
   * @example 'EVIDENCE_VERIFIED'
   */
  reasonCode!: string | null;

  /**
   * Whether a second look came to the same decision; null for everything else.
   * @example true
   */
  agrees!: boolean | null;

  /** Who. */
  by!: ActorResponse;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-01-31T09:20:00.000Z'
   */
  at!: string;

  /**
   * Index of the entry that it is about: the proposal that it confirms or refuses, or the decision that was
   * looked at again; null for a first opinion.
   * @example 41
   */
  answers!: number | null;

  /**
   * Why, in words; null once it was erased.
   * @example 'Glare on the card hid one digit; the video shows it.'
   */
  comment!: string | null;

  /**
   * What the customer may be told; null if nothing was written, or once it was erased.
   * @example 'Your account is open. Thank you for your patience.'
   */
  customerMessage!: string | null;
}

export class OpinionPage {
  /** What people said, oldest first. */
  items!: OpinionResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

export class ReasonTextResponse {
  /**
   * In English.
   * @example 'The warning is unfounded'
   */
  en!: string;

  /**
   * In Vietnamese.
   * @example 'Cảnh báo không có cơ sở'
   */
  vi!: string;
}

export class ReviewReasonResponse {
  /**
   * The code, which never changes its meaning.
   * @example 'FALSE_ALARM'
   */
  code!: string;

  /** The decision that it goes with. */
  decision!: ReviewDecision;

  /** What it means. */
  text!: ReasonTextResponse;
}

export class ReviewReasonPage {
  /** All of them. */
  items!: ReviewReasonResponse[];

  /** Always null: the list is short and given whole. */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor!: string | null;
}
