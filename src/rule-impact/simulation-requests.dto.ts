import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { TimeRangeQuery } from '../platform/http/page.dto.ts';

const MAX_UUIDS = 1_000;
const MAX_SESSIONS = 100_000;

export class SimulateRequest extends TimeRangeQuery {
  /** The sessions to simulate, 1–1000; instead of `from` and `to`. */
  @ApiProperty({ type: [String], required: false, example: ['a1b2c3d4'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_UUIDS)
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, { each: true, message: 'must each be 1 to 128 of A-Z a-z 0-9 . _ -' })
  uuids?: string[];

  /**
   * With `from` and `to`: where an earlier simulation was cut off, its `nextCursor`.
   * @example 'aTQy'
   */
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,256}$/, { message: 'must be a nextCursor of an earlier simulation' })
  cursor?: string;

  /**
   * With `from` and `to`: how many sessions at most, 1–100000. It may end before, when its time is over.
   * @example 1000
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_SESSIONS)
  limit: number = MAX_SESSIONS;
}
