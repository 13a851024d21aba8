import { ApiProperty } from '@nestjs/swagger';
import { RECALL_REASONS, RECALL_STATUSES, type RecallReason, type RecallStatus } from './recall-state.ts';

export class RecallProgressResponse {
  /**
   * Sessions that the recall concerns.
   * @example 1200
   */
  of!: number;

  /**
   * Sessions that were looked at so far.
   * @example 800
   */
  done!: number;

  /**
   * Of these, those that were concluded on anew. The others were concluded on by other rules since, or skipped.
   * @example 790
   */
  reconcluded!: number;

  /**
   * Of these, those whose decision became another one.
   * @example 35
   */
  changed!: number;

  /**
   * Sessions left as they are, because what was received was erased.
   * @example 10
   */
  skipped!: number;
}

class RecallFrameResponse {
  /**
   * The rule set that proved wrong.
   * @example '3f9c1a5b7d2e4f60'
   */
  ruleSetVersion!: string;

  /**
   * Earliest time of the conclusions, included. RFC 3339 UTC.
   * @example '2026-01-31T00:00:00.000Z'
   */
  from!: string;

  /**
   * Latest time of the conclusions, excluded. RFC 3339 UTC.
   * @example '2026-02-01T00:00:00.000Z'
   */
  to!: string;

  /**
   * Only conclusions in which this rule had a say; null for all.
   * @example 'FACE_SIMILARITY_LOW'
   */
  ruleCode!: string | null;

  /** What was wrong with the rule set; null if nobody said. */
  @ApiProperty({ enum: RECALL_REASONS, nullable: true, example: 'THRESHOLD_WRONG' })
  reason!: RecallReason | null;

  /**
   * How many sessions it concerns.
   * @example 1200
   */
  sessions!: number;
}

export class RecallResponse extends RecallFrameResponse {
  /**
   * Names the recall.
   * @example '0b6f3c1e-5a52-4c6e-9a51-6f1a3a8e2d10'
   */
  id!: string;

  /** `REQUESTED` until a second person approves, `APPROVED` while it is carried out, then `COMPLETED`. */
  @ApiProperty({ enum: RECALL_STATUSES, example: 'APPROVED' })
  status!: RecallStatus;

  /** How far it is. */
  progress!: RecallProgressResponse;

  /**
   * The person who asked for it.
   * @example 'officer-7'
   */
  requestedBy!: string;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-02-02T09:15:30.123Z'
   */
  requestedAt!: string;

  /**
   * The second person, who approved it; null before.
   * @example 'officer-8'
   */
  approvedBy!: string | null;

  /**
   * When, RFC 3339 UTC; null before.
   * @example '2026-02-02T09:30:00.000Z'
   */
  approvedAt!: string | null;

  /**
   * When the last session was done, RFC 3339 UTC; null before.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  completedAt!: string | null;
}

export class RequestedRecallResponse extends RecallResponse {
  /** The first of the sessions, at most 200. */
  @ApiProperty({ type: [String], example: ['a1b2c3d4'] })
  sample!: string[];
}

export class RecallPreviewResponse extends RecallFrameResponse {
  /** The first of the sessions, at most 200. */
  @ApiProperty({ type: [String], example: ['a1b2c3d4'] })
  sample!: string[];
}

export class RecallPage {
  /** The recalls, newest first. */
  items!: RecallResponse[];

  /**
   * Where the next page starts; null at the end.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor!: string | null;
}
