import { IsIn, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../platform/http/page.dto.ts';
import {
  QUARANTINE_REASONS,
  QUARANTINE_STATUSES,
  type QuarantineReason,
  type QuarantineStatus,
} from './quarantine-state.ts';

export class QuarantineQuery extends PageQuery {
  /** Whether it waits for a person. */
  @IsOptional()
  @IsIn(QUARANTINE_STATUSES)
  status?: QuarantineStatus;

  /** Why it could not be used. */
  @IsOptional()
  @IsIn(QUARANTINE_REASONS)
  reason?: QuarantineReason;
}

export class QuarantineParams {
  /**
   * The receipt, as the answer to the vendor and the list have it.
   * @example 'q-5b1f0e6c9d3a4b7c8e2f1a0d6c5b4a39'
   */
  @Matches(/^q-[0-9a-f-]{32,36}$/, { message: 'must be a receipt from the list of quarantined deliveries' })
  receiptId!: string;
}

export class DismissDeliveryRequest {
  /**
   * Why it is of no use, as a code of the bank's own: 2–64 of `A-Z 0-9 _`.
   * @example 'NOT_FROM_VENDOR'
   */
  @Matches(/^[A-Z][A-Z0-9_]{1,63}$/, { message: 'must be 2 to 64 of A-Z 0-9 _' })
  reasonCode!: string;
}
