import { ApiProperty } from '@nestjs/swagger';
import { type Decision, DECISIONS } from './engine/rule-set.ts';

export class ShadowDifferenceResponse {
  /**
   * The session.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** What the active rule set concluded. */
  @ApiProperty({ enum: DECISIONS, example: 'APPROVE' })
  active!: Decision;

  /** What the shadow concluded. */
  @ApiProperty({ enum: DECISIONS, example: 'NEED_REVIEW' })
  shadow!: Decision;
}

export class ShadowResponse {
  /**
   * The rule set.
   * @example '3f9c1a5b7d2e4f60'
   */
  version!: string;

  /**
   * It is the shadow now; if not, this is its latest run.
   * @example true
   */
  running!: boolean;

  /**
   * When the run began, RFC 3339 UTC.
   * @example '2026-01-31T09:15:30.123Z'
   */
  since!: string;

  /**
   * Conclusions of the active rule set on which the shadow concluded too.
   * @example 1000
   */
  concluded!: number;

  /**
   * Of these, those with the same decision.
   * @example 981
   */
  agreed!: number;

  /**
   * Of these, those with another decision.
   * @example 19
   */
  differed!: number;

  /**
   * Conclusions at which the shadow failed.
   * @example 0
   */
  failed!: number;

  /**
   * How many conclusions there were of each decision of the active rule set and each of the shadow.
   * @example { "APPROVE": { "APPROVE": 940, "NEED_REVIEW": 19, "REJECT": 0 } }
   */
  matrix!: Record<Decision, Record<Decision, number>>;

  /** The latest 200 differences. */
  differing!: ShadowDifferenceResponse[];
}
