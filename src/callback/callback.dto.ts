export class ReceiptResponse {
  /**
   * Id of the audit entry that keeps the delivery; the same for every repetition.
   * @example '01936b2e-7c51-7d3a-9b8e-2f1d4c5b6a79'
   */
  receiptId!: string;

  /**
   * The session it belongs to: the vendor's client_uuid.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** First result of the session, a repetition that changed nothing, or a result that differs from those before. */
  outcome!: 'ACCEPTED' | 'DUPLICATE' | 'NEW_VERSION';
}
