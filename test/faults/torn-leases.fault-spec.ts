import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExceptionResponse } from '../../src/reconciliation/reconciliation-responses.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../simulator/simulator.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';
import { overlapping, requestsBySession } from './support/pull-pace.ts';

const TOKEN = 'simulator-token-0123456789';
const CONCURRENCY = 4;
const LATENCY_MS = 300;

describe('two instances of which each believes again and again that the other is gone', () => {
  let simulator: Simulator;
  let services: readonly [ServiceProcess, ServiceProcess];

  beforeAll(async () => {
    simulator = await startSimulator({
      pullLatencyMs: LATENCY_MS,
      authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: TOKEN },
    });
    const env = {
      FPT_BASE_URL: simulator.url,
      FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
      FPT_CONCURRENCY: String(CONCURRENCY),
      CALLBACK_AUTH_TOKENS: TOKEN,
      PULL_FIRST_DELAY_MS: '300',
    };
    const first = await startService({ env });
    services = [first, await startService({ env, beside: first })];
    simulator.control.sendCallbacksTo(`${first.url}/v1/callbacks/fpt`);
  });
  afterAll(async () => {
    await simulator.stop();
    await stopServices();
  });

  interface Lease {
    readonly _id: string;
    readonly fence: number;
    readonly expiresAt: Date;
  }
  const leases = () => services[0].db.collection<Lease>('leases');
  const fence = async (name: string) => (await leases().findOne({ _id: name }))?.fence ?? 0;

  /** Ends the lease under its holder until it has changed hands ten times, while the holder goes on. */
  async function tear(name: string): Promise<void> {
    const before = await eventually(() => fence(name));
    await eventually(async () => {
      await leases().updateOne({ _id: name }, { $set: { expiresAt: new Date(0) } });
      return (await fence(name)) >= before + 10;
    }, 40_000);
  }

  it('reconcile at once, and still raise each exception once', async () => {
    const uuids = Array.from({ length: 40 }, (_, n) => `stranger-${n}`);
    await Promise.all(uuids.map((uuid, n) => services[n % 2]!.api.deliver(aCallback({ uuid }))));
    const progress = services[0].db.collection('reconciliation_progress');
    await Promise.all([
      tear('reconciliation'),
      // Both look at everything again, not only at what has changed.
      eventually(async () => {
        await progress.deleteMany({});
        return (await fence('reconciliation')) > 10;
      }, 40_000),
    ]);
    const ids = uuids.map((uuid) => `UNREGISTERED_SESSION:${uuid}`);
    await eventually(async () => {
      const open = await services[1].api.all<ExceptionResponse>('/v1/reconciliation/exceptions?status=OPEN');
      return ids.every((id) => open.some((exception) => exception.id === id));
    });
    const raised = await services[0].api.entries('action=exception.raised');
    const causes = raised.map(({ subject, data }) => `${subject.id} ${String(data['fingerprint'])}`);
    expect(causes).toEqual([...new Set(causes)]);
  });

  it('pull at once, and still pull no session twice at once', async () => {
    const uuids = Array.from({ length: 30 }, (_, n) => `pulled-${n}`);
    for (const uuid of uuids) simulator.control.finish(uuid, { pullFault: 'NOT_FOUND', pullFaultTimes: 1 });
    await tear('pulls');
    await eventually(async () => {
      const grades = await Promise.all(
        uuids.map(async (uuid) => (await services[0].api.getSession(uuid)).body.grade),
      );
      return grades.every((grade) => grade === 'AGREED');
    }, 40_000);
    const requests = requestsBySession(simulator.control.pulls());
    expect([...requests.values()].flatMap(overlapping)).toEqual([]);
    expect(uuids.map((uuid) => requests.get(uuid)?.length)).toEqual(uuids.map(() => 2));
  });

  it('pull on past the sessions that a dead instance had claimed, which come last', async () => {
    const claimed = Array.from({ length: 3 * CONCURRENCY }, (_, n) => `claimed-${n}`);
    await services[0].db
      .collection<{ _id: string }>('pull_claims')
      .insertMany(claimed.map((_id) => ({ _id, index: 2, ended: false, at: new Date() })));
    for (const uuid of [...claimed, 'behind-them']) simulator.control.finish(uuid);
    await eventually(async () => (await services[0].api.getSession('behind-them')).body.grade === 'AGREED');
    const pulled = new Set(simulator.control.pulls().map(({ uuid }) => uuid));
    expect(claimed.filter((uuid) => pulled.has(uuid))).toEqual([]);
  });
});
