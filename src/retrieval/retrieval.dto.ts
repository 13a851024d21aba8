import { SessionResponse } from '../sessions/session-responses.dto.ts';

export class RetrievalResponse {
  /**
   * What the vendor gave: a new result, the known one, nothing for this uuid (which has several meanings and
   * never "rejected"), a refusal, or no usable answer.
   */
  outcome!: 'RETRIEVED' | 'UNCHANGED' | 'NOT_FOUND' | 'FORBIDDEN' | 'UNAVAILABLE';

  /** The session after the pull. */
  session!: SessionResponse;
}
