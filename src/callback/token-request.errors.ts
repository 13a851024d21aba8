/** The error codes of RFC 6749, section 5.2, that a client credentials grant can meet here, with their status. */
export const TOKEN_ERRORS = {
  invalid_request: 400,
  unsupported_grant_type: 400,
  invalid_client: 401,
} as const;

export type TokenErrorCode = keyof typeof TOKEN_ERRORS;

/** A token request that is refused; answered in OAuth's form by {@link TokenRequestFilter}. */
export class TokenRequestError extends Error {
  override readonly name = 'TokenRequestError';

  constructor(
    readonly code: TokenErrorCode,
    /** What to send instead; shown to the caller and never a value that was sent. */
    readonly description: string,
  ) {
    super(`${code}: ${description}`);
  }
}
