import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Metrics } from '../../src/platform/metrics/metrics.service.ts';
import { VendorClient, type VendorClientSettings } from '../../src/retrieval/vendor-client.service.ts';
import { PULL_FAULTS, type PullFault } from '../simulator/faults.ts';
import { aPulledResult } from '../simulator/payloads.ts';
import { DEFAULT_OPTIONS, startSimulator } from '../simulator/simulator.ts';
import { eventually } from '../support/eventually.ts';

const UUID = 'session-1';
const SETTINGS: Omit<VendorClientSettings, 'baseUrl'> = {
  apiKey: DEFAULT_OPTIONS.apiKey,
  resultMethod: 'POST',
  timeoutMs: 300_000,
  idleTimeoutMs: 300_000,
  maxAttempts: 3,
  startWithinMs: 30_000,
  retryDelayMs: 1,
  concurrency: 4,
  queueLimit: 100,
  requestsPerSecond: 10_000,
  breakerFailures: 100,
  breakerOpenMs: 60_000,
};

interface Asked {
  readonly at: number;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

describe(VendorClient.name, () => {
  let metrics: Metrics;
  let logged: string[];
  let toStop: (() => unknown)[];

  beforeEach(() => {
    metrics = new Metrics();
    logged = [];
    toStop = [];
    const keep = (...line: unknown[]): void => void logged.push(JSON.stringify(line));
    Logger.overrideLogger({ log: keep, warn: keep, error: keep, debug: keep });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    // Vendors first: a client waits for its requests under way.
    for (const stop of toStop) await stop();
  });

  function aClient(baseUrl: string, overrides: Partial<VendorClientSettings> = {}): VendorClient {
    const client = new VendorClient({ vendor: { ...SETTINGS, baseUrl, ...overrides } }, metrics);
    toStop.push(() => client.onApplicationShutdown());
    return client;
  }

  /** A vendor that answers as told, and what it was asked. */
  async function aVendor(answer: RequestListener): Promise<{ url: string; asked: Asked[]; server: Server }> {
    const asked: Asked[] = [];
    const server = createServer((request, response) => {
      const { method, url: path, headers } = request;
      asked.push({ at: performance.now(), method, path, headers });
      void answer(request, response);
    });
    const url = await listen(server);
    toStop.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url, asked, server };
  }

  const answering =
    (status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
    (_request, response) =>
      void response.writeHead(status, headers).end(body);
  const result = (uuid = UUID): string => JSON.stringify(aPulledResult({ uuid }));
  const inTurn = (...answers: RequestListener[]): RequestListener => {
    let next = 0;
    return (request, response) => answers[Math.min(next++, answers.length - 1)]!(request, response);
  };

  describe('asks', () => {
    it('as the page says: POST, the two headers, no body', async () => {
      const vendor = await aVendor(answering(200, result()));
      const answer = await aClient(`${vendor.url}/vision/ekyc-be/`).fetchResult(UUID);

      expect(answer).toEqual({
        kind: 'RESULT',
        raw: Buffer.from(result()),
        body: JSON.parse(result()) as unknown,
        attempts: ['RESULT'],
      });
      expect(vendor.asked).toMatchObject([
        {
          method: 'POST',
          path: '/vision/ekyc-be/callback/get_result',
          headers: {
            'api-key': SETTINGS.apiKey,
            uuid: UUID,
            'content-length': '0',
            'accept-encoding': 'identity',
          },
        },
      ]);
    });

    it('by GET where configured', async () => {
      const vendor = await aVendor(answering(200, result()));
      await aClient(vendor.url, { resultMethod: 'GET' }).fetchResult(UUID);
      expect(vendor.asked).toMatchObject([{ method: 'GET', path: '/callback/get_result' }]);
    });

    it('on one connection that is kept, whatever the answers', async () => {
      const vendor = await aVendor(
        inTurn(
          answering(404, '{"message":"Not found data with uuid"}'),
          answering(503, 'x'),
          answering(200, result()),
        ),
      );
      let connections = 0;
      vendor.server.on('connection', () => connections++);
      const client = aClient(vendor.url, { concurrency: 1 });
      await client.fetchResult(UUID);
      await client.fetchResult(UUID);
      expect([vendor.asked.length, connections]).toEqual([3, 1]);
    });

    it('nothing in the name of what could be no header', async () => {
      const vendor = await aVendor(answering(200, result()));
      await expect(aClient(vendor.url).fetchResult('a\r\nhost: b')).rejects.toThrow('invalid uuid header');
      expect(vendor.asked).toEqual([]);
    });
  });

  it.each<[number, string, string]>([
    [403, '{\n"message": "Forbidden"\n}', 'FORBIDDEN'],
    [404, '{\n"message": "Not found data with uuid"\n}', 'NOT_FOUND'],
  ])("answers the page's %i as a value, at once", async (status, body, kind) => {
    const vendor = await aVendor(answering(status, body));
    expect(await aClient(vendor.url).fetchResult(UUID)).toEqual({ kind, attempts: [kind] });
    expect(vendor.asked).toHaveLength(1);
  });

  it('never takes the result of another session', async () => {
    const vendor = await aVendor(answering(200, result('session-2')));
    expect(await aClient(vendor.url).fetchResult(UUID)).toMatchObject({
      kind: 'UNUSABLE',
      reason: 'WRONG_UUID',
    });
  });

  const AFTER_FAULT: Record<PullFault, object> = {
    CONFLICT: { kind: 'RESULT', attempts: ['RESULT'] },
    ERROR_CODE_IN_200: { kind: 'REFUSED', code: '400', attempts: ['REFUSED'] },
    FORBIDDEN: { kind: 'FORBIDDEN', attempts: ['FORBIDDEN'] },
    NOT_FOUND: { kind: 'NOT_FOUND', attempts: ['NOT_FOUND'] },
    UNAVAILABLE: { cause: 'SERVER_ERROR', attempts: ['SERVER_ERROR', 'SERVER_ERROR', 'SERVER_ERROR'] },
    HANG: { cause: 'TIMEOUT', attempts: ['TIMEOUT'] },
    TRICKLE: { cause: 'TIMEOUT', attempts: ['TIMEOUT'] },
    HUGE: { cause: 'TOO_LARGE', attempts: ['TOO_LARGE'] },
    HTML: { kind: 'UNUSABLE', reason: 'NOT_JSON', attempts: ['UNUSABLE'] },
    INVALID_UTF8: { kind: 'UNUSABLE', reason: 'INVALID_UTF8', attempts: ['UNUSABLE'] },
    TRAILING_COMMAS: { kind: 'UNUSABLE', reason: 'NOT_JSON', attempts: ['UNUSABLE'] },
    REDIRECT: { cause: 'REDIRECTED', attempts: ['REDIRECTED'] },
  };

  it.each(PULL_FAULTS)(
    'ends a pull that suffers %s with a clear answer, and the next one works',
    async (fault) => {
      const simulator = await startSimulator({ trickleIntervalMs: 20 });
      toStop.push(() => simulator.stop());
      simulator.control.finish(UUID, { callbackFault: 'DROP', pullFault: fault });
      simulator.control.finish('session-2', { callbackFault: 'DROP' });
      // One connection, so that what a fault leaves on it would be seen.
      const timeoutMs = fault === 'HANG' || fault === 'TRICKLE' ? 500 : SETTINGS.timeoutMs;
      const client = aClient(simulator.url, { timeoutMs, concurrency: 1 });

      expect(await client.fetchResult(UUID)).toMatchObject(AFTER_FAULT[fault]);
      expect(await eventually(async () => (await client.fetchResult('session-2')).kind === 'RESULT')).toBe(
        true,
      );
    },
  );

  describe('is bounded in time', () => {
    it('when the answer stops half-way', async () => {
      const vendor = await aVendor((_request, response) => void response.writeHead(200).write('{"uuid":'));
      expect(await aClient(vendor.url, { idleTimeoutMs: 200 }).fetchResult(UUID)).toMatchObject({
        cause: 'TIMEOUT',
      });
    });

    const AGENT_CONNECT_DEFAULT_MS = 10_000;
    it(
      'when the vendor accepts the connection and never greets',
      async () => {
        const sockets: Socket[] = [];
        const silent = createTcpServer((socket) => sockets.push(socket));
        const url = await listen(silent);
        toStop.push(() => {
          silent.close();
          for (const socket of sockets) socket.destroy();
        });
        const client = aClient(url.replace('http:', 'https:'), { timeoutMs: 300 });
        expect(await client.fetchResult(UUID)).toMatchObject({ cause: 'TIMEOUT', attempts: ['TIMEOUT'] });
      },
      AGENT_CONNECT_DEFAULT_MS / 2,
    );

    it.each<[string, number, number]>([
      ['waits too long for its turn', 100, 200],
      ['finds all turns and the queue taken', 0, 300_000],
    ])('when it %s', async (_case, queueLimit, startWithinMs) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const vendor = await aVendor((request, response) => {
        void released.then(() => response.end(result(request.headers['uuid'] as string)));
      });
      const client = aClient(vendor.url, { concurrency: 1, queueLimit, startWithinMs });
      const first = client.fetchResult('session-1');
      expect(await client.fetchResult('session-2')).toMatchObject({
        cause: 'RATE_LIMITED',
        attempts: [],
      });
      release();
      expect(await first).toMatchObject({ kind: 'RESULT' });
      expect(vendor.asked).toHaveLength(1);
    });

    it.each(['waits for its turn', 'is under way'])('when its caller gives up while it %s', async (stage) => {
      const vendor = await aVendor(() => undefined);
      const client = aClient(vendor.url, { concurrency: 1 });
      if (stage === 'waits for its turn') {
        client.fetchResult('session-0').catch(() => undefined);
      }
      const caller = new AbortController();
      const pull = client.fetchResult(UUID, caller.signal);
      await eventually(() => vendor.asked.length === 1);
      caller.abort(new Error('closed the browser'));
      await expect(pull).rejects.toThrow('closed the browser');
    });
  });

  it('takes what is still answered when the service stops, and asks for nothing more', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const vendor = await aVendor((_request, response) => {
      void released.then(() => response.end(result()));
    });
    const client = new VendorClient({ vendor: { ...SETTINGS, baseUrl: vendor.url } }, metrics);
    const pull = client.fetchResult(UUID);
    await eventually(() => vendor.asked.length === 1);
    const stopped = client.onApplicationShutdown();
    await expect(client.fetchResult(UUID)).rejects.toMatchObject({
      code: 'OVERLOADED',
      extras: { retryAfterSeconds: 1 },
    });
    release();
    expect(await pull).toMatchObject({ kind: 'RESULT' });
    await stopped;
    expect(vendor.asked).toHaveLength(1);
  });

  describe('is bounded in memory', () => {
    const MiB = 1024 * 1024;
    /** 1 GiB of JSON text at the reader's pace, never held; notes how much left and the most memory in use. */
    function gibibyte(status: number, headers: Record<string, string> = {}) {
      const seen = { sentBytes: 0, peakRss: 0 };
      const chunk = Buffer.alloc(64 * 1024, 'a');
      function* body(): Generator<Buffer> {
        yield Buffer.from('{"uuid":"');
        for (; seen.sentBytes < 1024 * MiB; seen.sentBytes += chunk.length) {
          seen.peakRss = Math.max(seen.peakRss, process.memoryUsage.rss());
          yield chunk;
        }
      }
      const answer: RequestListener = (_request, response) => {
        response.writeHead(status, headers);
        pipeline(body, response).catch(() => undefined);
      };
      return { answer, seen };
    }

    it.each<[string, number, Record<string, string>, string]>([
      ['a result', 200, {}, 'TOO_LARGE'],
      ['a result of announced length', 200, { 'content-length': String(1024 * MiB) }, 'TOO_LARGE'],
      ['a refusal', 404, {}, 'TOO_LARGE'],
      ['an error', 500, {}, 'SERVER_ERROR'],
      ['a redirect', 302, { location: '/elsewhere' }, 'REDIRECTED'],
    ])('when %s of 1 GiB comes', async (_what, status, headers, cause) => {
      const { answer, seen } = gibibyte(status, headers);
      const vendor = await aVendor(answer);
      const before = process.memoryUsage.rss();
      expect(await aClient(vendor.url, { maxAttempts: 1 }).fetchResult(UUID)).toMatchObject({ cause });
      expect(Math.max(seen.peakRss, process.memoryUsage.rss()) - before).toBeLessThan(64 * MiB);
      expect(seen.sentBytes).toBeLessThan(64 * MiB);
    });

    it('when a compressed answer would unfold: it stays as it came', async () => {
      const bomb = gzipSync(Buffer.alloc(16 * MiB, ' '));
      const vendor = await aVendor(answering(200, bomb, { 'content-encoding': 'gzip' }));
      const answer = await aClient(vendor.url).fetchResult(UUID);
      expect(answer).toMatchObject({ kind: 'UNUSABLE', reason: 'COMPRESSED', raw: bomb });
    });

    it('takes an answer of 4 MiB and no byte more', async () => {
      const padded = (bytes: number): string => {
        const text = JSON.stringify({ ...aPulledResult({ uuid: UUID }), padding: '' });
        return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - Buffer.byteLength(text))}"`);
      };
      const vendor = await aVendor(
        inTurn(answering(200, padded(4 * MiB)), answering(200, padded(4 * MiB + 1))),
      );
      const client = aClient(vendor.url);
      expect(await client.fetchResult(UUID)).toMatchObject({ kind: 'RESULT' });
      expect(await client.fetchResult(UUID)).toMatchObject({ cause: 'TOO_LARGE' });
    });
  });

  it.each([301, 302, 303, 307, 308])(
    'follows no %i, neither to itself nor to inner addresses',
    async (status) => {
      const inside = await aVendor(answering(200, result()));
      const locations = [inside.url, 'http://169.254.169.254/latest/meta-data/', '/callback/other'];
      const vendor = await aVendor(
        inTurn(...locations.map((location) => answering(status, '', { location }))),
      );
      const client = aClient(vendor.url);
      for (const _ of locations) {
        expect(await client.fetchResult(UUID)).toMatchObject({
          cause: 'REDIRECTED',
          attempts: ['REDIRECTED'],
        });
      }
      expect(vendor.asked).toHaveLength(locations.length);
      expect(inside.asked).toEqual([]);
    },
  );

  it('sends the API key to nobody who speaks no TLS at an https address', async () => {
    const vendor = await aVendor(answering(200, result()));
    const client = aClient(vendor.url.replace('http:', 'https:'), { maxAttempts: 1 });
    expect(await client.fetchResult(UUID)).toMatchObject({ cause: 'NETWORK' });
    expect(vendor.asked).toEqual([]);
  });

  describe('repeats', () => {
    it('a server error, and takes the result that follows', async () => {
      const vendor = await aVendor(inTurn(answering(500, '{"code":"-1"}'), answering(200, result())));
      expect(await aClient(vendor.url).fetchResult(UUID)).toMatchObject({
        kind: 'RESULT',
        attempts: ['SERVER_ERROR', 'RESULT'],
      });
    });

    it('a connection that breaks half-way', async () => {
      const breaking: RequestListener = (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"uuid"');
        setImmediate(() => response.destroy());
      };
      const vendor = await aVendor(inTurn(breaking, answering(200, result())));
      expect(await aClient(vendor.url).fetchResult(UUID)).toMatchObject({
        kind: 'RESULT',
        attempts: ['NETWORK', 'RESULT'],
      });
    });

    it('a refused connection as often as configured', async () => {
      const vendor = await aVendor(answering(200, result()));
      vendor.server.close();
      await once(vendor.server, 'close');
      expect(await aClient(vendor.url).fetchResult(UUID)).toEqual({
        kind: 'UNAVAILABLE',
        cause: 'NETWORK',
        retryAfterMs: null,
        attempts: ['NETWORK', 'NETWORK', 'NETWORK'],
      });
      expect(logged.join()).toContain('ECONNREFUSED');
    });

    it('a 429, not before the vendor allows it', async () => {
      const vendor = await aVendor(
        inTurn(answering(429, '', { 'retry-after': '1' }), answering(200, result())),
      );
      expect(await aClient(vendor.url).fetchResult(UUID)).toMatchObject({
        attempts: ['RATE_LIMITED', 'RESULT'],
      });
      // A timer may fire a millisecond early.
      expect(vendor.asked[1]!.at - vendor.asked[0]!.at).toBeGreaterThan(990);
    });
  });

  it('asks for nothing, for any session, while the vendor wants to be left alone', async () => {
    const vendor = await aVendor(answering(429, '', { 'retry-after': '31536000' }));
    const client = aClient(vendor.url);
    expect(await client.fetchResult(UUID)).toEqual({
      kind: 'UNAVAILABLE',
      cause: 'RATE_LIMITED',
      retryAfterMs: 300_000,
      attempts: ['RATE_LIMITED'],
    });
    expect(await client.fetchResult('session-2')).toMatchObject({ cause: 'RATE_LIMITED', attempts: [] });
    expect(vendor.asked).toHaveLength(1);
  });

  it('has no more requests under way than configured, and answers all in the end', async () => {
    let underWay = 0;
    let most = 0;
    const vendor = await aVendor((request, response) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay--;
        response.end(result(request.headers['uuid'] as string));
      }, 5);
    });
    const client = aClient(vendor.url, { concurrency: 3 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => client.fetchResult(`session-${i}`)),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(new Array(40).fill('RESULT'));
    expect(most).toBe(3);
  });

  it('spaces requests as configured', async () => {
    const vendor = await aVendor((request, response) => {
      response.end(result(request.headers['uuid'] as string));
    });
    const client = aClient(vendor.url, { requestsPerSecond: 20 });
    await Promise.all([1, 2, 3, 4].map((i) => client.fetchResult(`session-${i}`)));
    expect(vendor.asked[3]!.at - vendor.asked[0]!.at).toBeGreaterThan(100);
  });

  describe('leaves a failing vendor alone', () => {
    const gauge = async (): Promise<string | undefined> =>
      /^ekyc_vendor_breaker_open (\d)$/m.exec((await metrics.render()).text)?.[1];

    /** A vendor that has failed until it is left alone, and the passing of time for the breaker. */
    async function aVendorThatFailed() {
      let answer = answering(503, '');
      const vendor = await aVendor((request, response) => answer(request, response));
      const client = aClient(vendor.url, { maxAttempts: 1, breakerFailures: 3 });
      for (let i = 0; i < 3; i++) await client.fetchResult(UUID);
      const realNow = Date.now.bind(Date);
      let passedMs = 0;
      jest.spyOn(Date, 'now').mockImplementation(() => realNow() + passedMs);
      return {
        vendor,
        client,
        recovers: () => (answer = answering(200, result())),
        pass: (ms: number) => (passedMs += ms),
      };
    }

    it('after failures in a row', async () => {
      const { vendor, client } = await aVendorThatFailed();
      expect(await client.fetchResult(UUID)).toMatchObject({ cause: 'BREAKER_OPEN', attempts: [] });
      expect(vendor.asked).toHaveLength(3);
      expect(await gauge()).toBe('1');
    });

    it('until one request gets an answer', async () => {
      const { vendor, client, recovers, pass } = await aVendorThatFailed();
      recovers();
      expect(await client.fetchResult(UUID)).toMatchObject({ cause: 'BREAKER_OPEN' });
      pass(SETTINGS.breakerOpenMs);
      expect(await client.fetchResult(UUID)).toMatchObject({ kind: 'RESULT' });
      expect(await client.fetchResult(UUID)).toMatchObject({ kind: 'RESULT' });
      expect(vendor.asked).toHaveLength(5);
      expect(await gauge()).toBe('0');
    });

    it('again when that one request fails, whatever else waits', async () => {
      const { vendor, client, pass } = await aVendorThatFailed();
      pass(SETTINGS.breakerOpenMs);
      const answers = await Promise.all([1, 2, 3].map(() => client.fetchResult(UUID)));
      expect(answers).toMatchObject([
        { cause: 'SERVER_ERROR' },
        { cause: 'BREAKER_OPEN' },
        { cause: 'BREAKER_OPEN' },
      ]);
      expect(vendor.asked).toHaveLength(4);
    });

    it('but not for answers that are only no result', async () => {
      const answers = [
        answering(404, '{"message":"Not found data with uuid"}'),
        answering(403, '{"message":"Forbidden"}'),
        answering(200, '<html>'),
        answering(302, '', { location: '/' }),
      ];
      const vendor = await aVendor(inTurn(...answers, ...answers, answering(200, result())));
      const client = aClient(vendor.url, { maxAttempts: 1, breakerFailures: 2 });
      for (let i = 0; i < 8; i++) await client.fetchResult(UUID);
      expect(await client.fetchResult(UUID)).toMatchObject({ kind: 'RESULT' });
    });
  });

  it('counts and times what the vendor answers, and writes none of it into logs or metrics', async () => {
    const secrets = ['NGUYEN THI AN', '001199000123', SETTINGS.apiKey];
    const leaky = JSON.stringify({ message: secrets.join(), code: secrets[1], uuid: secrets[1] });
    const statuses = [200, 400, 403, 404, 500, 302, 200];
    const vendor = await aVendor(
      inTurn(
        ...statuses.map((status) => answering(status, leaky, { location: `/${secrets[1]}` })),
        (_request, response) => void response.socket!.end(`HTTP/1.1 200 ${secrets[0]}\r\n${leaky}\r\n\r\n`),
        answering(200, result()),
      ),
    );
    const client = aClient(vendor.url, { maxAttempts: 1 });
    for (let i = 0; i < 9; i++) await client.fetchResult(UUID);

    const { text } = await metrics.render();
    const counts = [...text.matchAll(/^ekyc_vendor_pulls_total\{outcome="(\w+)"\} (\d+)$/gm)];
    expect(Object.fromEntries(counts.map(([, outcome, count]) => [outcome, Number(count)]))).toEqual({
      UNUSABLE: 2,
      REFUSED: 1,
      FORBIDDEN: 1,
      NOT_FOUND: 1,
      SERVER_ERROR: 1,
      REDIRECTED: 1,
      NETWORK: 1,
      RESULT: 1,
    });
    expect(text).toContain('ekyc_vendor_attempt_seconds_count{outcome="RESULT"} 1');
    expect(logged).toHaveLength(9);
    for (const secret of secrets) expect(logged.join() + text).not.toContain(secret);
  });
});

async function listen(server: {
  listen(port: number, host: string): unknown;
  address(): unknown;
}): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server as Server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
