import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import type { EvidenceKind } from '../results/normalised-result.ts';
import { causeOf, errorCodeOf } from '../retrieval/request-failure.ts';
import { type MediaType, mediaTypeOf, SAMPLE_BYTES } from './media-type.ts';
import { ADDRESS_NOT_PUBLIC, publicLookup } from './public-lookup.ts';
import { permittedUrl, type ResourceHost } from './resource-hosts.ts';

export interface MediaClientSettings {
  /** Where media may be; none archives nothing. */
  readonly hosts: readonly ResourceHost[];
  /** Of one file. */
  readonly maxBytes: number;
  /** One file in all, redirects included, from connecting to the last byte being stored. */
  readonly timeoutMs: number;
  /** Silence within an answer. */
  readonly idleTimeoutMs: number;
  /** Sessions whose media are fetched at once. */
  readonly concurrency: number;
}

/**
 * Why there are no media, in one word; for the log and as a metric's label. `ADDRESS_REFUSED`: the address, or
 * one that it redirects to, is not https or not on the list of hosts. `GONE`: not there, or not there any more.
 */
export type MediaFailure =
  | 'ADDRESS_REFUSED'
  | 'ADDRESS_NOT_PUBLIC'
  | 'TOO_MANY_REDIRECTS'
  | 'GONE'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'SERVER_ERROR'
  | 'UNEXPECTED_STATUS'
  | 'COMPRESSED'
  | 'WRONG_TYPE'
  | ReturnType<typeof causeOf>;

/** What became of fetching media; `taken` is what `take` made of the bytes. */
export type Fetched<T> =
  | { readonly outcome: 'FETCHED'; readonly mediaType: MediaType; readonly taken: T }
  | { readonly outcome: MediaFailure };

/** Carries a {@link MediaFailure} through whoever reads the bytes. */
class MediaError extends Error {
  override readonly name = 'MediaError';

  constructor(readonly outcome: MediaFailure) {
    super(outcome);
  }
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Read on of an answer that says nothing, to keep the connection; a longer one costs it. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/**
 * Fetches media from addresses that the vendor has named. They are another's words, so each of them, and each
 * that it redirects to, is held against the list of hosts, and what a name stands for is checked by the very
 * look-up that the connection is made with. Nothing of ours goes along: no key, no cookie, no credentials.
 */
@Injectable()
export class MediaClient implements OnModuleDestroy {
  private readonly logger = new Logger(MediaClient.name);
  private readonly agent: Agent;

  /** @param lookup resolves names; a test's own in its place */
  constructor(
    private readonly settings: MediaClientSettings,
    lookup: LookupFunction = systemLookup,
  ) {
    this.agent = new Agent({
      connections: settings.concurrency,
      allowH2: false,
      pipelining: 1,
      connect: { rejectUnauthorized: true, lookup: publicLookup(lookup) },
      // The signal of a request counts only once it's connected.
      connectTimeout: Math.min(settings.timeoutMs, settings.idleTimeoutMs),
      headersTimeout: settings.idleTimeoutMs,
      bodyTimeout: settings.idleTimeoutMs,
      maxResponseSize: settings.maxBytes,
    });
  }

  /**
   * Fetches media and hands the bytes to `take` as they come, never the whole.
   * @param address as the vendor gave it
   * @param take MUST read to the end; what it throws is thrown, unless it comes of the media themselves
   * @param signal ends it
   * @throws the reason of `signal`, or what `take` throws
   */
  async fetch<T>(
    address: string,
    kind: EvidenceKind,
    take: (bytes: AsyncIterable<Buffer>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Fetched<T>> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.settings.timeoutMs);
    const ended = AbortSignal.any([signal, timeout.signal]);
    let response: Dispatcher.ResponseData | undefined;
    try {
      response = await this.follow(address, ended);
      refuseUseless(response, this.settings.maxBytes);
      const { sample, rest } = await takeSample(this.bytesOf(response, ended));
      const mediaType = await mediaTypeOf(kind, sample);
      if (mediaType === null) throw new MediaError('WRONG_TYPE');
      return { outcome: 'FETCHED', mediaType, taken: await take(joined(sample, rest)) };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.signal.aborted) return { outcome: 'TIMEOUT' };
      if (error instanceof MediaError) return { outcome: error.outcome };
      throw error;
    } finally {
      clearTimeout(timer);
      response?.body.on('error', () => this.logger.debug('an answer was left before its end')).destroy();
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.agent.close();
  }

  /** Redirects are followed by hand, because each leads to an address that nobody has checked yet. */
  private async follow(address: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    let next = address;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const url = permittedUrl(next, this.settings.hosts);
      if (url === null) throw new MediaError('ADDRESS_REFUSED');
      const response = await this.request(url, signal);
      const { location } = response.headers;
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') return response;
      await response.body.dump({ limit: MAX_DISCARDED_BYTES });
      next = URL.parse(location, url.href)?.href ?? '';
    }
    throw new MediaError('TOO_MANY_REDIRECTS');
  }

  private async request(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await this.agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        // A compressed answer could unfold to any size.
        headers: { accept: 'image/*, video/*', 'accept-encoding': 'identity' },
        signal,
      });
    } catch (error) {
      throw mediaErrorOf(error, signal);
    }
  }

  private async *bytesOf({ body }: Dispatcher.ResponseData, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      for await (const piece of body) yield piece as Buffer;
    } catch (error) {
      throw mediaErrorOf(error, signal);
    }
  }
}

/** An aborted request fails with the reason of its signal, which the caller knows better how to tell. */
function mediaErrorOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return error;
  return new MediaError(errorCodeOf(error) === ADDRESS_NOT_PUBLIC ? ADDRESS_NOT_PUBLIC : causeOf(error));
}

/** @throws MediaError for an answer that can't be the media, before its body is read */
function refuseUseless({ statusCode, headers }: Dispatcher.ResponseData, maxBytes: number): void {
  if (statusCode !== 200) throw new MediaError(failureOf(statusCode));
  if (!['identity', undefined].includes(headers['content-encoding']?.toString())) {
    throw new MediaError('COMPRESSED');
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new MediaError('TOO_LARGE');
}

function failureOf(statusCode: number): MediaFailure {
  switch (statusCode) {
    case 404:
    case 410:
      return 'GONE';
    case 401:
    case 403:
      return 'FORBIDDEN';
    case 429:
      return 'RATE_LIMITED';
    default:
      return statusCode >= 500 ? 'SERVER_ERROR' : 'UNEXPECTED_STATUS';
  }
}

async function takeSample(
  bytes: AsyncGenerator<Buffer>,
): Promise<{ sample: Buffer; rest: AsyncGenerator<Buffer> }> {
  const pieces: Buffer[] = [];
  for (let length = 0; length < SAMPLE_BYTES;) {
    const next = await bytes.next();
    if (next.done) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  return { sample: Buffer.concat(pieces), rest: bytes };
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
