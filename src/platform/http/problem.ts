/**
 * Every error that a caller can meet. `code` is stable and may be programmed against; titles may change.
 * The table is rendered into the OpenAPI description.
 */
export const PROBLEMS = {
  VALIDATION_FAILED: { status: 400, title: 'The request does not have the documented form' },
  MALFORMED_JSON: { status: 400, title: 'The body is not JSON' },
  ON_BEHALF_OF_REQUIRED: { status: 400, title: 'The header x-on-behalf-of must name the person who decides' },
  UNAUTHENTICATED: { status: 401, title: 'No valid key or token was sent' },
  SCOPE_MISSING: { status: 403, title: 'The key lacks the scope that this call needs' },
  FOUR_EYES: { status: 403, title: 'This needs a second person; nobody confirms what is their own' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  SESSION_NOT_FOUND: { status: 404, title: 'There is no session with this uuid' },
  RESULT_NOT_FOUND: { status: 404, title: 'The session has no such result' },
  EVIDENCE_NOT_FOUND: { status: 404, title: 'The session has no such picture or video in the archive' },
  ENTRY_NOT_FOUND: { status: 404, title: 'The log has no entry at this index' },
  EXCEPTION_NOT_FOUND: { status: 404, title: 'There is no reconciliation exception with this id' },
  DELIVERY_NOT_FOUND: { status: 404, title: 'There is no quarantined delivery under this receipt' },
  RULE_SET_NOT_FOUND: { status: 404, title: 'There is no rule set of this version' },
  RECALL_NOT_FOUND: { status: 404, title: 'There is no recall with this id' },
  SHADOW_NOT_FOUND: { status: 404, title: 'The rule set never ran as shadow' },
  SAMPLE_NOT_FOUND: {
    status: 404,
    title: 'There is no sample of reviews with this id, or it lacks this review',
  },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  SESSION_CONFLICT: { status: 409, title: 'The session was registered before with other properties' },
  DELIVERY_REPLAYED: { status: 409, title: 'The delivery was replayed into its session' },
  EXCEPTION_NOT_OPEN: { status: 409, title: 'The exception is resolved already' },
  NOT_REVIEWABLE: { status: 409, title: 'The session does not wait for a person to decide' },
  CLAIMED_BY_ANOTHER: { status: 409, title: 'Another person has claimed the session' },
  LOOKED_AT_ALREADY: { status: 409, title: 'A second look at this review was recorded before' },
  CLOSE_PROVISIONAL: { status: 409, title: 'The day is not over, or not wholly reconciled yet' },
  CLOSE_NOT_BALANCED: { status: 409, title: 'The figures of the day do not balance' },
  RULE_SET_NOT_DRAFT: { status: 409, title: 'The rule set is no draft, or was approved already' },
  RULE_SET_NOT_APPROVED: { status: 409, title: 'The rule set was not approved by a second person' },
  RULE_SET_IN_FORCE: { status: 409, title: 'The rule set that is to be recalled is the active one' },
  RECALL_NOT_REQUESTED: { status: 409, title: 'The recall was approved already' },
  NOT_YET_SEALED: { status: 409, title: 'No signed checkpoint covers this yet' },
  LEGAL_HOLD: { status: 409, title: 'The law demands that this data is kept for now' },
  PERSONAL_DATA_ERASED: { status: 410, title: 'The personal data of this session was erased' },
  DELIVERY_NOT_KEPT: { status: 410, title: 'The bytes of this delivery do not lie in quarantine' },
  STALE_SESSION: { status: 412, title: 'The session has changed since it was looked at' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is larger than allowed' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body must be application/json in UTF-8' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'The file has none of the bytes that the range names' },
  CALLBACK_QUARANTINED: { status: 422, title: 'The delivery was kept, but it can not be used as it is' },
  IF_MATCH_REQUIRED: { status: 428, title: 'The header if-match must say on what is decided' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  INTERNAL: { status: 500, title: 'The service failed; the correlation id finds the cause in its log' },
  OVERLOADED: { status: 503, title: 'The service takes no more work right now' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database does not answer; nothing was acknowledged' },
  LOG_DIVERGED: {
    status: 503,
    title: 'The audit log is not what was signed; nothing is written until that is cleared up',
  },
  CLOCK_BACKWARDS: {
    status: 503,
    title: 'The clock runs behind the log; nothing is written until it is right',
  },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Dotted path of the field, or the name of a query parameter or header. */
  readonly path: string;
  /** What is expected there; never the value that was sent. */
  readonly message: string;
}

export interface ProblemExtras {
  readonly errors?: readonly FieldError[];
  /** Seconds; becomes the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Further members of the problem document, such as `receiptId`. No personal data. */
  readonly members?: Readonly<Record<string, string | number | null>>;
}

/** An error with an answer: thrown anywhere below a controller, rendered by {@link ProblemFilter}. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string;
  readonly extras: ProblemExtras;

  /** @param detail one sentence that says what to do; shown to the caller, so it holds no personal data. */
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
    this.extras = extras;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}
