import { ActorResponse, SubjectResponse } from '../audit/audit.dto.ts';
import { EXCEPTION_CLASSES, type ExceptionClass } from './exception-class.ts';
import { EXCEPTION_STATUSES, type ExceptionStatus } from './exception-state.ts';
import { RUN_STATUSES, type RunStatus } from './run.ts';
import { ApiProperty } from '@nestjs/swagger';

export class ResolutionResponse {
  /**
   * How it was settled; `CAUSE_GONE` if what raised it is no more.
   * @example 'CUSTOMER_CONTACTED'
   */
  code!: string;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-01-31T09:15:30.123Z'
   */
  at!: string;

  /** By whom: a person, or the service itself. */
  actor!: ActorResponse;
}

export class ExceptionResponse {
  /**
   * One for each class and subject.
   * @example 'MISSING_CALLBACK:a1b2c3d4'
   */
  id!: string;

  /** Why attention is needed. `EVIDENCE_MISSING` is raised only where the service archives images and video. */
  @ApiProperty({ enum: EXCEPTION_CLASSES, example: 'MISSING_CALLBACK' })
  class!: ExceptionClass;

  /** Whether it still is. */
  @ApiProperty({ enum: EXCEPTION_STATUSES, example: 'OPEN' })
  status!: ExceptionStatus;

  /** What it is about: a session or a quarantined delivery. */
  subject!: SubjectResponse;

  /**
   * What is known of the cause: codes, versions, field names. No personal data.
   * @example { "expectedBy": "2026-01-31T09:00:00.000Z" }
   */
  facts!: Record<string, unknown>;

  /**
   * When it was raised last, RFC 3339 UTC.
   * @example '2026-01-31T09:00:01.000Z'
   */
  raisedAt!: string;

  /**
   * How long it has been open, or was until it was resolved; seconds since `raisedAt`.
   * @example 3600
   */
  ageSeconds!: number;

  /**
   * How often it was raised: once for each cause.
   * @example 1
   */
  timesRaised!: number;

  /**
   * Id of the person who takes care of it, or did when it was resolved; null while nobody does.
   * @example 'controller-3'
   */
  owner!: string | null;

  /** How it was settled; null while it is open. */
  resolution!: ResolutionResponse | null;
}

export class ExceptionPage {
  /** The exceptions, newest first. */
  items!: ExceptionResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

export class RunResponse {
  /**
   * Id of the run.
   * @example '1769846400000'
   */
  id!: string;

  /** A run that was asked for begins within a second or so. */
  @ApiProperty({ enum: RUN_STATUSES, example: 'DONE' })
  status!: RunStatus;

  /** Who asked for it; null for the schedule. */
  requestedBy!: ActorResponse | null;

  /**
   * When it was asked for or began by itself, RFC 3339 UTC.
   * @example '2026-01-31T08:00:00.000Z'
   */
  startedAt!: string;

  /**
   * When it ended, RFC 3339 UTC; null until then.
   * @example '2026-01-31T08:00:00.250Z'
   */
  endedAt!: string | null;

  /**
   * Sessions and deliveries looked at.
   * @example 120
   */
  examined!: number;

  /**
   * Exceptions raised.
   * @example 2
   */
  raised!: number;

  /**
   * Exceptions resolved because their cause was gone.
   * @example 1
   */
  resolved!: number;
}

export class RunPage {
  /** The runs, newest first. Scheduled runs that found nothing to look at are left out; kept for 90 days. */
  items!: RunResponse[];

  /**
   * Send it as `cursor` to go on; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}

/** Each session counts once on the side of registered and unregistered, and once on the other. */
export class CloseCountsResponse {
  /**
   * Sessions that the bank registered.
   * @example 100
   */
  registered!: number;

  /**
   * Sessions that only the vendor reported.
   * @example 2
   */
  unregistered!: number;

  /**
   * Decided, and proven as well as the confirmation policy demands.
   * @example 90
   */
  concluded!: number;

  /**
   * Waiting for a person's decision.
   * @example 5
   */
  inReview!: number;

  /**
   * Waiting for a result or its proof.
   * @example 1
   */
  awaiting!: number;

  /**
   * Ended without a result.
   * @example 2
   */
  expired!: number;

  /**
   * With an open exception, whatever else they are.
   * @example 4
   */
  exceptions!: number;
}

export class CloseSignatureResponse {
  /** Who signed. */
  signedBy!: ActorResponse;

  /**
   * When, RFC 3339 UTC.
   * @example '2026-02-01T02:00:00.000Z'
   */
  signedAt!: string;

  /**
   * Index of the audit entry that holds the signed totals.
   * @example 4711
   */
  entryIndex!: number;

  /** What was signed. Differs from the counts of now if something has come since; then it may be signed again. */
  counts!: CloseCountsResponse;
}

export class CloseResponse {
  /**
   * The day, by UTC. A session belongs to the day on which it was first heard of.
   * @example '2026-01-31'
   */
  date!: string;

  /**
   * Only sessions registered for this channel are counted; null for all sessions.
   * @example 'mobile'
   */
  channel!: string | null;

  /**
   * registered + unregistered = concluded + inReview + awaiting + expired + exceptions, session by session.
   * @example true
   */
  balanced!: boolean;

  /**
   * The day is not over, or not wholly reconciled.
   * @example false
   */
  provisional!: boolean;

  /** The figures. */
  counts!: CloseCountsResponse;

  /**
   * uuids of the sessions that keep the close from balancing: known to the log only, or to the projection only.
   * At most 1000.
   * @example []
   */
  unexplained!: string[];

  /** The newest signature; null before the first. */
  signature!: CloseSignatureResponse | null;

  /**
   * uuids of the sessions behind the figure that was asked for; null if none was.
   * @example ['a1b2c3d4']
   */
  @ApiProperty({ type: 'string', isArray: true, nullable: true, example: ['a1b2c3d4'] })
  sessions!: string[] | null;

  /**
   * Send it as `cursor` to go on with these sessions; null at the end.
   * @example 'aTQy'
   */
  nextCursor!: string | null;
}
