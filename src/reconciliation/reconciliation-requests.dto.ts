import { IsIn, IsOptional, Length, Matches, ValidateIf } from 'class-validator';
import { IsPersonId } from '../access/actor.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { IsOpaqueReference } from '../sessions/opaque-reference.ts';
import { FIGURES, type Figure } from './daily-close.ts';
import { EXCEPTION_CLASSES, type ExceptionClass } from './exception-class.ts';
import { CAUSE_GONE, EXCEPTION_STATUSES, type ExceptionStatus } from './exception-state.ts';

export class ExceptionsQuery extends PageQuery {
  /** Why attention is needed. */
  @IsOptional()
  @IsIn(EXCEPTION_CLASSES)
  class?: ExceptionClass;

  /** Whether it still is. */
  @IsOptional()
  @IsIn(EXCEPTION_STATUSES)
  status?: ExceptionStatus;

  /**
   * Only those that this person takes care of, by the id of `x-on-behalf-of`.
   * @example 'controller-3'
   */
  @IsOptional()
  @Length(1, 128)
  owner?: string;
}

export class ExceptionParams {
  /**
   * Id of the exception, as the list shows it.
   * @example 'MISSING_CALLBACK:a1b2c3d4'
   */
  @Matches(/^[A-Za-z0-9._:-]{1,128}$/, { message: 'must be an id from the list of exceptions' })
  id!: string;
}

/** Any code of the bank's own, except the one that says that nobody had to decide. */
const RESOLUTION_CODE = new RegExp(`^(?!${CAUSE_GONE}$)[A-Z][A-Z0-9_]{1,63}$`);

export class ResolveExceptionRequest {
  /**
   * How it was settled, as a code of the bank's own: 2–64 of `A-Z 0-9 _`. `CAUSE_GONE` is the service's.
   * @example 'CUSTOMER_CONTACTED'
   */
  @Matches(RESOLUTION_CODE, { message: 'must be 2 to 64 of A-Z 0-9 _ and not CAUSE_GONE' })
  resolutionCode!: string;

  /**
   * In words, 1–2000 characters. May hold personal data: it is kept encrypted, and the audit log has only the code.
   * @example 'Called the customer; the session was a test.'
   */
  @Length(1, 2000)
  comment!: string;
}

export class AssignExceptionRequest {
  /**
   * Id of the person who is to take care of it, as in `x-on-behalf-of`; null for nobody.
   * @example 'controller-3'
   */
  @ValidateIf((_, value) => value !== null)
  @IsPersonId()
  owner!: string | null;
}

export class CloseParams {
  /**
   * The day, by UTC.
   * @example '2026-01-31'
   */
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: 'must be a day as yyyy-mm-dd' })
  date!: string;
}

export class CloseChannelQuery {
  /**
   * Only sessions registered for this channel. All sessions if not given.
   * @example 'mobile'
   */
  @IsOptional()
  @IsOpaqueReference()
  channel?: string;
}

export class CloseQuery extends PageQuery {
  /**
   * Only sessions registered for this channel. All sessions if not given.
   * @example 'mobile'
   */
  @IsOptional()
  @IsOpaqueReference()
  channel?: string;

  /** The figure whose sessions are to be listed, page by page. On a provisional day they may move meanwhile. */
  @IsOptional()
  @IsIn(FIGURES)
  figure?: Figure;
}
