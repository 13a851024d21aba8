import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsDate, IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { ToTime } from '../platform/http/page.dto.ts';
import { RECALL_REASONS, type RecallReason } from './recall-state.ts';

export class RecallParams {
  /**
   * Id of the recall, as asking for it gave it.
   * @example '0b6f3c1e-5a52-4c6e-9a51-6f1a3a8e2d10'
   */
  @IsUUID()
  id!: string;
}

export class RequestRecallRequest {
  /**
   * Sessions that were concluded on at this time or later. RFC 3339.
   * @example '2026-01-31T00:00:00.000Z'
   */
  @ToTime()
  @IsDate({ message: 'from must be an RFC 3339 time' })
  from!: Date;

  /**
   * And before this time. RFC 3339.
   * @example '2026-02-01T00:00:00.000Z'
   */
  @ToTime()
  @IsDate({ message: 'to must be an RFC 3339 time' })
  to!: Date;

  /**
   * Only sessions in whose conclusion this rule was met or couldn't be told.
   * @example 'FACE_SIMILARITY_LOW'
   */
  @IsOptional()
  @Matches(/^[A-Z][A-Z0-9_-]{0,63}$/, { message: 'must be the code of a rule' })
  ruleCode?: string;

  /** What was wrong with the rule set. */
  @ApiProperty({ enum: RECALL_REASONS, required: false, example: 'THRESHOLD_WRONG' })
  @IsOptional()
  @IsIn(RECALL_REASONS)
  reason?: RecallReason;

  /**
   * Only finds the sessions and writes nothing.
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  dryRun: boolean = false;
}
