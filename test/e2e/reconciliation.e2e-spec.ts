import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  CloseResponse,
  ExceptionResponse,
  RunResponse,
} from '../../src/reconciliation/reconciliation-responses.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../simulator/simulator.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram, type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const APPROVING = { document: 'CCCD_CHIP', similarity: 95, seed: '7' } as const;
const TOKEN = 'simulator-token-0123456789';
const EXCEPTIONS = '/v1/reconciliation/exceptions';
const person = { 'x-on-behalf-of': 'controller-3' };

describe('reconciliation', () => {
  let simulator: Simulator;
  let service: ServiceProcess;

  beforeAll(async () => {
    simulator = await startSimulator({
      retryIntervalMs: 100,
      delayMs: 1_000,
      authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: TOKEN },
    });
    service = await startService({
      env: {
        FPT_BASE_URL: simulator.url,
        FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
        CALLBACK_AUTH_TOKENS: TOKEN,
        FPT_TIMEOUT_MS: '1000',
        FPT_REQUESTS_PER_SECOND: '500',
        PULL_FIRST_DELAY_MS: '200',
      },
    });
    simulator.control.sendCallbacksTo(`${service.url}/v1/callbacks/fpt`);
  });
  afterAll(async () => {
    await simulator.stop();
    await stopServices();
  });
  afterEach(() => {
    simulator.control.setFaults({});
  });

  const register = (uuid: string, more: object = {}) =>
    service.api.register({ uuid, expectedWithinSeconds: 1, ...more });
  const list = (query = '') => service.api.all<ExceptionResponse>(`${EXCEPTIONS}?${query}`);
  const find = async (id: string) => (await list()).find((exception) => exception.id === id);
  const isNow = async (id: string, status: string) => {
    const exception = await find(id);
    return exception?.status === status ? exception : null;
  };
  const raised = (id: string) => eventually(() => isNow(id, 'OPEN'));
  const resolved = (id: string) => eventually(() => isNow(id, 'RESOLVED'));
  const resolve = (id: string, headers: Record<string, string> = person) =>
    service.api.send<ExceptionResponse>(
      'POST',
      `${EXCEPTIONS}/${id}/resolution`,
      { resolutionCode: 'CHECKED_BY_PHONE', comment: 'Spoke to Trần Thị Hoa herself.' },
      headers,
    );
  const day = (daysAgo = 0) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
  const close = async (query = '') =>
    (await service.api.get<CloseResponse>(`/v1/reconciliation/closes/${day()}?${query}`)).body;

  describe('exceptions', () => {
    it('name the callback that never came, and go when it comes after all', async () => {
      simulator.control.finish('no-callback', { result: APPROVING, callbackFault: 'DROP' });
      await register('no-callback');
      const id = 'MISSING_CALLBACK:no-callback';
      expect(await raised(id)).toMatchObject({
        class: 'MISSING_CALLBACK',
        subject: { type: 'session', id: 'no-callback' },
        timesRaised: 1,
        owner: null,
        resolution: null,
      });
      simulator.control.redeliver('no-callback');
      expect((await resolved(id)).resolution).toMatchObject({
        code: 'CAUSE_GONE',
        actor: { type: 'system' },
      });
      const actions = (await service.api.entries(`subject=${id}`)).map(({ action }) => action);
      expect(actions).toEqual(['exception.raised', 'exception.resolved']);
    });

    it('name the result that the vendor does not have, until the session expires', async () => {
      await register('no-result', { expiresAfterSeconds: 5 });
      await raised('MISSING_RESULT:no-result');
      await resolved('MISSING_RESULT:no-result');
      expect((await service.api.getSession('no-result')).body.status).toBe('EXPIRED');
    });

    it('name the contradiction, the changed result, the refusal, the stranger and the unusable delivery', async () => {
      await register('contradiction');
      simulator.control.finish('contradiction', { result: APPROVING, pullFault: 'CONFLICT' });
      expect((await raised('CONFLICTING_RESULT:contradiction')).facts['differences']).toContain(
        'face_match.similarity',
      );

      simulator.control.finish('changing', { result: APPROVING, callbackFault: 'DROP' });
      await register('changing');
      await eventually(async () => (await service.api.getSession('changing')).body.grade === 'PULL_ONLY');
      simulator.control.finish('changing', { result: { ...APPROVING, seed: '8' }, callbackFault: 'DROP' });
      await service.api.call('POST', '/v1/sessions/changing/retrievals');
      await raised('RESULT_CHANGED:changing');

      await register('refused');
      simulator.control.finish('refused', { result: APPROVING, pullFault: 'FORBIDDEN' });
      await raised('VENDOR_REFUSED:refused');
      simulator.control.finish('refused', { result: APPROVING });
      await resolved('VENDOR_REFUSED:refused');

      simulator.control.finish('stranger', { result: APPROVING });
      await raised('UNREGISTERED_SESSION:stranger');
      await register('stranger');
      await resolved('UNREGISTERED_SESSION:stranger');

      const { receiptId } = (await service.api.deliver('{"uuid":')).problem;
      await raised(`QUARANTINED_CALLBACK:${String(receiptId)}`);
    });

    it('go when two people decide on the copies that contradict each other', async () => {
      await register('decided');
      simulator.control.finish('decided', { result: APPROVING, pullFault: 'CONFLICT' });
      await raised('CONFLICTING_RESULT:decided');
      const review = async (reviewer: string) => {
        const etag = (await service.api.getSession('decided')).headers.get('etag')!;
        const body = { decision: 'REJECT', reasonCode: 'DATA_CONTRADICTORY', comment: 'No answer from her.' };
        const headers = { 'if-match': etag, 'x-on-behalf-of': reviewer };
        return (await service.api.send('POST', '/v1/sessions/decided/reviews', body, headers)).status;
      };
      expect([await review('reviewer-1'), await review('reviewer-2')]).toEqual([202, 201]);
      expect((await resolved('CONFLICTING_RESULT:decided')).resolution).toMatchObject({ code: 'CAUSE_GONE' });
      expect((await service.api.getSession('decided')).body).toMatchObject({
        ...{ status: 'CONCLUDED', decision: 'REJECT', grade: 'CONFLICT', confirmed: true },
      });
      expect(await close()).toMatchObject({ balanced: true });
    });

    it('have an owner once somebody says who takes care of them, with a trace of who said so', async () => {
      simulator.control.finish('owned', { result: APPROVING });
      const id = 'UNREGISTERED_SESSION:owned';
      expect((await raised(id)).owner).toBeNull();
      const assign = (owner: unknown, headers: Record<string, string> = person, to = id) =>
        service.api.send<ExceptionResponse>('POST', `${EXCEPTIONS}/${to}/assignment`, { owner }, headers);
      expect((await assign('controller-4', {})).problem.code).toBe('ON_BEHALF_OF_REQUIRED');
      expect((await assign('controller-4', person, `${id}-no`)).problem.code).toBe('EXCEPTION_NOT_FOUND');
      for (const nobody of [undefined, '', ' ', 7]) {
        expect((await assign(nobody)).problem.code).toBe('VALIDATION_FAILED');
      }
      const assigned = await assign('controller-4');
      expect([assigned.status, assigned.body.owner]).toEqual([200, 'controller-4']);
      expect(await list('owner=controller-4')).toEqual([
        expect.objectContaining({ id, owner: 'controller-4' }),
      ]);
      const [, entry] = await service.api.entries(`subject=${id}`);
      expect(entry).toMatchObject({
        action: 'exception.assigned',
        actor: { type: 'person', id: 'controller-3' },
        data: { owner: 'controller-4' },
      });
      await assign(null);
      expect(await list('owner=controller-4')).toEqual([]);
      await register('owned');
      await resolved(id);
      expect((await assign('controller-4')).problem.code).toBe('EXCEPTION_NOT_OPEN');
    });

    it('are settled by a person, for good, with the comment in the vault alone', async () => {
      simulator.control.finish('settled', { result: APPROVING });
      const id = 'UNREGISTERED_SESSION:settled';
      await raised(id);
      expect((await resolve(id, {})).problem.code).toBe('ON_BEHALF_OF_REQUIRED');
      expect((await resolve('UNREGISTERED_SESSION:nobody')).problem.code).toBe('EXCEPTION_NOT_FOUND');
      const answer = await resolve(id);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        status: 'RESOLVED',
        resolution: { code: 'CHECKED_BY_PHONE', actor: { type: 'person', id: 'controller-3' } },
      });
      expect((await resolve(id)).problem.code).toBe('EXCEPTION_NOT_OPEN');
      const entries = await service.api.entries(`subject=${id}`);
      expect(JSON.stringify(entries)).not.toContain('Hoa');
      expect(
        await service.db.collection('vault').countDocuments({ session: 'settled', kind: 'comment' }),
      ).toBe(1);
      // Another look at the session, by a callback that changes it, does not raise it again.
      await service.api.deliver(aCallback({ uuid: 'settled', similarity: 40 }));
      const run = (await service.api.call<RunResponse>('POST', '/v1/reconciliation/runs')).body;
      await eventually(async () => (await runOf(run.id))?.status === 'DONE');
      expect(await find(id)).toMatchObject({ status: 'RESOLVED', timesRaised: 1 });
    });
  });

  const runOf = async (id: string) =>
    (await service.api.all<RunResponse>('/v1/reconciliation/runs')).find((run) => run.id === id);

  it('runs when asked to and records what it did', async () => {
    const answer = await service.api.call<RunResponse>('POST', '/v1/reconciliation/runs', {
      headers: person,
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: 'REQUESTED', requestedBy: { id: 'controller-3' } });
    const done = await eventually(async () => {
      const run = await runOf(answer.body.id);
      return run?.status === 'DONE' ? run : null;
    });
    expect(done.endedAt).not.toBeNull();
  });

  async function sessionsBehind(figures: readonly string[]): Promise<string[]> {
    const uuids: string[] = [];
    for (const figure of figures) {
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: CloseResponse = await close(
          `channel=branch&figure=${figure}&limit=100${cursor && `&cursor=${cursor}`}`,
        );
        uuids.push(...(page.sessions ?? []));
        cursor = page.nextCursor;
      }
    }
    return uuids;
  }

  it('accounts for each of 300 sessions of a bad day, and the close balances to the session', async () => {
    simulator.control.setFaults({
      DROP: 0.2,
      DUPLICATE: 0.2,
      DELAY: 0.1,
      CONFLICT: 0.05,
      UNAVAILABLE: 0.04,
      NOT_FOUND: 0.03,
      FORBIDDEN: 0.03,
    });
    const uuids = Array.from({ length: 300 }, (_, n) => `bad-day-${n}`);
    await Promise.all(uuids.map((uuid) => register(uuid, { channel: 'branch' })));
    for (const uuid of uuids) simulator.control.finish(uuid);
    await simulator.control.idle();
    const { now: settled, behind } = await eventually(async () => {
      const now = await close('channel=branch');
      if (now.counts.awaiting > 0) return null;
      const behind = await sessionsBehind(['concluded', 'inReview', 'expired', 'exceptions']);
      // A session that moves from one figure to another meanwhile could be seen twice or not at all.
      return isDeepStrictEqual((await close('channel=branch')).counts, now.counts) ? { now, behind } : null;
    }, 60_000);
    const { registered, unregistered, concluded, inReview, expired, exceptions } = settled.counts;
    expect(settled).toMatchObject({ balanced: true, unexplained: [], provisional: true });
    expect([registered, unregistered]).toEqual([300, 0]);
    expect(concluded + inReview + expired + exceptions).toBe(300);
    expect(exceptions).toBeGreaterThanOrEqual(30);

    expect(behind.toSorted()).toEqual(uuids.toSorted());

    const everything = await close();
    expect(everything).toMatchObject({ balanced: true, unexplained: [] });
  });

  it('names the session that the projection has lost', async () => {
    await register('lost', { channel: 'lost-and-found', expectedWithinSeconds: 600 });
    expect(await close('channel=lost-and-found')).toMatchObject({ balanced: true });
    await service.db.collection('sessions').deleteOne({ _id: 'lost' as never });
    expect(await close('channel=lost-and-found')).toMatchObject({ balanced: false, unexplained: ['lost'] });
  });

  it('lets a person sign a day that is over, once for the same figures', async () => {
    const sign = (daysAgo: number, headers: Record<string, string> = person) =>
      service.api.call<CloseResponse>('POST', `/v1/reconciliation/closes/${day(daysAgo)}/signature`, {
        headers,
      });
    expect((await sign(0)).problem.code).toBe('CLOSE_PROVISIONAL');
    expect((await sign(1, {})).problem.code).toBe('ON_BEHALF_OF_REQUIRED');
    const signed = await sign(1);
    expect(signed.status).toBe(201);
    expect(signed.body.signature).toMatchObject({
      signedBy: { id: 'controller-3' },
      counts: { registered: 0 },
    });
    expect((await sign(1)).body.signature).toEqual(signed.body.signature);
    const entries = await service.api.entries('action=close.signed');
    expect(entries).toHaveLength(1);
    expect(entries[0]?.data).toMatchObject({ date: day(1), channel: null, counts: { concluded: 0 } });
    const noDay = await service.api.get('/v1/reconciliation/closes/2026-02-30');
    expect(noDay.problem.code).toBe('VALIDATION_FAILED');
  });

  it('shows open exceptions and how long confirmations took in the metrics', async () => {
    const metrics = await eventually(async () => {
      const text = (await service.api.get('/metrics')).bytes.toString();
      return /ekyc_exceptions_open\{class="CONFLICTING_RESULT"\} [1-9]/.test(text) && text;
    });
    expect(metrics).toMatch(/ekyc_callback_to_confirmed_seconds_count [1-9]/);
    expect(metrics).toMatch(/ekyc_unproven_callbacks_oldest_seconds \d/);
  });

  it('shows the same exceptions after they are rebuilt from the log', async () => {
    const exceptions = service.db.collection('exceptions');
    const before = await exceptions.find().sort({ _id: 1 }).toArray();
    await exceptions.deleteMany({});
    const { code } = await runProgram('commands/rebuild.js', service.env);
    expect(code).toBe(0);
    expect(await exceptions.find().sort({ _id: 1 }).toArray()).toEqual(before);
  });

  it('goes on at another instance when the one that reconciles is killed', async () => {
    const other = await startService({ beside: service, env: service.env });
    await service.kill();
    service = other;
    await register('after-the-kill');
    expect(await raised('MISSING_RESULT:after-the-kill')).toMatchObject({ timesRaised: 1 });
  });
});
