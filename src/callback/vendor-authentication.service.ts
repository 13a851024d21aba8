import { hash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RateLimits } from '../access/rate-limits.service.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import { CallbackRejections, type RejectionReason } from './callback-rejections.repository.ts';
import { CallbackTokens } from './callback-tokens.ts';
import { TokenRequestError } from './token-request.errors.ts';
import type { ClientCredentials, TokenRequest } from './token-request.ts';

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** The vendor in Dynamic Token mode: who may ask for tokens, and the tokens. */
interface TokenClient {
  readonly idDigest: Buffer;
  readonly secretDigest: Buffer;
  readonly tokens: CallbackTokens;
}

/** Tells the vendor from everybody else: by a fixed token, or by an issued one and the credentials for it. */
@Injectable()
export class VendorAuthentication {
  private readonly header: string;
  private readonly tokenDigests: readonly Buffer[];
  private readonly client: TokenClient | null;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
    private readonly limits: RateLimits,
    private readonly rejections: CallbackRejections,
  ) {
    const { authHeader, authTokens, dynamicTokens } = config.callback;
    this.header = authHeader;
    this.tokenDigests = authTokens.map(digestOf);
    this.client = dynamicTokens && {
      idDigest: digestOf(dynamicTokens.clientId),
      secretDigest: digestOf(dynamicTokens.clientSecret),
      tokens: new CallbackTokens(dynamicTokens),
    };
  }

  /**
   * Lets the vendor pass; everybody else is turned away before a byte of the body is read.
   * @throws Problem UNAUTHENTICATED, or TOO_MANY_REQUESTS once an address has failed too often
   */
  async admit(request: FastifyRequest): Promise<void> {
    const fixedToken = request.headers[this.header];
    if (typeof fixedToken === 'string' && this.isFixedToken(fixedToken)) return;
    const issuedToken = this.client && bearerTokenIn(request.headers.authorization);
    if (issuedToken && this.client?.tokens.isValid(issuedToken, this.clock.now())) return;

    const sentNone = fixedToken === undefined && !issuedToken;
    await this.countFailure(sentNone ? 'NO_TOKEN' : 'BAD_TOKEN', request.ip);
    throw new Problem(
      'UNAUTHENTICATED',
      this.client === null
        ? `Send the agreed token in the header ${this.header}.`
        : `Send the agreed token in the header ${this.header}, or a fresh one as authorization: Bearer <access_token>.`,
    );
  }

  /**
   * Exchanges the vendor's credentials for a token that {@link admit} accepts. Credentials are checked before the
   * grant type, so that a stranger is told nothing but that.
   * @param address that the request came from
   * @throws TokenRequestError, or Problem TOO_MANY_REQUESTS once an address has failed too often
   */
  async issueToken({ grantType, credentials }: TokenRequest, address: string): Promise<IssuedToken> {
    const client = this.findClient(credentials);
    if (client === null) {
      await this.countFailure('BAD_CLIENT', address);
      throw new TokenRequestError('invalid_client', 'Send the client id and secret that were agreed.');
    }
    if (grantType === undefined) {
      throw new TokenRequestError('invalid_request', 'Send grant_type=client_credentials.');
    }
    if (grantType !== 'client_credentials') {
      throw new TokenRequestError('unsupported_grant_type', 'Send grant_type=client_credentials.');
    }
    return {
      token: client.tokens.issue(this.clock.now()),
      expiresInSeconds: client.tokens.ttlSeconds,
    };
  }

  private async countFailure(reason: RejectionReason, address: string): Promise<void> {
    await this.limits.countFailedAuthentication(address);
    this.rejections.record(reason, address);
  }

  /** Compares with every token and without leaving early, so that time tells nothing about any of them. */
  private isFixedToken(token: string): boolean {
    const given = digestOf(token);
    let matches = 0;
    for (const expected of this.tokenDigests) matches |= Number(timingSafeEqual(given, expected));
    return matches === 1;
  }

  /** Compares id and secret of every reading, whatever the others came to, for the same reason. */
  private findClient(readings: readonly ClientCredentials[]): TokenClient | null {
    if (this.client === null) return null;
    const { idDigest, secretDigest } = this.client;
    let matches = 0;
    for (const { id, secret } of readings) {
      const sameId = Number(timingSafeEqual(digestOf(id), idDigest));
      const sameSecret = Number(timingSafeEqual(digestOf(secret), secretDigest));
      matches |= sameId & sameSecret;
    }
    return matches === 1 ? this.client : null;
  }
}

function bearerTokenIn(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
