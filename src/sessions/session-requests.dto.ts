import {
  PROVENANCE_GRADES as GRADES,
  type ProvenanceGrade as Grade,
} from '../conclusion-rules/engine/fact.ts';
import { type Decision, DECISIONS } from '../conclusion-rules/engine/rule-set.ts';
import { IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { PageQuery, TimeRangeQuery } from '../platform/http/page.dto.ts';
import { IsOpaqueReference } from './opaque-reference.ts';
import { SESSION_STATUSES, type SessionStatus } from './session-status.ts';

const UUID = /^[A-Za-z0-9._-]{1,128}$/;
const UUID_MESSAGE = { message: 'must be 1 to 128 of A-Z a-z 0-9 . _ -' };
const YEAR_S = 31_536_000;

export class SessionParams {
  /**
   * The vendor's client_uuid, chosen by the bank.
   * @example 'a1b2c3d4'
   */
  @Matches(UUID, UUID_MESSAGE)
  uuid!: string;
}

export class RegisterSessionRequest {
  /**
   * The client_uuid with which the session is started at the vendor. 1–128 of `A-Z a-z 0-9 . _ -`.
   * @example 'a1b2c3d4'
   */
  @Matches(UUID, UUID_MESSAGE)
  uuid!: string;

  /**
   * The bank's own opaque reference to the customer; anything that looks like an ID or phone number is refused.
   * @example 'cust-20931'
   */
  @IsOptional()
  @IsOpaqueReference()
  customerRef?: string | null;

  /**
   * Where the customer came from. Same form as customerRef.
   * @example 'mobile'
   */
  @IsOptional()
  @IsOpaqueReference()
  channel?: string | null;

  /**
   * Seconds from now within which the vendor's result is expected. Default: SESSION_EXPECTED_WITHIN_S.
   * @example 3600
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  expectedWithinSeconds?: number | null;

  /**
   * Seconds from now after which the session expires without a result. Default: SESSION_EXPIRES_AFTER_S.
   * @example 86400
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  expiresAfterSeconds?: number | null;
}

/** The times are those at which a session was first heard of. */
export class SessionsQuery extends IntersectionType(PageQuery, TimeRangeQuery) {
  /** Where the session stands. */
  @IsOptional()
  @IsIn(SESSION_STATUSES)
  status?: SessionStatus;

  /** The current decision. */
  @IsOptional()
  @IsIn(DECISIONS)
  decision?: Decision;

  /** How well the result is proven. */
  @IsOptional()
  @IsIn(GRADES)
  grade?: Grade;

  /**
   * Channel of the registration.
   * @example 'mobile'
   */
  @IsOptional()
  @IsOpaqueReference()
  channel?: string;

  /**
   * Customer reference of the registration.
   * @example 'cust-20931'
   */
  @IsOptional()
  @IsOpaqueReference()
  customerRef?: string;
}

export class ResultQuery {
  /**
   * Version of the result, from 1; the latest if not given.
   * @example 1
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version?: number;
}

export class ErasePersonalDataRequest {
  /**
   * Why the law allows it, as a citation or code; no personal data.
   * @example 'PDPL-2025 Art. 14(1)'
   */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9 .,()/_-]{0,127}$/, {
    message: 'must be 1 to 128 of letters, digits and . , ( ) / _ -',
  })
  legalBasis!: string;
}
