import { Transform, Type } from 'class-transformer';
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

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** `new Date` alone would read "5" as a day of 2001, and take a time without a zone as local. */
export const ToTime = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : value,
  );

/** A stretch of time. */
export class TimeRangeQuery {
  /**
   * Earliest time, included. RFC 3339.
   * @example '2026-01-31T00:00:00.000Z'
   */
  @IsOptional()
  @ToTime()
  @IsDate({ message: 'from must be an RFC 3339 time' })
  from?: Date;

  /**
   * Latest time, excluded. RFC 3339.
   * @example '2026-02-01T00:00:00.000Z'
   */
  @IsOptional()
  @ToTime()
  @IsDate({ message: 'to must be an RFC 3339 time' })
  to?: Date;
}
