import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';

const WINDOW_S = 60;

/** Limits by the minute, kept in the memory of each instance: they ward off accidents and guessing, not floods. */
@Injectable()
export class RateLimits {
  private readonly requests: RateLimiterMemory;
  private readonly failures: RateLimiterMemory;

  constructor(config: AppConfig) {
    this.requests = new RateLimiterMemory({ points: config.access.requestsPerMinute, duration: WINDOW_S });
    this.failures = new RateLimiterMemory({ points: config.access.failedAuthPerMinute, duration: WINDOW_S });
  }

  /** @throws Problem TOO_MANY_REQUESTS when the client has used up its minute. */
  async countRequest(clientId: string): Promise<void> {
    await consume(this.requests, clientId);
  }

  /** @throws Problem TOO_MANY_REQUESTS when the address has failed too often within the minute. */
  async countFailedAuthentication(address: string): Promise<void> {
    await consume(this.failures, address);
  }
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (rejection) {
    if (!(rejection instanceof RateLimiterRes)) throw rejection;
    const retryAfterSeconds = Math.max(1, Math.ceil(rejection.msBeforeNext / 1000));
    throw new Problem('TOO_MANY_REQUESTS', `Wait ${retryAfterSeconds} s.`, { retryAfterSeconds });
  }
}
