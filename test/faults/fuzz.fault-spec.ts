import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { readBlobs } from './support/ledger-contents.ts';
import { mutatedBodies } from './support/mutated-bodies.ts';
import { gapsIn } from './support/broken-promises.ts';
import { readMetrics } from './support/metrics.ts';
import { sessionsOf, withState } from '../support/session-documents.ts';
import { choicesOf, LONG, SEED } from './support/run-size.ts';
import { verify } from './support/verify.ts';

const BODIES = LONG ? 100_000 : 20_000;
const AT_ONCE = 48;
/** Every one of so many bodies is read back. */
const SAMPLED = BODIES / 500;
/** What a request may wait for the others, on a machine that does more than this. */
const LONGEST_DELAY_S = 2;

interface Answer {
  readonly status: number;
  readonly body: { receiptId?: string; uuid?: string; outcome?: string; reason?: string; code?: string };
}

let service: ServiceProcess;
let vendor: Pool;

beforeAll(async () => {
  service = await startService({ env: { LOG_LEVEL: 'error' } });
  vendor = new Pool(service.url, { connections: AT_ONCE });
}, 60_000);
afterAll(async () => {
  await vendor.close();
  await stopServices();
}, 60_000);

/** Delivers as often as it takes to get another answer than 503. */
async function deliver(bytes: Buffer): Promise<Answer> {
  for (;;) {
    const { statusCode: status, body } = await vendor.request({
      method: 'POST',
      path: '/v1/callbacks/fpt',
      headers: { 'x-callback-token': service.callbackToken },
      body: bytes,
    });
    const answer = { status, body: (await body.json()) as Answer['body'] };
    if (status !== 503) return answer;
  }
}

describe(`${BODIES} bodies that were changed at random, in structure or in bytes`, () => {
  choicesOf('fuzz');
  const kept: { bytes: Buffer; answer: Answer }[] = [];
  const counts = new Map<string, number>();

  it('are all taken or set aside, without a fault and without holding others up', async () => {
    const bodies = mutatedBodies(BODIES, SEED);
    const unexpected: string[] = [];
    let longestDelayS = 0;
    let sent = 0;
    const work = async (): Promise<void> => {
      for (const bytes of bodies) {
        const place = (sent += 1);
        const answer = await deliver(bytes);
        const { status, body } = answer;
        const what = body.outcome ?? body.reason ?? body.code ?? String(status);
        counts.set(what, (counts.get(what) ?? 0) + 1);
        if ((status !== 200 && status !== 422) || what === 'PROCESSING_FAILED')
          unexpected.push(`${status} ${what}: ${bytes.toString('base64')}`);
        if (place % SAMPLED === 0) kept.push({ bytes, answer });
        if (place % 1_000 === 0)
          longestDelayS = Math.max(
            longestDelayS,
            (await readMetrics(service)).get('nodejs_eventloop_lag_max_seconds')!,
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    process.stderr.write(
      `fuzz: ${JSON.stringify(Object.fromEntries(counts))}, longest delay ${longestDelayS} s\n`,
    );
    expect(unexpected).toEqual([]);
    expect(sent).toBe(BODIES);
    expect(longestDelayS).toBeLessThan(LONGEST_DELAY_S);
    expect((await service.api.get('/health/live')).status).toBe(200);
  }, 900_000);

  it('were of every kind: usable, ambiguous, no JSON, without a uuid', () => {
    const kinds = [
      'ACCEPTED',
      'NEW_VERSION',
      'NOT_JSON',
      'INVALID_UTF8',
      'AMBIGUOUS_JSON',
      'BAD_UUID',
      'NO_UUID',
    ];
    expect(kinds.filter((kind) => (counts.get(kind) ?? 0) === 0)).toEqual([]);
  });

  it('are kept byte for byte', async () => {
    const accepted = kept.filter(({ answer }) => /ACCEPTED|NEW_VERSION/.test(answer.body.outcome ?? ''));
    const quarantined = kept.filter(({ answer }) => answer.status === 422);
    expect(accepted.length * quarantined.length).toBeGreaterThan(0);
    const receiptsOf = (some: typeof kept) => some.map(({ answer }) => answer.body.receiptId!);
    const entries = await service.db
      .collection<{ id: string; subject: { id: string } }>('audit_log')
      .find({ 'subject.id': { $in: receiptsOf(quarantined) }, action: 'callback.quarantined' })
      .toArray();
    const entryOf = new Map(entries.map(({ id, subject }) => [subject.id, id]));
    const blobs = await readBlobs(service, [...receiptsOf(accepted), ...entryOf.values()]);
    const lost = [...accepted, ...quarantined].filter(({ bytes, answer }) => {
      const receipt = answer.body.receiptId!;
      return !blobs.get(entryOf.get(receipt) ?? receipt)?.equals(bytes);
    });
    expect(lost).toEqual([]);

    const { api, db } = service;
    const differing = await Promise.all(
      accepted.slice(0, 50).map(async ({ bytes, answer }) => {
        const session = withState((await sessionsOf(db).findOne({ _id: answer.body.uuid! }))!);
        const { version } = session.state.results.find(({ entryId }) => entryId === answer.body.receiptId)!;
        const raw = await api.get(`/v1/sessions/${answer.body.uuid!}/result/raw?version=${version}`);
        return raw.bytes.equals(bytes) ? [] : [answer];
      }),
    );
    expect(differing.flat()).toEqual([]);
  }, 60_000);

  it('leave a dense log that the verifier accepts', async () => {
    const entries = await service.db
      .collection<{ _id: number; id: string; at: Date }>('audit_log')
      .find({}, { projection: { id: 1, at: 1 } })
      .sort({ _id: 1 })
      .toArray();
    expect(entries.length).toBeGreaterThan(BODIES);
    expect(
      gapsIn(entries.map(({ _id, id, at }) => ({ index: Number(_id), id, at: at.toISOString() }))),
    ).toEqual([]);
    expect(await verify(service)).toMatchObject({ code: 0 });
  }, 120_000);
});

describe('four MiB of as many values as fit', () => {
  it.each([
    ['numbers', `[${'1,'.repeat(2_000_000)}1]`],
    ['lists', `[${'[],'.repeat(1_300_000)}1]`],
    ['members', `{${Array.from({ length: 350_000 }, (_, at) => `"${at}":1`).join()}}`],
  ])('are set aside without holding others up: %s', async (_, text) => {
    await readMetrics(service);
    const answer = await deliver(Buffer.from(text));
    expect(answer).toMatchObject({ status: 422, body: { reason: 'TOO_MANY_VALUES' } });
    expect((await readMetrics(service)).get('nodejs_eventloop_lag_max_seconds')).toBeLessThan(
      LONGEST_DELAY_S,
    );
  });
});
