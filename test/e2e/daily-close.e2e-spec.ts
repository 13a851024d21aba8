import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloseResponse } from '../../src/reconciliation/reconciliation-responses.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import {
  clientIdOf,
  runProgram,
  type ServiceProcess,
  startService,
  stopServices,
} from '../support/service-process.ts';

const ONE_DAY_BACK = new URL('../support/one-day-back.ts', import.meta.url).href;
const WEEK_S = 7 * 86_400;
const lasting = { expectedWithinSeconds: WEEK_S, expiresAfterSeconds: WEEK_S };

describe("yesterday's close", () => {
  let service: ServiceProcess;
  let date: string;

  beforeAll(async () => {
    // Long enough that nothing comes to an end while the test looks.
    const env = { FPT_RETENTION_DAYS: '30', CONFIRMATION_POLICY: 'CALLBACK_SUFFICES' };
    const yesterday = await startService({ env: { ...env, NODE_OPTIONS: `--import ${ONE_DAY_BACK}` } });
    for (const uuid of ['rejected', 'silent', 'of-the-app'] as const) {
      const channel = uuid === 'of-the-app' ? 'app' : 'branch';
      const { body } = await yesterday.api.register({ uuid, channel, ...lasting });
      date = body.registeredAt!.slice(0, 10);
    }
    for (const uuid of ['rejected', 'of-the-app', 'never-registered']) {
      expect((await yesterday.api.deliver(aCallback({ uuid, similarity: 20 }))).status).toBe(200);
    }
    service = await startService({ env, beside: yesterday });
    await yesterday.stop();
  });
  afterAll(() => stopServices());

  const close = async (query = '') =>
    (await service.api.get<CloseResponse>(`/v1/reconciliation/closes/${date}?${query}`)).body;
  const sign = (person: string, query = '') =>
    service.api.call<CloseResponse>('POST', `/v1/reconciliation/closes/${date}/signature?${query}`, {
      headers: { 'x-on-behalf-of': person },
    });
  const signed = () => service.api.entries('action=close.signed');

  it('accounts for each of its sessions once all are reconciled', async () => {
    const settled = await eventually(async () => {
      const now = await close();
      return now.provisional || now.counts.exceptions === 0 ? null : now;
    });
    expect(settled).toMatchObject({ balanced: true, unexplained: [], signature: null });
    expect(settled.counts).toEqual({
      registered: 3,
      unregistered: 1,
      concluded: 2,
      inReview: 0,
      awaiting: 1,
      expired: 0,
      exceptions: 1,
    });
    expect((await close('figure=exceptions')).sessions).toEqual(['never-registered']);
    expect((await close('channel=app')).counts).toMatchObject({ registered: 1, concluded: 1, exceptions: 0 });
  });

  it('is signed by a person, with its totals in the log', async () => {
    const answer = await sign('controller-3');
    expect(answer.status).toBe(201);
    const signedBy = { type: 'person', id: 'controller-3', via: clientIdOf('all') };
    expect(answer.body.signature).toMatchObject({ signedBy, counts: answer.body.counts });
    expect((await close()).signature).toEqual(answer.body.signature);
    expect(await signed()).toEqual([
      expect.objectContaining({
        actor: signedBy,
        subject: { type: 'close', id: date },
        data: { date, channel: null, counts: answer.body.counts },
      }),
    ]);
  });

  it('is signed once for the same figures, whoever asks, and by channel apart', async () => {
    const again = await sign('controller-4');
    expect(again.body.signature).toMatchObject({ signedBy: { id: 'controller-3' } });
    expect(await signed()).toHaveLength(1);
    await sign('controller-4', 'channel=app');
    expect((await signed()).map(({ subject }) => subject.id)).toEqual([date, `${date}:app`]);
    expect((await close()).signature).toMatchObject({ signedBy: { id: 'controller-3' } });
  });

  it('names the session that keeps it from balancing, and is not signed before that is explained', async () => {
    await service.db.collection('sessions').deleteOne({ _id: 'silent' as never });
    expect(await close()).toMatchObject({ balanced: false, unexplained: ['silent'] });
    const refused = await sign('controller-3');
    expect([refused.status, refused.problem.code]).toEqual([409, 'CLOSE_NOT_BALANCED']);
    expect((await runProgram('commands/rebuild.js', service.env)).code).toBe(0);
    expect(await close()).toMatchObject({ balanced: true, unexplained: [] });
  });

  it('may be signed anew when a result that came late has changed its figures', async () => {
    await service.api.deliver(aCallback({ uuid: 'silent', similarity: 20 }));
    const changed = await eventually(async () => {
      const now = await close();
      return now.provisional || now.counts.concluded !== 3 ? null : now;
    });
    expect(changed.counts).toMatchObject({ awaiting: 0, registered: 3 });
    expect(changed.signature!.counts).toMatchObject({ awaiting: 1, concluded: 2 });
    const { signature } = (await sign('controller-4')).body;
    expect(signature).toMatchObject({ signedBy: { id: 'controller-4' }, counts: changed.counts });
    expect((await signed()).filter(({ subject }) => subject.id === date)).toHaveLength(2);
  });
});
