import { ApiProperty } from '@nestjs/swagger';
import { ActorResponse } from '../audit/audit.dto.ts';
import {
  QUARANTINE_REASONS,
  QUARANTINE_STATUSES,
  type QuarantineReason,
  type QuarantineStatus,
} from './quarantine-state.ts';

export class ReplayResponse {
  /**
   * The session that the delivery has become a result of.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** As the vendor would have been told: first result of the session, one that it had, or another one. */
  @ApiProperty({ enum: ['ACCEPTED', 'DUPLICATE', 'NEW_VERSION'], example: 'ACCEPTED' })
  outcome!: 'ACCEPTED' | 'DUPLICATE' | 'NEW_VERSION';

  /**
   * Id of the audit entry that keeps the result.
   * @example '01936b2e-7c51-7d3a-9b8e-2f1d4c5b6a79'
   */
  receiptId!: string;

  /**
   * When it was read again, RFC 3339 UTC.
   * @example '2026-02-01T09:15:30.123Z'
   */
  at!: string;

  /** The person who had it read again. */
  by!: ActorResponse;
}

export class DismissalResponse {
  /**
   * Why it is of no use; a code of the bank's own.
   * @example 'NOT_FROM_VENDOR'
   */
  reasonCode!: string;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-02-01T09:15:30.123Z'
   */
  at!: string;

  /** The person who dismissed it. */
  by!: ActorResponse;
}

export class QuarantinedDeliveryResponse {
  /**
   * Names the delivery; the same bytes have the same receipt.
   * @example 'q-5b1f0e6c9d3a4b7c8e2f1a0d6c5b4a39'
   */
  receiptId!: string;

  /** `OPEN` waits for a person, `REPLAYED` has become a result of its session, `DISMISSED` is of no use. */
  @ApiProperty({ enum: QUARANTINE_STATUSES, example: 'OPEN' })
  status!: QuarantineStatus;

  /**
   * When it came for the first time, RFC 3339 UTC.
   * @example '2026-01-31T08:00:00.000Z'
   */
  receivedAt!: string;

  /** Why it could not be used then. */
  @ApiProperty({ enum: QUARANTINE_REASONS, example: 'NO_UUID' })
  reason!: QuarantineReason;

  /**
   * Length of the body; for `TOO_LARGE` as it was announced, null if it was not.
   * @example 2041
   */
  bytes!: number | null;

  /**
   * The session that it names, where it could be read that far.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  uuid!: string | null;

  /** What became of it when it was read again; null if that did not succeed yet. */
  replay!: ReplayResponse | null;

  /** Who dismissed it; null if nobody did. */
  dismissal!: DismissalResponse | null;
}

export class QuarantinePage {
  /** The deliveries, newest first. */
  items!: QuarantinedDeliveryResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}
