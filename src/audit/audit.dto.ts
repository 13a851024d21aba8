import { Type } from 'class-transformer';
import { IntersectionType } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { PageQuery, TimeRangeQuery } from '../platform/http/page.dto.ts';
import { type Action, ACTIONS } from './format/leaf.ts';

export class AuditEntriesQuery extends IntersectionType(PageQuery, TimeRangeQuery) {
  /**
   * Id of the subject, such as a session's uuid.
   * @example 'a1b2c3'
   */
  @IsOptional()
  @Matches(/^[A-Za-z0-9._:-]{1,128}$/)
  subject?: string;

  /**
   * What happened.
   * @example 'callback.received'
   */
  @IsOptional()
  @IsIn(ACTIONS)
  action?: Action;

  /**
   * Id of the actor: the person, the API client, `fpt-ai` or `ekyc-ledger`.
   * @example 'fpt-ai'
   */
  @IsOptional()
  @MaxLength(128)
  actor?: string;
}

export class EntryIndexParams {
  /**
   * Index of the entry, from 0.
   * @example '42'
   */
  @Matches(/^(0|[1-9][0-9]{0,14})$/, { message: 'index must be a whole number from 0' })
  index!: string;
}

export class SubjectResponse {
  /**
   * Kind of subject.
   * @example 'session'
   */
  type!: string;

  /**
   * Its id.
   * @example 'a1b2c3'
   */
  id!: string;
}

export class ActorResponse {
  /**
   * `vendor`, `client`, `person` or `system`.
   * @example 'person'
   */
  type!: string;

  /**
   * Its id.
   * @example 'reviewer-7'
   */
  id!: string;

  /**
   * The API client through which a person acted.
   * @example 'back-office'
   */
  via?: string;
}

export class AuditEntryResponse {
  /**
   * Place in the log, dense from 0.
   * @example 42
   */
  index!: number;

  /**
   * UUID, version 7.
   * @example '01936b2e-7c51-7d3a-9b8e-2f1d4c5b6a79'
   */
  id!: string;

  /**
   * When it was committed, RFC 3339 UTC. Never decreases along the index.
   * @example '2026-01-31T08:15:30.123Z'
   */
  at!: string;

  /**
   * What happened.
   * @example 'callback.received'
   */
  action!: string;

  /** What it is about. */
  subject!: SubjectResponse;

  /** Who did it. */
  actor!: ActorResponse;

  /**
   * Facts of the event: codes, decisions, digests, sizes, field names. Never personal data.
   * @example { "version": 1, "bytes": 3012 }
   */
  data!: Record<string, unknown>;

  /**
   * RFC 6962 leaf hash, base64.
   * @example 'xyYUY+vXdvRlC20P6ULZzDjJJdkPd9RAq2341d0ljF8='
   */
  leafHash!: string;
}

export class AuditEntryPage {
  /** The entries, oldest first. */
  items!: AuditEntryResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

export class ExportQuery extends TimeRangeQuery {
  /** `ndjson` for verifiers, `csv` for people. */
  @IsOptional()
  @IsIn(['ndjson', 'csv'])
  format: 'ndjson' | 'csv' = 'ndjson';
}

export class ConsistencyQuery {
  /**
   * Size of the earlier log.
   * @example 1000
   */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  from!: number;

  /**
   * Size of the later log.
   * @example 2000
   */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  to!: number;
}

export class ConsistencyResponse {
  /**
   * RFC 6962 consistency proof, base64 hashes.
   * @example ['8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=']
   */
  proof!: string[];
}
