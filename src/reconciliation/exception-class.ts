/** Why a session or a delivery needs attention. Names are part of the HTTP contract. */
export const EXCEPTION_CLASSES = [
  /** The expected callback did not come, though the vendor gives a result when asked. */
  'MISSING_CALLBACK',
  /** An expected session is overdue and pulls give nothing, or a callback was never proven within its time. */
  'MISSING_RESULT',
  /** Callback and pulled result contradict each other. */
  'CONFLICTING_RESULT',
  /** The vendor gave different results when it was pulled at different times. */
  'RESULT_CHANGED',
  /** The rules or people approve, but minutes later nothing has confirmed the result. */
  'UNCONFIRMED_APPROVAL',
  /** The vendor reports a session that the bank never registered. */
  'UNREGISTERED_SESSION',
  /** The vendor approves what the bank's rules reject, or the other way round. */
  'VENDOR_DISAGREES',
  /** A delivery was kept, but can't be used. */
  'QUARANTINED_CALLBACK',
  /** Pictures or video that a pulled result names could not be archived in time. */
  'EVIDENCE_MISSING',
  /** The vendor refused the latest pull: a wrong key, or a session that it won't give. */
  'VENDOR_REFUSED',
] as const;
export type ExceptionClass = (typeof EXCEPTION_CLASSES)[number];
