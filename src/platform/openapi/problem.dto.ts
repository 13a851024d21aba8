export class FieldErrorResponse {
  /**
   * Dotted path of the field, or the name of the parameter or header.
   * @example 'uuid'
   */
  path!: string;

  /**
   * What is expected there.
   * @example 'must be 1 to 128 of A-Z a-z 0-9 . _ -'
   */
  message!: string;
}

/** An error, RFC 9457. */
export class ProblemResponse {
  /**
   * Identifies the kind of problem.
   * @example 'urn:ekyc-ledger:problem:session-not-found'
   */
  type!: string;

  /**
   * The kind in words.
   * @example 'There is no session with this uuid'
   */
  title!: string;

  /**
   * HTTP status.
   * @example 404
   */
  status!: number;

  /**
   * What to do about it.
   * @example 'Register the session or check the uuid.'
   */
  detail!: string;

  /**
   * This very occurrence.
   * @example 'urn:ekyc-ledger:request:5f1c9a8e-0b62-4a57-9a60-6f0c6a7b1c11'
   */
  instance!: string;

  /**
   * Stable code to program against.
   * @example 'SESSION_NOT_FOUND'
   */
  code!: string;

  /**
   * Finds this request in the service's log.
   * @example '5f1c9a8e-0b62-4a57-9a60-6f0c6a7b1c11'
   */
  correlationId!: string;

  /** With every 400: what is wrong where. */
  errors?: FieldErrorResponse[];
}
