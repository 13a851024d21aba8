import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { ToTime } from '../platform/http/page.dto.ts';

export class RuleSetParams {
  /**
   * Version of the rule set: the beginning of its content's digest, with `.2`, `.3`, … where the content was there before.
   * @example '3f9c1a5b7d2e4f60'
   */
  @Matches(/^[A-Za-z0-9._-]{1,64}$/, { message: 'must be a version from the list of rule sets' })
  version!: string;
}

export class ActivateRuleSetRequest {
  /**
   * From when on it concludes, RFC 3339. At once if not given, and if the time has passed.
   * @example '2026-02-01T00:00:00.000Z'
   */
  @IsOptional()
  @ToTime()
  @IsDate({ message: 'at must be an RFC 3339 time' })
  at?: Date;
}

export class WarningCodesQuery {
  /** Position to go on from: `nextCursor` of the page before. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,256}$/, { message: 'must be a nextCursor of an earlier page' })
  cursor?: string;

  /** How many codes at most, 1–200. All of them if not given. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 200;
}
