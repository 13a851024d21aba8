import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RetrievalResponse } from '../../src/retrieval/retrieval.dto.ts';
import type { PullFault } from '../simulator/faults.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { Answer } from '../support/api-client.ts';
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

  it('puts a session before a person when the callback says 95 and the pull 49, and names the fields without values', async () => {
    simulator.control.finish('conflict-1', { result: APPROVING, pullFault: 'CONFLICT' });
    expect(simulator.control.callbackOf('conflict-1').face_match.similarity).toBe('95');
    await graded('conflict-1', 'CONFLICT');
    const conflict = await session('conflict-1');
    expect(conflict).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW', confirmed: false });
    const rules = conflict.conclusion!.ruleTable.flatMap(({ rules: of }) => of);
    expect(rules.find(({ fact }) => fact === 'faceMatch.similarity')?.observed).toBe(49.09);
    expect(conflict.differences).toEqual([
      'code',
      'face_match.code',
      'face_match.isMatch',
      'face_match.similarity',
    ]);
    const id = 'CONFLICTING_RESULT:conflict-1';
    const [raised] = await eventually(async () => {
      const found = await service.api.entries(`subject=${id}`);
      return found.length > 0 ? found : null;
    });
    expect(raised!.data['facts']).toEqual({ pull: 2, callbacks: [1], differences: conflict.differences });
  });

  it.each<[PullFault, object]>([
    ['NOT_FOUND', { outcome: 'NOT_FOUND' }],
    ['FORBIDDEN', { outcome: 'FORBIDDEN' }],
    ['HTML', { outcome: 'UNUSABLE', detail: 'NOT_JSON' }],
    ['INVALID_UTF8', { outcome: 'UNUSABLE', detail: 'INVALID_UTF8' }],
    ['TRAILING_COMMAS', { outcome: 'UNUSABLE', detail: 'NOT_JSON' }],
    ['ERROR_CODE_IN_200', { outcome: 'REFUSED', detail: '400' }],
    ['REDIRECT', { outcome: 'REDIRECTED' }],
    ['HANG', { outcome: 'TIMEOUT' }],
    ['TRICKLE', { outcome: 'TIMEOUT' }],
    ['HUGE', { outcome: 'TOO_LARGE' }],
  ])('leaves a clear entry after %s, tries again and is confirmed in the end', async (fault, data) => {
    const uuid = `again-${fault}`;
    simulator.control.finish(uuid, { result: APPROVING, pullFault: fault, pullFaultTimes: 1 });
    await graded(uuid, 'AGREED');
    const pulls = (await service.api.entries(`subject=${uuid}`)).filter(
      ({ action }) => action === 'retrieval.failed' || action === 'result.retrieved',
    );
    const { outcome } = data as { outcome: string };
    expect(pulls[0]?.data).toEqual({ ...data, attempts: [outcome] });
    expect(pulls.at(-1)?.data['attempts']).toEqual(['RESULT']);
  });

  it('asks again within one pull while the vendor is unavailable', async () => {
    const uuid = 'again-UNAVAILABLE';
    simulator.control.finish(uuid, { result: APPROVING, pullFault: 'UNAVAILABLE', pullFaultTimes: 1 });
    await graded(uuid, 'AGREED');
    const [pull] = await service.api.entries(`subject=${uuid}&action=result.retrieved`);
    expect(pull?.data['attempts']).toEqual(['SERVER_ERROR', 'RESULT']);
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
    const planned = await service.db
      .collection<{ _id: string; nextPullAt: Date }>('sessions')
      .findOne({ _id: 'on-demand' });
    expect(planned?.nextPullAt.toISOString()).toBe((await session('on-demand')).expectedBy);
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
      const plain = ({ status, bytes }: Answer<unknown>) => [status, bytes.toString()];
      const forbidden = [403, '{"message":"Forbidden"}'];
      const unknown = [404, '{"message":"Not found data with uuid"}'];
      expect(plain(await ask('same-bytes', 'not-a-key'))).toEqual(forbidden);
      expect(plain(await ask('same-bytes', ''))).toEqual(forbidden);
      expect(plain(await ask('nobody-knows'))).toEqual(unknown);
      expect(plain(await ask('no such/uuid'))).toEqual(unknown);
      const without = { headers: { 'api-key': service.apiKey } };
      expect(plain(await service.as(null).call('POST', '/callback/get_result', without))).toEqual(unknown);
    });

    it('answers a client that sends no body and no length of one, as curl does for the page', async () => {
      simulator.control.finish('no-body', { result: APPROVING });
      await graded('no-body', 'AGREED');
      const call = request(`${service.url}/callback/get_result`, {
        method: 'POST',
        headers: { 'api-key': service.apiKey, uuid: 'no-body' },
      });
      call.useChunkedEncodingByDefault = false;
      const [response] = (await once(call.end(), 'response')) as [IncomingMessage];
      const theirs = JSON.stringify(simulator.control.resultOf('no-body'));
      expect([response.statusCode, await text(response)]).toEqual([200, theirs]);
    });

    it.each([
      ['a form', 'a=b', 'application/x-www-form-urlencoded'],
      ['an object', '{}', 'application/json'],
      ['what is no JSON', '{', 'application/json'],
    ])('reads over a body, which the page has none of: %s', async (_, body, type) => {
      simulator.control.finish('any-body', { result: APPROVING });
      await graded('any-body', 'AGREED');
      const headers = { 'content-type': type, 'api-key': service.apiKey, uuid: 'any-body' };
      const answer = await service.as(null).call('POST', '/callback/get_result', { headers, body });
      expect([answer.status, answer.body]).toEqual([200, simulator.control.resultOf('any-body')]);
    });
  });
});
