import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { withConflictingSimilarity, withTrailingCommas, type PullFault } from './faults.ts';
import type { VendorResult } from './payloads.ts';

export interface PullAnswerOptions {
  readonly trickleIntervalMs: number;
  readonly hugeBytes: number;
  readonly redirectTo: string;
}

/** The bodies of section 2.4, which have no `code`. */
const FORBIDDEN = '{"message":"Forbidden"}';
const NOT_FOUND = '{"message":"Not found data with uuid"}';

/** FPT.md 9.1: most failures arrive with HTTP 200. */
export const VENDOR_ERROR = { code: '400', message: 'uuid must be provided' } as const;

export function answerForbidden(response: ServerResponse): void {
  answer(response, 403, FORBIDDEN);
}

export function answerNotFound(response: ServerResponse): void {
  answer(response, 404, NOT_FOUND);
}

/** Answers `get_result` for a session that has a result, with or without a fault. */
export async function answerResult(
  response: ServerResponse,
  result: VendorResult,
  fault: PullFault | null,
  options: PullAnswerOptions,
  stopped: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(result);
  switch (fault) {
    case null:
      return answer(response, 200, body);
    case 'CONFLICT':
      return answer(response, 200, JSON.stringify(withConflictingSimilarity(result)));
    case 'ERROR_CODE_IN_200':
      return answer(response, 200, JSON.stringify(VENDOR_ERROR));
    case 'FORBIDDEN':
      return answerForbidden(response);
    case 'NOT_FOUND':
      return answerNotFound(response);
    case 'UNAVAILABLE':
      return answer(response, 503, 'upstream connect error', 'text/plain');
    case 'HANG':
      return;
    case 'TRICKLE':
      return stream(response, 'application/json', trickle(body, options.trickleIntervalMs, stopped), stopped);
    case 'HUGE':
      return stream(response, 'application/json', hugeJson(options.hugeBytes), stopped);
    case 'HTML':
      return answer(response, 200, '<!doctype html><title>Bad gateway</title><p>nginx', 'text/html');
    case 'INVALID_UTF8':
      return answer(response, 200, replaceFirstLetter(body, result.uuid));
    case 'TRAILING_COMMAS':
      return answer(response, 200, withTrailingCommas(JSON.stringify(result, null, 2)));
    case 'REDIRECT':
      response.writeHead(302, { location: options.redirectTo }).end();
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  contentType = 'application/json',
): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}

/** The byte 0xff, which UTF-8 never has, in place of the first byte of the overall message. */
function replaceFirstLetter(body: string, uuid: string): Buffer {
  const bytes = Buffer.from(body);
  bytes[bytes.indexOf('"message":"', bytes.indexOf(uuid)) + '"message":"'.length] = 0xff;
  return bytes;
}

async function* trickle(body: string, intervalMs: number, stopped: AbortSignal): AsyncGenerator<Buffer> {
  for (const byte of Buffer.from(body)) {
    yield Buffer.of(byte);
    await delay(intervalMs, undefined, { signal: stopped });
  }
}

function* hugeJson(bytes: number): Generator<Buffer> {
  yield Buffer.from('{"uuid":"');
  const chunk = Buffer.alloc(64 * 1024, 'a');
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    yield chunk;
  }
  yield Buffer.from('"}');
}

/** At the reader's pace, so that what it doesn't take isn't held in memory. Ends early when it goes away. */
export async function stream(
  response: ServerResponse,
  contentType: string,
  source: Iterable<Buffer> | AsyncIterable<Buffer>,
  stopped: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType });
  try {
    await pipeline(source, response, { signal: stopped });
  } catch (error) {
    if (!response.destroyed) {
      throw error;
    }
  }
}

/** The caller's `api-key` and `uuid` headers. */
export function pullHeaders(request: IncomingMessage): { apiKey: string | null; uuid: string | null } {
  const header = (name: string): string | null => {
    const value = request.headers[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return { apiKey: header('api-key'), uuid: header('uuid') };
}
