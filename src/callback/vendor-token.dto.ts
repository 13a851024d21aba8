/** A token request, RFC 6749, section 4.4.2. The credentials may stand in HTTP Basic instead. */
export class TokenRequestBody {
  /**
   * The only grant that is supported.
   * @example 'client_credentials'
   */
  grant_type!: string;

  /**
   * CALLBACK_TOKEN_CLIENT_ID; left out with HTTP Basic.
   * @example 'fpt'
   */
  client_id?: string;

  /**
   * CALLBACK_TOKEN_CLIENT_SECRET; left out with HTTP Basic.
   * @example 'the-secret-agreed-with-the-vendor'
   */
  client_secret?: string;
}

/** An access token, RFC 6749, section 5.1. */
export class AccessTokenResponse {
  /**
   * Opaque; sent with callbacks as `Authorization: Bearer <access_token>`.
   * @example 'AZyyc7sAwJ3mYx1nVb0c4dTqkQy2m8hXo5f3s7uLrE9pWZk6gHt0iNvBjDaSCeMFRlUOIG4P'
   */
  access_token!: string;

  /** @example 'Bearer' */
  token_type!: 'Bearer';

  /**
   * Seconds for which it is accepted.
   * @example 300
   */
  expires_in!: number;
}

/** A refused token request, RFC 6749, section 5.2. */
export class TokenErrorResponse {
  /**
   * Stable code to program against.
   * @example 'invalid_client'
   */
  error!: 'invalid_request' | 'unsupported_grant_type' | 'invalid_client';

  /**
   * What to do about it.
   * @example 'Send the client id and secret that were agreed.'
   */
  error_description!: string;
}
