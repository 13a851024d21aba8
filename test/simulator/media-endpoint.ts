import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { MediaFault } from './faults.ts';
import type { Medium } from './media.ts';
import { type PullAnswerOptions, stream } from './result-endpoint.ts';

/** Answers a request for a picture or video, with or without a fault. */
export async function answerMedium(
  response: ServerResponse,
  { contentType, bytes }: Medium,
  path: string,
  fault: MediaFault | null,
  options: PullAnswerOptions,
  stopped: AbortSignal,
): Promise<void> {
  switch (fault) {
    case null:
      response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length }).end(bytes);
      return;
    case 'NOT_FOUND':
      response.writeHead(404).end();
      return;
    case 'UNAVAILABLE':
      response.writeHead(503).end();
      return;
    case 'REDIRECT':
      response.writeHead(302, { location: options.redirectTo }).end();
      return;
    case 'REDIRECT_LOOP':
      response.writeHead(302, { location: path }).end();
      return;
    case 'HANG':
      return;
    case 'TRICKLE':
      return stream(response, contentType, trickled(bytes, options.trickleIntervalMs, stopped), stopped);
    case 'ENDLESS':
      return stream(response, contentType, repeated(bytes), stopped);
    case 'OVERSIZE':
      response.setHeader('content-length', options.hugeBytes);
      return stream(response, contentType, repeated(bytes), stopped);
    case 'WRONG_TYPE':
      response.writeHead(200, { 'content-type': contentType }).end('<!doctype html><title>Expired</title>');
      return;
    case 'CUT_OFF':
      response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  }
}

async function* trickled(bytes: Buffer, intervalMs: number, stopped: AbortSignal): AsyncGenerator<Buffer> {
  for (const byte of bytes) {
    yield Buffer.of(byte);
    await delay(intervalMs, undefined, { signal: stopped });
  }
}

function* repeated(bytes: Buffer): Generator<Buffer> {
  for (;;) {
    yield bytes;
  }
}
