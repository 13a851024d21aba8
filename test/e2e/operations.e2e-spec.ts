import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReadyResponse } from '../../src/platform/health/health.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import {
  databaseUri,
  runProgram,
  startService,
  stopServices,
  type ServiceProcess,
} from '../support/service-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const METRICS_TOKEN = 'token-of-the-scraper';

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService();
});
afterAll(stopServices);

describe('a service that is well', () => {
  it('says so to whoever asks, without a key', async () => {
    const live = await service.as(null).get('/health/live');
    expect({ status: live.status, body: live.body }).toEqual({ status: 200, body: { status: 'ok' } });
    const ready = await service.as(null).get<ReadyResponse>('/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({ status: 'ok', error: {}, details: { database: { status: 'up' } } });
  });

  it('counts deliveries, entries and requests by route for Prometheus', async () => {
    await service.api.deliver(aCallback({ uuid: 'counted' }));
    await service.api.deliver(aCallback({ uuid: 'counted' }));
    await service.api.getSession('counted');
    const answer = await service.as(null).get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    const lines = answer.bytes.toString().split('\n');
    expect(lines).toContain('ekyc_callbacks_total{outcome="ACCEPTED"} 1');
    expect(lines).toContain('ekyc_callbacks_total{outcome="DUPLICATE"} 1');
    expect(lines.filter((line) => line.includes('route="/v1/sessions/:uuid"'))).not.toEqual([]);
    expect(answer.bytes.toString()).not.toContain('counted');
  });

  it('describes its API as the committed openapi.json does', async () => {
    const committed: unknown = JSON.parse(
      await readFile(new URL('../../openapi.json', import.meta.url), 'utf8'),
    );
    expect((await service.as(null).get('/docs-json')).body).toEqual(committed);
    const page = await service.as(null).get('/docs');
    expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'text/html',
    });
  });

  it('takes a new API client, and drops one, soon after its file was changed; a broken file changes nothing', async () => {
    const original = await readFile(service.clientsFile, 'utf8');
    const key = 'ek_a-client-that-comes-later';
    const asLater = async (): Promise<number> =>
      (await service.as(null).get('/v1/sessions', { authorization: `Bearer ${key}` })).status;
    const replaceFile = async (text: string): Promise<void> => {
      await writeFile(`${service.clientsFile}.new`, text);
      await rename(`${service.clientsFile}.new`, service.clientsFile);
    };
    expect(await asLater()).toBe(401);

    const { clients } = JSON.parse(original) as { clients: object[] };
    const later = {
      id: 'later',
      keySha256: createHash('sha256').update(key).digest('hex'),
      scopes: ['sessions:read'],
    };
    await replaceFile(JSON.stringify({ clients: [...clients, later] }));
    await eventually(async () => (await asLater()) === 200, 5_000);

    await replaceFile('{"clients":');
    await eventually(async () => {
      expect(await asLater()).toBe(200);
      return service.logs().includes('API clients file can not be used');
    }, 5_000);

    await replaceFile(original);
    await eventually(async () => (await asLater()) === 401, 5_000);
    expect((await service.api.get('/v1/sessions')).status).toBe(200);
  });

  it('finishes what it has begun and ends with exit code 0 on SIGTERM', async () => {
    const second = await startService({ beside: service });
    const receipts = Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        second.api.deliver(aCallback({ uuid: `last-${at}` })).catch(() => null),
      ),
    );
    await second.api.deliver(aCallback({ uuid: 'last' }));
    await second.stop();
    const acknowledged = (await receipts).filter((receipt) => receipt?.status === 200);
    const ids = new Set((await service.api.entries('action=callback.received')).map(({ id }) => id));
    expect(acknowledged).not.toHaveLength(0);
    expect(acknowledged.filter((receipt) => !ids.has(receipt!.body.receiptId))).toEqual([]);
  });

  it('gives its scheduled work back on SIGTERM, so that another instance need not wait for the end of a lease', async () => {
    const alone = await startService();
    const leases = alone.db.collection<{ _id: string }>('leases');
    const names = ['evidence', 'pulls', 'reconciliation'];
    const held = async () => {
      const running = { $expr: { $gt: ['$expiresAt', '$$NOW'] }, _id: { $in: names } };
      return (await leases.find(running).toArray()).map(({ _id }) => _id).toSorted();
    };
    await eventually(async () => (await held()).length === names.length);
    await alone.stop();
    expect(await held()).toEqual([]);
  });
});

describe('npm start', () => {
  it('passes SIGTERM on, and ends with the exit code 0 of the service', async () => {
    const npm = spawn('npm', ['start'], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...service.env },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const ended = once(npm, 'exit');
    try {
      let url: string | undefined;
      for await (const line of createInterface(npm.stdout)) {
        url = /^ekyc-ledger listens on (\S+)$/.exec(line)?.[1];
        if (url !== undefined) break;
      }
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      npm.stdout.resume();
      npm.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    } finally {
      endGroup(npm.pid!);
    }
  });
});

/** Whatever is left of the processes that a detached one began. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('a service whose database goes away', () => {
  let proxy: TcpProxy;
  let cutOff: ServiceProcess;

  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(service.database.uri).port));
    const uri = new URL(databaseUri(service.database));
    uri.host = `127.0.0.1:${proxy.port}`;
    uri.search = '?directConnection=true';
    cutOff = await startService({
      beside: service,
      env: { MONGODB_URI: uri.href, AUDIT_COMMIT_TIMEOUT_MS: '1000', METRICS_TOKEN },
    });
    await cutOff.api.deliver(aCallback({ uuid: 'before-outage' }));
    await proxy.cut();
  });
  afterAll(() => proxy.cut());

  it('is alive but not ready, and names the database', async () => {
    const ready = await eventually(async () => {
      const answer = await cutOff.as(null).get<ReadyResponse>('/health/ready');
      return answer.status === 503 ? answer : null;
    });
    expect(ready.body).toMatchObject({ status: 'error', error: { database: { status: 'down' } } });
    expect((await cutOff.as(null).get('/health/live')).status).toBe(200);
  });

  it.each([
    ['a callback', () => cutOff.api.deliver(aCallback({ uuid: 'during-outage' }))],
    ['an unusable callback', () => cutOff.api.deliver('during the outage')],
    ['a registration', () => cutOff.api.register({ uuid: 'during-outage' })],
    ['a look at a session', () => cutOff.api.getSession('before-outage')],
    ['a look at the log', () => cutOff.api.get('/v1/audit/entries')],
  ])('answers 503 with Retry-After to %s and acknowledges nothing', async (_, call) => {
    const answer = await call();
    expect({ status: answer.status, code: answer.problem.code }).toEqual({
      status: 503,
      code: 'DATABASE_UNAVAILABLE',
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('still refuses 5 MiB, and tells the operator that it could not record them', async () => {
    const answer = await cutOff.api.deliver(Buffer.alloc(5 * 1024 * 1024, ' '));
    expect(answer.status).toBe(413);
    await eventually(() => cutOff.logs().includes('a delivery over the limit could not be recorded'));
  });

  it('shows its metrics to the scraper alone', async () => {
    expect((await cutOff.as(null).get('/metrics')).status).toBe(401);
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await cutOff.as(null).get('/metrics', bearer(`${METRICS_TOKEN}x`))).status).toBe(401);
    expect((await cutOff.as(null).get('/metrics', bearer(METRICS_TOKEN))).status).toBe(200);
  });

  it('has kept nothing of it, and takes work again when the database is back', async () => {
    expect(await service.api.entries('subject=during-outage')).toEqual([]);
    await proxy.restore();
    await eventually(async () => (await cutOff.as(null).get('/health/ready')).status === 200);
    const receipt = await cutOff.api.deliver(aCallback({ uuid: 'during-outage' }));
    expect({ status: receipt.status, ...receipt.body }).toMatchObject({ status: 200, outcome: 'ACCEPTED' });
    expect(await service.api.entries('subject=during-outage&action=callback.received')).toHaveLength(1);
  });

  it('ends with exit code 0 on SIGTERM even while the database is away', async () => {
    await proxy.cut();
    await cutOff.stop();
    await proxy.restore();
  });
});

describe('a service in production', () => {
  const REQUIRED = [
    ...['MONGODB_URI', 'API_CLIENTS_FILE', 'CALLBACK_AUTH_TOKENS', 'VAULT_KEYS', 'DIGEST_KEY'],
    ...['AUDIT_LOG_ORIGIN', 'AUDIT_SIGNING_KEY', 'FPT_BASE_URL'],
  ];

  it('does not start without its secrets, and names every one that is missing', async () => {
    const { code, output } = await runProgram('main.js', {
      NODE_ENV: 'production',
      PORT: '0',
      DATA_DIR: tmpdir(),
    });
    expect(code).toBe(1);
    for (const name of REQUIRED) expect(output).toMatch(new RegExp(`^\\s*${name}: `, 'm'));
  });

  it('does not start with malformed ones, and repeats none of them', async () => {
    const malformed = Object.fromEntries(REQUIRED.map((name) => [name, `malformed secret of ${name}+ ,`]));
    const { code, output } = await runProgram('main.js', {
      ...malformed,
      API_CLIENTS_FILE: '/nowhere/malformed-secret.json',
      NODE_ENV: 'production',
      DATA_DIR: tmpdir(),
    });
    expect(code).toBe(1);
    for (const name of REQUIRED.filter((name) => name !== 'API_CLIENTS_FILE')) {
      expect(output).toMatch(new RegExp(`^\\s*${name}: `, 'm'));
    }
    expect(output).not.toContain('malformed secret');
  });

  it('starts with all of them and ends with exit code 0', async () => {
    const vendor = { FPT_BASE_URL: 'http://127.0.0.1:9', FPT_API_KEY: 'key-at-the-vendor' };
    const production = await startService({ env: { NODE_ENV: 'production', ...vendor } });
    expect((await production.as(null).get('/health/ready')).status).toBe(200);
    await production.stop();
  });
});
