import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { TOKEN_ERRORS, TokenRequestError } from './token-request.errors.ts';
import type { TokenErrorResponse } from './vendor-token.dto.ts';

/** What RFC 6749, sections 5.1 and 5.2, demands of every answer that could hold a token. */
export const NEVER_STORED = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/**
 * Answers a refused token request as RFC 6749, section 5.2, has it instead of as a problem document: its caller is
 * an OAuth client, which reads `error` and nothing else. `x-correlation-id` is on the answer as on every other.
 */
@Catch(TokenRequestError)
export class TokenRequestFilter implements ExceptionFilter<TokenRequestError> {
  catch({ code, description }: TokenRequestError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = TOKEN_ERRORS[code];
    void reply
      .status(status)
      .headers(NEVER_STORED)
      .headers(status === 401 ? { 'www-authenticate': 'Basic realm="ekyc-ledger callbacks"' } : {})
      .send({ error: code, error_description: description } satisfies TokenErrorResponse);
  }
}
