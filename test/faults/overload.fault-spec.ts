import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { ReadyResponse } from '../../src/platform/health/health.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { databaseUri, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { brokenPromises } from './support/broken-promises.ts';
import { readLedger, untilAllIsProjected } from './support/ledger-contents.ts';
import { readMetrics } from './support/metrics.ts';
import {
  type Acknowledgement,
  type Delivery,
  ResendingVendor,
  sha256Of,
} from './support/resending-vendor.ts';
import { choicesOf, LONG } from './support/run-size.ts';

const MIB = 1024 * 1024;

/** Of the last test, however it ends. */
let lastVendor: ResendingVendor | null = null;

afterAll(async () => {
  await lastVendor?.stop();
  await stopServices();
}, 60_000);

describe('more deliveries than the service can commit', () => {
  const SECONDS = LONG ? 30 : 5;
  /** Requests under way at once, of which the queue takes a quarter. */
  const AT_ONCE = 256;
  const QUEUE_LIMIT = 64;
  const COMMIT_TIMEOUT_MS = 10_000;
  const MOST_MEMORY = 640 * MIB;

  let service: ServiceProcess;
  const sent = new Map<string, Delivery>();
  const acknowledged: Acknowledgement[] = [];

  beforeAll(async () => {
    service = await startService({
      env: {
        LOG_LEVEL: 'error',
        AUDIT_QUEUE_LIMIT: String(QUEUE_LIMIT),
        AUDIT_COMMIT_TIMEOUT_MS: String(COMMIT_TIMEOUT_MS),
      },
    });
  }, 60_000);

  const ready = async () => {
    const { status, body } = await service.as(null).get<ReadyResponse>('/health/ready');
    return { status, body };
  };

  it('are answered 200 in time or 503 with Retry-After, in bounded memory, and readiness tells it', async () => {
    const refusals = new Map<string, number>();
    const waitedMs: number[] = [];
    const seenReady = new Set<string>();
    let memory = 0;
    const pool = new Pool(service.url, { connections: AT_ONCE });
    const until = performance.now() + SECONDS * 1_000;
    const deliver = async (uuid: string): Promise<void> => {
      const bytes = Buffer.from(JSON.stringify(aCallback({ uuid })));
      const delivery = { uuid, bytes, sha256: sha256Of(bytes) };
      sent.set(delivery.sha256, delivery);
      const from = performance.now();
      const { statusCode, headers, body } = await pool.request({
        method: 'POST',
        path: '/v1/callbacks/fpt',
        headers: { 'x-callback-token': service.callbackToken },
        body: bytes,
      });
      const answer = (await body.json()) as { code?: string; receiptId: string; outcome: string };
      if (statusCode === 200) {
        waitedMs.push(performance.now() - from);
        acknowledged.push({ delivery, receiptId: answer.receiptId, outcome: answer.outcome });
      } else {
        const kind = `${statusCode} ${answer.code} ${Number(headers['retry-after']) > 0 ? 'retry' : 'no retry'}`;
        refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
      }
    };
    const work = async (worker: number): Promise<void> => {
      for (let n = 0; performance.now() < until; n += 1) await deliver(`overload-${worker}-${n}`);
    };
    const look = async (): Promise<void> => {
      const { status, body } = await ready();
      seenReady.add(`${status} ${body.status}`);
      memory = Math.max(memory, (await readMetrics(service)).get('process_resident_memory_bytes')!);
    };
    const watch = async (): Promise<void> => {
      while (performance.now() < until) {
        await look();
        await delay(250);
      }
    };
    await Promise.all([watch(), ...Array.from({ length: AT_ONCE }, (_, worker) => work(worker))]);
    // On a busy machine one look may take as long as the overload; it is told for longer.
    await look();
    await pool.close();

    waitedMs.sort((a, b) => a - b);
    const p99 = waitedMs[Math.floor(waitedMs.length * 0.99)]!;
    process.stderr.write(
      `overload: ${acknowledged.length} taken in ${SECONDS} s, p99 ${Math.round(p99)} ms, ` +
        `${JSON.stringify(Object.fromEntries(refusals))}, at most ${Math.round(memory / MIB)} MiB\n`,
    );
    expect([...refusals.keys()]).toContain('503 OVERLOADED retry');
    expect([...refusals.keys()].filter((kind) => !/^503 .* retry$/.test(kind))).toEqual([]);
    expect([...seenReady]).toContain('200 degraded');
    expect(p99).toBeLessThan(COMMIT_TIMEOUT_MS);
    expect(memory).toBeLessThan(MOST_MEMORY);
  }, 120_000);

  it('are forgotten when they end: the next one is taken, and readiness is well again', async () => {
    await eventually(async () => (await readMetrics(service)).get('ekyc_audit_queue_commands') === 0);
    expect((await service.api.deliver(aCallback({ uuid: 'after-the-overload' }))).status).toBe(200);
    await eventually(async () => (await ready()).body.status === 'ok', 30_000);
  }, 60_000);

  it('were kept if they were taken', async () => {
    await untilAllIsProjected(service);
    const after = Buffer.from(JSON.stringify(aCallback({ uuid: 'after-the-overload' })));
    sent.set(sha256Of(after), { uuid: 'after-the-overload', bytes: after, sha256: sha256Of(after) });
    expect(brokenPromises(await readLedger(service), { sent, acknowledged })).toEqual([]);
  }, 120_000);
});

describe('clients that hold their connections', () => {
  const CONNECTIONS = 200;

  it('are cut off, while others are served', async () => {
    const service = await startService({ env: { LOG_LEVEL: 'error', REQUEST_TIMEOUT_MS: '1000' } });
    const { hostname, port } = new URL(service.url);
    const head = `POST /v1/callbacks/fpt HTTP/1.1\r\nhost: x\r\nx-callback-token: ${service.callbackToken}\r\n`;
    const openings = {
      silent: '',
      'slow with headers': head,
      'slow with a body': `${head}content-length: 9999\r\n\r\n{`,
    };
    const held = Object.entries(openings).flatMap(([kind, opening]) =>
      Array.from({ length: CONNECTIONS }, () => {
        const socket = connect(Number(port), hostname).on('error', () => undefined);
        if (opening !== '') socket.write(opening);
        return { kind, ...follow(socket) };
      }),
    );
    const drip = setInterval(() => {
      for (const { kind, socket } of held) if (kind !== 'silent' && socket.writable) socket.write('x');
    }, 100);

    expect((await service.api.deliver(aCallback({ uuid: 'between-slow-ones' }))).status).toBe(200);
    const answers = await Promise.all(held.map(async ({ kind, answer }) => `${kind}: ${await answer}`));
    clearInterval(drip);
    const told = 'HTTP/1.1 408 Request Timeout';
    expect([...new Set(answers)].sort()).toEqual([
      `silent: ${told}`,
      `slow with a body: ${told}`,
      `slow with headers: ${told}`,
    ]);
    expect((await service.api.deliver(aCallback({ uuid: 'after-slow-ones' }))).status).toBe(200);
    await service.stop();
  }, 60_000);

  /** The first line that the service answers before it closes the connection. */
  function follow(socket: Socket): { socket: Socket; answer: Promise<string> } {
    const chunks: Buffer[] = [];
    const answer = new Promise<string>((resolve) => {
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => resolve(Buffer.concat(chunks).toString().split('\r\n')[0]!));
    });
    return { socket, answer };
  }
});

describe('a service that is told to stop', () => {
  const IN_FLIGHT = 40;

  it('answers what it has taken, refuses what is new, and ends with exit code 0', async () => {
    const neighbour = await startService({ env: { LOG_LEVEL: 'error' } });
    const proxy = await startTcpProxy(Number(new URL(neighbour.database.uri).port));
    const uri = new URL(databaseUri(neighbour.database));
    uri.host = `127.0.0.1:${proxy.port}`;
    uri.search = '?directConnection=true';
    const service = await startService({ beside: neighbour, env: { MONGODB_URI: uri.href } });

    proxy.hold();
    const answers = Array.from({ length: IN_FLIGHT }, (_, n) =>
      service.api.deliver(aCallback({ uuid: `in-flight-${n}` })),
    );
    await eventually(async () => (await readMetrics(service)).get('ekyc_audit_queue_commands')! >= IN_FLIGHT);
    const stopped = service.stop();
    await eventually(async () => {
      const late = await service
        .as(null)
        .get('/health/live')
        .catch(() => null);
      return late === null || late.status === 503;
    });
    proxy.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(IN_FLIGHT).fill(200));
    await stopped;
    await proxy.cut();
    const received = await neighbour.api.entries('action=callback.received');
    const ids = new Set(received.map(({ id }) => id));
    for (const answer of answers) expect(ids).toContain((await answer).body.receiptId);
  }, 60_000);

  it('loses nothing that it acknowledged, although deliveries keep coming', async () => {
    const first = await startService({ env: { LOG_LEVEL: 'error' } });
    const second = await startService({ beside: first });
    const instances = [first, second];
    const vendor = new ResendingVendor(choicesOf('stop'), () => instances);
    lastVendor = vendor;
    vendor.start(16);
    await eventually(() => vendor.acknowledged.length > 100, 60_000);
    await second.stop();
    const then = vendor.acknowledged.length;
    await eventually(() => vendor.acknowledged.length > then + 50, 60_000);
    instances.pop();
    await vendor.stop();
    await untilAllIsProjected(first);
    expect(vendor.unexpected).toEqual([]);
    expect(brokenPromises(await readLedger(first), vendor)).toEqual([]);
  }, 180_000);
});
