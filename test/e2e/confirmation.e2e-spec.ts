import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RetrievalResponse } from '../../src/retrieval/retrieval.dto.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../simulator/simulator.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const APPROVING = { document: 'CCCD_CHIP', similarity: 95, seed: '7' } as const;

describe('confirming a callback by pulling', () => {
  let simulator: Simulator;
  let service: ServiceProcess;

  beforeAll(async () => {
    simulator = await startSimulator({ pullLatencyMs: 50, retryIntervalMs: 100, hugeBytes: 2 ** 26 });
    service = await startService({
      env: {
        FPT_BASE_URL: simulator.url,
        FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
        CALLBACK_AUTH_TOKENS: 'simulator-token-0123456789',
        FPT_TIMEOUT_MS: '1000',
        FPT_REQUESTS_PER_SECOND: '500',
        PULL_FIRST_DELAY_MS: '200',
        // A claim that a failed pull left behind would hold up the next one for longer than any test waits.
        AUDIT_COMMIT_TIMEOUT_MS: '120000',
      },
    });
    await simulator.stop();
    simulator = await restarted(simulator);
  });
  afterAll(async () => {
    await simulator.stop();
    await stopServices();
  });
  afterEach(() => {
    simulator.control.setFaults({});
  });

  /** On the same port, now that the service's address and token are known. */
  async function restarted(before: Simulator): Promise<Simulator> {
    return startSimulator({
      port: Number(new URL(before.url).port),
      pullLatencyMs: 50,
      retryIntervalMs: 100,
      hugeBytes: 2 ** 26,
      callbackUrl: `${service.url}/v1/callbacks/fpt`,
      authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: service.callbackToken },
    });
  }

  const session = async (uuid: string) => (await service.api.getSession(uuid)).body;
  const graded = (uuid: string, grade: string) =>
    eventually(async () => (await session(uuid)).grade === grade);
  const actions = async (uuid: string) =>
    (await service.api.entries(`subject=${uuid}`)).map(({ action }) => action);

  it('proves an approval: AGREED, confirmed and concluded, without being asked', async () => {
    simulator.control.finish('agreed-1', { result: APPROVING });
    await graded('agreed-1', 'AGREED');
    expect(await session('agreed-1')).toMatchObject({
      status: 'CONCLUDED',
      decision: 'APPROVE',
      confirmed: true,
      differences: [],
      results: [
        { version: 1, source: 'CALLBACK' },
        { version: 2, source: 'PULL' },
      ],
    });
    expect(await actions('agreed-1')).toEqual([
      'callback.received',
      'conclusion.reached',
      'result.retrieved',
      'results.compared',
      'conclusion.reached',
    ]);
  });

  it('confirms each of a hundred sessions that come at once, and tells how long the slowest twentieth waited', async () => {
    const uuids = Array.from({ length: 100 }, (_, n) => `prompt-${n}`);
    for (const uuid of uuids) simulator.control.finish(uuid, { result: { ...APPROVING, seed: uuid } });
    for (const uuid of uuids) await graded(uuid, 'AGREED');
    const waits = await Promise.all(
      uuids.map(async (uuid) => {
        const entries = await service.api.entries(`subject=${uuid}`);
        const at = (action: string) => Date.parse(entries.find((entry) => entry.action === action)!.at);
        return at('results.compared') - at('callback.received');
      }),
    );
    // A figure for people, not a bound: machines and their load differ.
    process.stderr.write(
      `callback to AGREED, p95 of 100 at once: ${waits.toSorted((a, b) => a - b)[94]} ms\n`,
    );
    expect(waits.every((wait) => wait >= 0)).toBe(true);
  });

  it('puts a session before a person when pull and callback contradict each other, and names the fields without values', async () => {
    simulator.control.finish('conflict-1', { result: APPROVING, pullFault: 'CONFLICT' });
    await graded('conflict-1', 'CONFLICT');
    const conflict = await session('conflict-1');
    expect(conflict).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW', confirmed: false });
    expect(conflict.differences).toContain('face_match.similarity');
    expect(JSON.stringify(conflict.differences)).not.toMatch(/\d\d/);
  });

  it.each([
    'UNAVAILABLE',
    'NOT_FOUND',
    'FORBIDDEN',
    'HTML',
    'INVALID_UTF8',
    'TRAILING_COMMAS',
    'ERROR_CODE_IN_200',
    'REDIRECT',
    'HANG',
    'HUGE',
  ] as const)('tries again after %s and is confirmed in the end', async (fault) => {
    const uuid = `again-${fault}`;
    simulator.control.finish(uuid, { result: APPROVING, pullFault: fault, pullFaultTimes: 1 });
    await eventually(async () => (await actions(uuid)).includes('conclusion.reached'));
    await graded(uuid, 'AGREED');
    const entries = await service.api.entries(`subject=${uuid}`);
    const attempts = entries.flatMap(({ data }) => (data['attempts'] as string[] | undefined) ?? []);
    expect(attempts.length).toBeGreaterThanOrEqual(2);
    expect(attempts.at(-1)).toBe('RESULT');
  });

  it('pulls on demand and tells what came of it', async () => {
    const retrieve = async (uuid: string) =>
      service.api.call<RetrievalResponse>('POST', `/v1/sessions/${uuid}/retrievals`);
    expect((await retrieve('nobody-knows')).problem.code).toBe('SESSION_NOT_FOUND');
    await service.api.register({ uuid: 'on-demand' });
    expect((await retrieve('on-demand')).body).toMatchObject({
      outcome: 'NOT_FOUND',
      session: { status: 'REGISTERED' },
    });
    simulator.control.finish('on-demand', { result: APPROVING, callbackFault: 'DROP' });
    expect((await retrieve('on-demand')).body).toMatchObject({
      outcome: 'RETRIEVED',
      session: { grade: 'PULL_ONLY', status: 'CONCLUDED', confirmed: true, decision: 'APPROVE' },
    });
    expect((await retrieve('on-demand')).body).toMatchObject({ outcome: 'UNCHANGED' });
    expect((await session('on-demand')).results).toHaveLength(1);
  });

  it('fetches the result of a registered session whose callback never came', async () => {
    simulator.control.finish('silent', { result: APPROVING, callbackFault: 'DROP' });
    await service.api.register({ uuid: 'silent', expectedWithinSeconds: 1 });
    await graded('silent', 'PULL_ONLY');
    expect(await session('silent')).toMatchObject({ registered: true, status: 'CONCLUDED', confirmed: true });
  });

  it('lets a registered session expire that never got a result, and reopens it for a late callback', async () => {
    await service.api.register({ uuid: 'expiring', expectedWithinSeconds: 1, expiresAfterSeconds: 2 });
    await eventually(async () => (await session('expiring')).status === 'EXPIRED');
    simulator.control.finish('expiring', { result: APPROVING });
    await graded('expiring', 'AGREED');
    expect((await session('expiring')).status).toBe('CONCLUDED');
  });

  describe("through the vendor's own API", () => {
    const ask = (uuid: string, apiKey = service.apiKey) =>
      service.as(null).call<Record<string, unknown>>('POST', '/callback/get_result', {
        headers: { 'api-key': apiKey, uuid },
      });

    it('gives the pulled result byte for byte as the vendor gave it', async () => {
      simulator.control.finish('same-bytes', { result: APPROVING });
      await graded('same-bytes', 'AGREED');
      const ours = await ask('same-bytes');
      const theirs = await fetch(`${simulator.url}/callback/get_result`, {
        method: 'POST',
        headers: { 'api-key': DEFAULT_OPTIONS.apiKey, uuid: 'same-bytes' },
      });
      expect(ours.status).toBe(200);
      expect(ours.bytes).toEqual(Buffer.from(await theirs.arrayBuffer()));
      expect((await actions('same-bytes')).at(-1)).toBe('personal_data.viewed');
    });

    it.each<[string, Record<string, string>, string]>([
      ['an empty object', { 'content-type': 'application/json' }, '{}'],
      ['half a document', { 'content-type': 'application/json' }, '{'],
      ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'uuid=another'],
      ['text of no type', {}, 'another'],
    ])('ignores a body, as the vendor does: %s', async (_, type, body) => {
      const headers = { ...type, 'api-key': service.apiKey, uuid: 'same-bytes' };
      const call = { headers, body: new Uint8Array(Buffer.from(body)) };
      const answer = await service.as(null).call('POST', '/callback/get_result?verbose=1', call);
      expect(answer.status).toBe(200);
      expect(answer.bytes).toEqual((await ask('same-bytes')).bytes);
    });

    it("answers 403 and 404 as on the vendor's page", async () => {
      const forbidden = await ask('same-bytes', 'not-a-key');
      expect([forbidden.status, forbidden.body]).toEqual([403, { message: 'Forbidden' }]);
      const unknown = await ask('nobody-knows');
      expect([unknown.status, unknown.body]).toEqual([404, { message: 'Not found data with uuid' }]);
    });
  });
});
