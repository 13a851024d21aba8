import { ApiProperty } from '@nestjs/swagger';
import {
  IsBoolean,
  IsDate,
  IsInt,
  IsNumber,
  IsOptional,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { ActorResponse } from '../audit/audit.dto.ts';
import { ToTime } from '../platform/http/page.dto.ts';
import type { ReviewDecision } from '../sessions/session-review.ts';
import { MAX_SAMPLE } from './review-sample.ts';

export class DrawSampleRequest {
  /**
   * Reviews decided from then on, RFC 3339.
   * @example '2026-01-01T00:00:00.000Z'
   */
  @ToTime()
  @IsDate({ message: 'from must be an RFC 3339 time' })
  from!: Date;

  /**
   * Reviews decided before, RFC 3339.
   * @example '2026-02-01T00:00:00.000Z'
   */
  @ToTime()
  @IsDate({ message: 'to must be an RFC 3339 time' })
  to!: Date;

  /**
   * How many to draw, 1–1000; all of them if there are fewer. Either this or `percent`.
   * @example 20
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_SAMPLE)
  size?: number;

  /**
   * How many of a hundred to draw, rounded up; above 0 and at most 100. Either this or `size`.
   * @example null
   */
  @ApiProperty({ type: 'number', nullable: true, example: null })
  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(100)
  percent?: number;
}

export class SampleParams {
  /**
   * Id of the sample, as drawing it gave.
   * @example '7b1f3a52-6f0c-4a57-9a60-5f1c9a8e0b62'
   */
  @IsUUID()
  id!: string;
}

export class RecordSecondLookRequest {
  /**
   * Index of the review's entry, as the sample lists it.
   * @example 42
   */
  @IsInt()
  @Min(0)
  index!: number;

  /**
   * Whether the second look comes to the same decision.
   * @example true
   */
  @IsBoolean()
  agrees!: boolean;

  /**
   * Why, in words, 1–2000 characters. Kept encrypted; `GET /v1/sessions/{uuid}/reviews` shows it again.
   * @example 'The video leaves no doubt.'
   */
  @Length(1, 2000)
  @Matches(/\S/, { message: 'must not be blank' })
  comment!: string;
}

export class SecondLookResponse {
  /**
   * Whether it came to the same decision.
   * @example true
   */
  agrees!: boolean;

  /** Who looked again; nobody who had decided. */
  by!: ActorResponse;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-02-03T09:20:00.000Z'
   */
  at!: string;
}

export class DrawnReviewResponse {
  /**
   * Index of the entry that decided.
   * @example 42
   */
  index!: number;

  /**
   * The session's uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** What was decided. */
  decision!: ReviewDecision;

  /**
   * Why, as a code of `GET /v1/review-reasons`.
   * @example 'EVIDENCE_VERIFIED'
   */
  reasonCode!: string;

  /** Who decided, one person or two. */
  deciders!: ActorResponse[];

  /** What the second look came to; null before it. */
  secondLook!: SecondLookResponse | null;
}

/** Decided reviews that were drawn for a second look, with all that is needed to draw them again. */
export class SampleResponse {
  /**
   * Id of the sample; the subject of its audit entry.
   * @example '7b1f3a52-6f0c-4a57-9a60-5f1c9a8e0b62'
   */
  id!: string;

  /** Who had it drawn. */
  drawnBy!: ActorResponse;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-02-02T08:00:00.000Z'
   */
  drawnAt!: string;

  /**
   * Index of the entry `review.sample_seeded`, which was written before anything was drawn.
   * @example 977
   */
  entryIndex!: number;

  /**
   * 64 hex digits. The reviews are ordered by the SHA-256 of `<seed>:<index>` in hex; the first ones are drawn.
   * @example '6f0c6a7b1c115f1c9a8e0b624a579a605f1c9a8e0b624a579a606f0c6a7b1c11'
   */
  seed!: string;

  /**
   * Beginning of the time that was asked for, RFC 3339 UTC.
   * @example '2026-01-01T00:00:00.000Z'
   */
  from!: string;

  /**
   * Its end, excluded.
   * @example '2026-02-01T00:00:00.000Z'
   */
  to!: string;

  /**
   * Index of the first entry `review.decided` of the frame.
   * @example 7
   */
  firstIndex!: number;

  /**
   * Index of the last one; all between them belong to the frame.
   * @example 930
   */
  lastIndex!: number;

  /**
   * How many there are in the frame.
   * @example 400
   */
  count!: number;

  /**
   * How many were drawn.
   * @example 20
   */
  size!: number;

  /** Those that were drawn, in the order of the log. */
  items!: DrawnReviewResponse[];
}
