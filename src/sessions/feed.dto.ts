import { PickType } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import type { SessionStatus } from './session-status.ts';

/** `Number` alone would read "" as 0, and so skip the first entry. */
const ToIndex = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value,
  );

export class FeedQuery extends PickType(PageQuery, ['limit'] as const) {
  /**
   * The last index that you have seen: `next` of the page before. -1, as without it, for the beginning.
   * @example 41
   */
  @IsOptional()
  @ToIndex()
  @IsInt({ message: 'after must be a next of an earlier page, or -1' })
  @Min(-1)
  @Max(Number.MAX_SAFE_INTEGER)
  after: number = -1;

  /**
   * Seconds, 0–30. Where there is no change yet, the answer comes with the first one or when they are over.
   * @example 20
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(30)
  wait: number = 0;
}

export class SessionChangeResponse {
  /**
   * Index of the audit entry that changed the session: identifies the change, and orders it among all.
   * @example 42
   */
  index!: number;

  /**
   * When it was committed, RFC 3339 UTC. Never decreases along the index.
   * @example '2026-01-31T08:15:30.123Z'
   */
  at!: string;

  /**
   * The session.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** Where the session stood after the entry. */
  status!: SessionStatus;

  /** What was decided then; null without a result. */
  decision!: Decision | null;

  /**
   * Whether that could be acted on then.
   * @example true
   */
  confirmed!: boolean;
}

export class FeedResponse {
  /** The changes, oldest first. May be empty although more follow. */
  items!: SessionChangeResponse[];

  /**
   * Send it as `after` to go on; it moves on without items too. -1 while the log is empty.
   * @example 57
   */
  next!: number;
}
