import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

export const DEFAULT_PAGE_SIZE = 50;

/** Where a list goes on and how much of it is wanted. */
export class PageQuery {
  /** Position to go on from: `nextCursor` of the page before. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,256}$/, { message: 'must be a nextCursor of an earlier page' })
  cursor?: string;

  /** How many items at most, 1–200. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = DEFAULT_PAGE_SIZE;
}

/** A stretch of time. */
export class TimeRangeQuery {
  /**
   * Earliest time, included. RFC 3339.
   * @example '2026-01-31T00:00:00.000Z'
   */
  @IsOptional()
  @Type(() => Date)
  @IsDate({ message: 'from must be an RFC 3339 time' })
  from?: Date;

  /**
   * Latest time, excluded. RFC 3339.
   * @example '2026-02-01T00:00:00.000Z'
   */
  @IsOptional()
  @Type(() => Date)
  @IsDate({ message: 'to must be an RFC 3339 time' })
  to?: Date;
}
