import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReceiptResponse } from '../../src/callback/callback.dto.ts';
import type { SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { aCallback, theDocumentedCallback } from '../simulator/payloads.ts';
import type { Answer } from '../support/api-client.ts';
import { runProgram, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { alterState, readSessionDocuments, sessionsOf } from '../support/session-documents.ts';

let service: ServiceProcess;
let second: ServiceProcess;

beforeAll(async () => {
  service = await startService();
  second = await startService({ beside: service });
});
afterAll(stopServices);

function countOutcomes(answers: readonly Answer<ReceiptResponse>[]): Record<string, number> {
  const outcomes = answers.map(({ status, body }) => (status === 200 ? body.outcome : String(status)));
  return Object.fromEntries(
    [...Map.groupBy(outcomes, (outcome) => outcome)].map(([o, all]) => [o, all.length]),
  );
}

/** Sends 200 copies at once, in turn to each instance. */
async function expectOneEffect(uuid: string, instances: readonly ServiceProcess[]): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, copy) =>
      instances[copy % instances.length]!.api.deliver(theDocumentedCallback(uuid)),
    ),
  );
  expect(countOutcomes(answers)).toEqual({ ACCEPTED: 1, DUPLICATE: 199 });
  const receipts = new Set(answers.map(({ body }) => body.receiptId));
  expect(receipts.size).toBe(1);

  const received = await service.api.entries(`action=callback.received&subject=${uuid}`);
  expect(received.map(({ id }) => id)).toEqual([...receipts]);
  const session = (await service.api.getSession(uuid)).body;
  expect(session.results).toEqual([
    { version: 1, source: 'CALLBACK', receivedAt: received[0]!.at, entryIndex: received[0]!.index },
  ]);
  // An instance that lost the race may have left a blob that no entry refers to.
  const blobs = await service.db.collection<{ _id: string }>('vault').find({ session: uuid }).toArray();
  expect(blobs.map(({ _id }) => _id)).toEqual(expect.arrayContaining([...receipts]));
  expect(blobs.length).toBeLessThanOrEqual(instances.length);
}

async function expectDenseLog(): Promise<void> {
  const entries = await service.api.entries();
  expect(entries.map(({ index }) => index)).toEqual(entries.map((_, place) => place));
}

describe('200 copies of one callback at once', () => {
  it('have one effect at one instance', async () => {
    await expectOneEffect('copies-1', [service]);
    await expectDenseLog();
  });

  it('have one effect at two instances on one database', async () => {
    await expectOneEffect('copies-2', [service, second]);
    await expectDenseLog();
  });

  it('keep their one receipt when they are sent again later, to either instance', async () => {
    const [first, again] = await Promise.all(
      [service, second].map(({ api }) => api.deliver(theDocumentedCallback('copies-2'))),
    );
    expect(again!.body).toEqual(first!.body);
    expect(first!.body.outcome).toBe('DUPLICATE');
  });
});

describe('500 sessions at once, spread over two instances', () => {
  it('are all in the log, which is dense, and can all be read from the other instance', async () => {
    const uuids = Array.from({ length: 500 }, (_, number) => `spread-${number}`);
    const writers = [service, second];
    const receipts = await Promise.all(
      uuids.map((uuid, place) => writers[place % 2]!.api.deliver(aCallback({ uuid }))),
    );
    expect(countOutcomes(receipts)).toEqual({ ACCEPTED: 500 });

    await expectDenseLog();
    const received = await service.api.entries('action=callback.received');
    const ids = new Set(received.map(({ id }) => id));
    expect(receipts.filter(({ body }) => !ids.has(body.receiptId))).toEqual([]);

    const sessions = await Promise.all(
      uuids.map((uuid, place) => writers[(place + 1) % 2]!.api.getSession(uuid)),
    );
    expect(sessions.map(({ body }) => body.uuid)).toEqual(uuids);
    expect(sessions.filter(({ body }) => body.conclusion === null)).toEqual([]);
  });
});

describe('the sessions collection', () => {
  const readAll = (): Promise<SessionResponse[]> => service.api.all('/v1/sessions');
  const stored = () => readSessionDocuments(service.db);

  it('is what the log says: a rebuild repairs whatever was done to it', async () => {
    await service.api.register({ uuid: 'copies-1', customerRef: 'cust-1' });
    const before = { listed: await readAll(), stored: await stored() };
    const sessions = sessionsOf(service.db);
    await sessions.updateOne({ _id: 'copies-1' }, { $set: { status: 'CONCLUDED' } });
    await alterState(service.db, 'copies-1', (state) => ({ ...state, status: 'CONCLUDED' }));
    await sessions.updateOne({ _id: 'spread-7' }, { $set: { decision: 'APPROVE' } });
    await alterState(service.db, 'spread-7', ({ results: _, ...state }) => state);
    await sessions.deleteOne({ _id: 'copies-2' });
    const stray = await sessions.findOne({ _id: 'spread-8' });
    await sessions.insertOne({ ...stray!, _id: 'stray' });
    expect((await service.api.getSession('copies-1')).body.status).toBe('CONCLUDED');
    expect((await service.api.getSession('copies-2')).status).toBe(404);
    expect((await service.api.getSession('stray')).status).toBe(200);

    const rebuild = await runProgram('commands/rebuild.js', service.env);
    expect(rebuild).toMatchObject({ code: 0 });
    expect(rebuild.output).toMatch(/rebuilt from \d+ entries; dropped 1 that the log knows nothing of/);

    expect({ listed: await readAll(), stored: await stored() }).toEqual(before);
    expect((await service.api.getSession('stray')).status).toBe(404);
  });
});
