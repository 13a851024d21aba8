import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  type BulkheadPolicy,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { Agent, errors } from 'undici';
import { Problem } from '../platform/http/problem.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { causeOf, errorCodeOf } from './request-failure.ts';
import { RequestPace } from './request-pace.ts';
import {
  detailOf,
  hasMeaningfulBody,
  outcomeOf,
  readVendorReply,
  unavailable,
  type AttemptOutcome,
  type VendorAnswer,
  type VendorReply,
} from './vendor-answer.ts';

export interface VendorClientSettings {
  /** Matches `VENDOR_BASE_URL`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly resultMethod: 'POST' | 'GET';
  /** One request in all, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Silence within an answer. */
  readonly idleTimeoutMs: number;
  /** Most requests that one pull makes. */
  readonly maxAttempts: number;
  /** No request of a pull starts later than this after its call, so it ends `timeoutMs` later at the latest. */
  readonly startWithinMs: number;
  /** Longest wait before the first repetition; it doubles with each further one. */
  readonly retryDelayMs: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Pulls that may wait for their turn. */
  readonly queueLimit: number;
  readonly requestsPerSecond: number;
  /** Failed requests in a row after which the vendor is left alone. */
  readonly breakerFailures: number;
  /** For how long, until one request tries again. */
  readonly breakerOpenMs: number;
}

/** The documented result has 5 KiB; this is also the limit of a callback. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Read on of a body that says nothing, to keep the connection; a longer one costs it. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** A time-out isn't repeated: the pull has waited long enough, and the session's back-off repeats it. */
const REPEATED: ReadonlySet<AttemptOutcome> = new Set(['NETWORK', 'SERVER_ERROR', 'RATE_LIMITED']);

/** What says that the vendor can serve nobody just now. An answer too large or redirected is an answer. */
const OUTAGES: ReadonlySet<AttemptOutcome> = new Set([...REPEATED, 'TIMEOUT']);

const EXPECTED: ReadonlySet<AttemptOutcome> = new Set(['RESULT', 'NOT_FOUND']);

/** Our own limits let a request not be made. */
class NotAttempted extends Error {
  override readonly name = 'NotAttempted';
}

/**
 * Asks the vendor for results. Bounded in time, memory and in what it asks of the vendor; it follows no
 * redirect, asks for no compression and trusts nothing in an answer but its bytes.
 */
@Injectable()
export class VendorClient implements OnApplicationShutdown {
  private readonly logger = new Logger(VendorClient.name);
  private readonly settings: VendorClientSettings;
  private readonly origin: string;
  private readonly path: string;
  private readonly agent: Agent;
  private readonly bulkhead: BulkheadPolicy;
  private readonly breaker: CircuitBreakerPolicy;
  private readonly pace: RequestPace;
  private readonly pulls: Counter<'outcome'>;
  private readonly attemptSeconds: Histogram<'outcome'>;
  private readonly breakerIsOpen: Gauge;

  constructor(config: { readonly vendor: VendorClientSettings }, metrics: Metrics) {
    const settings = (this.settings = config.vendor);
    const url = new URL(`${settings.baseUrl.replace(/\/$/, '')}/callback/get_result`);
    this.origin = url.origin;
    this.path = url.pathname;
    this.agent = new Agent({
      connections: settings.concurrency,
      // One request a connection: what is cut off takes no other pull with it.
      allowH2: false,
      pipelining: 1,
      connect: { rejectUnauthorized: true },
      // The signal of a request counts only once it's connected.
      connectTimeout: settings.timeoutMs,
      headersTimeout: settings.timeoutMs,
      bodyTimeout: settings.idleTimeoutMs,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
    this.bulkhead = bulkhead(settings.concurrency, settings.queueLimit);
    this.breaker = circuitBreaker(
      handleWhenResult((reply) => OUTAGES.has(outcomeOf(reply as VendorReply))),
      { breaker: new ConsecutiveBreaker(settings.breakerFailures), halfOpenAfter: settings.breakerOpenMs },
    );
    this.pace = new RequestPace(settings.requestsPerSecond);

    this.pulls = metrics.counter({
      name: 'ekyc_vendor_pulls_total',
      help: 'Pulls, by what they came to after all attempts',
      labelNames: ['outcome'],
    });
    this.attemptSeconds = metrics.histogram({
      name: 'ekyc_vendor_attempt_seconds',
      help: 'Time of one request to the vendor, by what it came to',
      labelNames: ['outcome'],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    });
    this.breakerIsOpen = metrics.gauge({
      name: 'ekyc_vendor_breaker_open',
      help: '1 while this instance leaves the vendor alone after failures in a row',
    });
    this.breaker.onBreak(() => {
      this.breakerIsOpen.set(1);
      this.logger.warn({ forMs: settings.breakerOpenMs }, 'the vendor fails and is left alone');
    });
    this.breaker.onReset(() => {
      this.breakerIsOpen.set(0);
      this.logger.log('the vendor answers again');
    });
  }

  /**
   * Pulls the result of a session. Takes at most `startWithinMs` plus `timeoutMs`.
   * @param uuid the vendor's client_uuid, as a registration takes it
   * @param signal stops the waiting; a request under way still ends by itself, because its outcome tells
   *   something about the vendor
   * @throws Problem OVERLOADED if the service is stopping; the reason of `signal`; an undici error if `uuid` fits in
   *   no header
   */
  async fetchResult(uuid: string, signal?: AbortSignal): Promise<VendorAnswer> {
    const attempts: AttemptOutcome[] = [];
    const reply = await this.pull(uuid, attempts, signal).catch(refusalOf);
    this.pulls.inc({ outcome: outcomeOf(reply) });
    return { ...reply, attempts };
  }

  /**
   * Makes no more requests and waits for those under way, at most `timeoutMs`: their answers still count. Not
   * before the HTTP server and the scheduled pulls have come to rest, which may still want to ask.
   */
  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }

  private async pull(
    uuid: string,
    attempts: AttemptOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<VendorReply> {
    signal?.throwIfAborted();
    const startBy = performance.now() + this.settings.startWithinMs;
    for (;;) {
      const reply = await this.withinLimits(uuid, startBy, signal);
      attempts.push(outcomeOf(reply));
      const waitMs = this.waitBeforeNext(reply, attempts.length);
      if (waitMs === null || performance.now() + waitMs > startBy) return reply;
      await sleep(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }

  /** Full jitter, and never sooner than the vendor asks for; null where another attempt makes no sense. */
  private waitBeforeNext(reply: VendorReply, made: number): number | null {
    if (reply.kind !== 'UNAVAILABLE' || !REPEATED.has(reply.cause)) return null;
    if (made >= this.settings.maxAttempts) return null;
    return Math.max(reply.retryAfterMs ?? 0, Math.random() * this.settings.retryDelayMs * 2 ** (made - 1));
  }

  /**
   * One request, once the limits let it start.
   * @throws NotAttempted, BulkheadRejectedError or BrokenCircuitError if they don't; the reason of `signal`
   */
  private async withinLimits(uuid: string, startBy: number, signal?: AbortSignal): Promise<VendorReply> {
    const waiting = new AbortController();
    const tooLate = setTimeout(() => waiting.abort(new NotAttempted()), startBy - performance.now());
    const giveUp = (): void => waiting.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([
        rejectionBy(waiting.signal),
        this.bulkhead.execute(async () => {
          await this.takeTurn(startBy, waiting.signal);
          return this.breaker.execute(() => {
            clearTimeout(tooLate);
            return this.attempt(uuid);
          }, waiting.signal);
        }, waiting.signal),
      ]);
    } finally {
      clearTimeout(tooLate);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** While the breaker is open nobody waits: a turn that isn't free at once is refused as well. */
  private async takeTurn(startBy: number, signal: AbortSignal): Promise<void> {
    const isOpen = this.breaker.state === CircuitState.Open;
    const now = performance.now();
    const waitMs = this.pace.take(now, isOpen ? now : startBy);
    if (waitMs === null) throw isOpen ? new BrokenCircuitError() : new NotAttempted();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }

  private async attempt(uuid: string): Promise<VendorReply> {
    const startedAt = performance.now();
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.settings.timeoutMs);
    let reply: VendorReply;
    let errorCode: string | undefined;
    try {
      reply = await this.exchange(uuid, timeout.signal);
    } catch (error) {
      errorCode = timeout.signal.aborted ? undefined : errorCodeOf(error);
      reply = unavailable(timeout.signal.aborted ? 'TIMEOUT' : causeOf(error));
    } finally {
      clearTimeout(timer);
    }
    if (reply.kind === 'UNAVAILABLE' && reply.retryAfterMs !== null) {
      this.pace.pauseUntil(performance.now() + reply.retryAfterMs);
    }
    this.report(uuid, reply, performance.now() - startedAt, errorCode);
    return reply;
  }

  private async exchange(uuid: string, signal: AbortSignal): Promise<VendorReply> {
    const { statusCode, headers, body } = await this.agent.request({
      origin: this.origin,
      path: this.path,
      method: this.settings.resultMethod,
      headers: {
        'api-key': this.settings.apiKey,
        uuid,
        accept: 'application/json',
        // A compressed answer could unfold to any size.
        'accept-encoding': 'identity',
      },
      signal,
    });
    let raw = Buffer.alloc(0);
    if (hasMeaningfulBody(statusCode)) raw = Buffer.from(await body.arrayBuffer());
    else await body.dump({ limit: MAX_DISCARDED_BYTES });
    return readVendorReply(uuid, { status: statusCode, headers, raw });
  }

  /** Names what happened, never what was sent. */
  private report(uuid: string, reply: VendorReply, ms: number, errorCode: string | undefined): void {
    const outcome = outcomeOf(reply);
    this.attemptSeconds.observe({ outcome }, ms / 1000);
    const detail = detailOf(reply);
    const line = {
      uuid,
      outcome,
      ...(detail !== null && { detail }),
      ms: Math.round(ms),
      ...(errorCode !== undefined && { errorCode }),
    };
    if (EXPECTED.has(outcome)) this.logger.debug(line, 'the vendor was asked');
    else this.logger.warn(line, 'the vendor was asked');
  }
}

/** A promise that never resolves and rejects with the signal's reason. */
function rejectionBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function refusalOf(error: unknown): VendorReply {
  if (error instanceof BrokenCircuitError) return unavailable('BREAKER_OPEN');
  if (error instanceof BulkheadRejectedError || error instanceof NotAttempted) {
    return unavailable('RATE_LIMITED');
  }
  if (error instanceof errors.ClientClosedError || error instanceof errors.ClientDestroyedError) {
    throw new Problem(
      'OVERLOADED',
      'This instance is stopping; try again shortly.',
      { retryAfterSeconds: 1 },
      { cause: error },
    );
  }
  throw error;
}
