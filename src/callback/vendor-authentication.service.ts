import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RateLimits } from '../access/rate-limits.service.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import { CallbackRejections } from './callback-rejections.repository.ts';

/** Tells the vendor's deliveries from everybody else's. */
@Injectable()
export class VendorAuthentication {
  private readonly header: string;
  private readonly tokenDigests: readonly Buffer[];

  constructor(
    config: AppConfig,
    private readonly limits: RateLimits,
    private readonly rejections: CallbackRejections,
  ) {
    this.header = config.callback.authHeader;
    this.tokenDigests = config.callback.authTokens.map(digestOf);
  }

  /**
   * Lets the vendor pass; everybody else is turned away before a byte of the body is read.
   * @throws Problem UNAUTHENTICATED, or TOO_MANY_REQUESTS once an address has failed too often
   */
  async admit(request: FastifyRequest): Promise<void> {
    const token = request.headers[this.header];
    if (typeof token === 'string' && this.isVendorToken(token)) return;
    await this.limits.countFailedAuthentication(request.ip);
    this.rejections.record(token === undefined ? 'NO_TOKEN' : 'BAD_TOKEN', request.ip);
    throw new Problem('UNAUTHENTICATED', `Send the agreed token in the header ${this.header}.`);
  }

  /** Compares with every token and without leaving early, so that time tells nothing about any of them. */
  private isVendorToken(token: string): boolean {
    const given = digestOf(token);
    let matches = 0;
    for (const expected of this.tokenDigests) matches |= Number(timingSafeEqual(given, expected));
    return matches === 1;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
