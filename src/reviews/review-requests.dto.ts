import { IsIn, IsOptional, Length, Matches } from 'class-validator';
import { PageQuery } from '../platform/http/page.dto.ts';
import {
  REVIEW_DECISIONS,
  REVIEW_STATUSES,
  type ReviewDecision,
  type ReviewStatus,
} from '../sessions/session-review.ts';

export class ReviewSessionRequest {
  /** What the person decides. */
  @IsIn(REVIEW_DECISIONS)
  decision!: ReviewDecision;

  /**
   * Why, as a code of `GET /v1/review-reasons` that goes with the decision.
   * @example 'EVIDENCE_VERIFIED'
   */
  @Matches(/^[A-Z][A-Z0-9_]{1,63}$/, { message: 'must be a code of GET /v1/review-reasons' })
  reasonCode!: string;

  /**
   * Why, in words, for colleagues and auditors; 1–2000 characters. May hold personal data: it is kept encrypted,
   * and the audit log has only the code.
   * @example 'Glare on the card hid one digit; the video shows it.'
   */
  @Length(1, 2000)
  @Matches(/\S/, { message: 'must not be blank' })
  comment!: string;

  /**
   * What the customer may be told, 1–2000 characters. Kept like the comment, and apart from it.
   * @example 'Your account is open. Thank you for your patience.'
   */
  @IsOptional()
  @Length(1, 2000)
  @Matches(/\S/, { message: 'must not be blank' })
  customerMessage?: string | null;
}

export class ReviewsQuery extends PageQuery {
  /** Whom they wait for: anybody, the person who claimed it, or a second person. */
  @IsOptional()
  @IsIn(REVIEW_STATUSES)
  status?: ReviewStatus;

  /**
   * Only those that this person has claimed, by the id of `x-on-behalf-of`.
   * @example 'reviewer-7'
   */
  @IsOptional()
  @Length(1, 128)
  claimedBy?: string;
}
