import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  QuarantinedDeliveryResponse,
  QuarantinePage,
} from '../../src/callback/quarantine-responses.dto.ts';
import type { ExceptionResponse } from '../../src/reconciliation/reconciliation-responses.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

const PERSON = { 'x-on-behalf-of': 'officer-7' };
const UNKNOWN = `q-${'0'.repeat(32)}`;

/** Does not know the Callback Data Key that the vendor's portal has. */
let service: ServiceProcess;
/** Knows it: what a release or a setting that mends the cause is to the first one. */
let mended: ServiceProcess;

beforeAll(async () => {
  service = await startService();
  mended = await startService({ beside: service, env: { CALLBACK_DATA_KEY: 'ekyc_data' } });
});
afterAll(stopServices);

/** A delivery that only the mended service can use. */
function aWrappedCallback(uuid: string): string {
  return JSON.stringify({ ekyc_data: aCallback({ uuid }), branch: 'HN-01' }, null, 1);
}

async function quarantine(body: string | Buffer): Promise<string> {
  const answer = await service.api.deliver(body);
  expect(answer.status).toBe(422);
  return String(answer.problem['receiptId']);
}

const read = (receiptId: string) =>
  service.api.get<QuarantinedDeliveryResponse>(`/v1/quarantine/${receiptId}`);
const readRaw = (receiptId: string) => service.api.get(`/v1/quarantine/${receiptId}/raw`);
const replay = (receiptId: string, at: ServiceProcess, headers = PERSON) =>
  at.api.call<QuarantinedDeliveryResponse>('POST', `/v1/quarantine/${receiptId}/replays`, { headers });
const dismiss = (receiptId: string, reasonCode = 'NOT_FROM_VENDOR', headers: object = PERSON) =>
  service.api.send<QuarantinedDeliveryResponse>(
    'POST',
    `/v1/quarantine/${receiptId}/dismissal`,
    { reasonCode },
    { ...headers },
  );
const outcome = ({ status, problem: { code } }: Answer<unknown>) => [status, code];

async function exceptionStatus(receiptId: string): Promise<string | undefined> {
  const all = await service.api.all<ExceptionResponse>(
    '/v1/reconciliation/exceptions?class=QUARANTINED_CALLBACK',
  );
  return all.find(({ id }) => id === `QUARANTINED_CALLBACK:${receiptId}`)?.status;
}

const actionsOf = async (subject: string) =>
  (await service.api.entries(`subject=${subject}`)).map(({ action, actor }) => `${action} by ${actor.id}`);

const blobsOf = (session: string) => service.db.collection('vault').countDocuments({ session });

describe('a delivery in quarantine', () => {
  it('is listed with why it could not be used, newest first, page by page', async () => {
    const receipts: string[] = [];
    for (const body of ['{}', 'no JSON 1', 'no JSON 2']) receipts.unshift(await quarantine(body));
    const [newest, , oldest] = receipts;

    const first = await service.api.get<QuarantinePage>('/v1/quarantine?limit=2');
    expect(first.body.items.map(({ receiptId }) => receiptId)).toEqual(receipts.slice(0, 2));
    const cursor = first.body.nextCursor;
    const second = await service.api.get<QuarantinePage>(`/v1/quarantine?limit=2&cursor=${cursor}`);
    expect(second.body.items[0]).toEqual((await read(oldest!)).body);

    const [kept] = await service.api.entries(`subject=${oldest}`);
    expect((await read(oldest!)).body).toEqual({
      ...{ receiptId: oldest, status: 'OPEN', receivedAt: kept!.at, reason: 'NO_UUID', bytes: 2, uuid: null },
      ...{ replay: null, dismissal: null },
    });
    const notJson = await service.api.all<QuarantinedDeliveryResponse>('/v1/quarantine?reason=NOT_JSON');
    expect(notJson.map(({ receiptId }) => receiptId)).toEqual(receipts.slice(0, 2));
    expect((await read(newest!)).body.reason).toBe('NOT_JSON');
  });

  it('shows its bytes, whatever they are, to whom an entry names first', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x3c, 0x68, 0x31, 0x3e]);
    const receiptId = await quarantine(bytes);
    const answer = await service.api.get(`/v1/quarantine/${receiptId}/raw`, PERSON);
    expect(answer.bytes).toEqual(bytes);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="${receiptId}"`,
    });
    const [viewed] = await service.api.entries(`subject=${receiptId}&action=personal_data.viewed`);
    expect(viewed).toMatchObject({ actor: { id: 'officer-7' }, data: { form: 'QUARANTINED' } });
  });

  it('has no bytes to show or replay if it was too large to be read', async () => {
    await service.api.deliver(Buffer.alloc(5 * 1024 * 1024, ' '));
    const [unread] = (await service.api.get<QuarantinePage>('/v1/quarantine?reason=TOO_LARGE')).body.items;
    expect(unread).toMatchObject({ bytes: 5 * 1024 * 1024, status: 'OPEN' });
    const { receiptId } = unread!;
    expect(outcome(await readRaw(receiptId))).toEqual([410, 'DELIVERY_NOT_KEPT']);
    expect(outcome(await replay(receiptId, service))).toEqual([410, 'DELIVERY_NOT_KEPT']);
    expect(await actionsOf(receiptId)).toEqual(['callback.quarantined by fpt-ai']);
  });
});

describe('a replay', () => {
  it('makes a delivery that can be used now a result of its session, and settles what was open', async () => {
    const body = aWrappedCallback('replayed');
    const receiptId = await quarantine(body);
    await eventually(async () => (await exceptionStatus(receiptId)) === 'OPEN');

    const answer = await replay(receiptId, mended);
    const [received] = await service.api.entries('subject=replayed&action=callback.received');
    expect(answer.body).toMatchObject({
      status: 'REPLAYED',
      reason: 'NO_UUID',
      replay: { uuid: 'replayed', outcome: 'ACCEPTED', receiptId: received!.id, by: { id: 'officer-7' } },
    });
    expect(answer.status).toBe(200);

    expect(await actionsOf('replayed')).toEqual([
      'callback.received by officer-7',
      'conclusion.reached by ekyc-ledger',
    ]);
    expect((await actionsOf(receiptId)).at(-1)).toBe('callback.replayed by officer-7');
    expect((await mended.api.get('/v1/sessions/replayed/result/raw')).bytes.toString()).toBe(body);
    await eventually(async () => (await exceptionStatus(receiptId)) === 'RESOLVED');
  });

  it('leaves the bytes to the session, so that they are erased with it', async () => {
    const receiptId = await quarantine(aWrappedCallback('moved'));
    expect(await blobsOf(receiptId)).toBe(1);
    await replay(receiptId, mended);
    expect([await blobsOf(receiptId), await blobsOf('moved')]).toEqual([0, 1]);
    expect(outcome(await readRaw(receiptId))).toEqual([410, 'DELIVERY_NOT_KEPT']);

    await quarantine(aWrappedCallback('moved'));
    expect(await blobsOf(receiptId)).toBe(0);
  });

  it('has one effect, however often and by however many people at once it is asked for', async () => {
    const receiptId = await quarantine(aWrappedCallback('once'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => replay(receiptId, mended, { 'x-on-behalf-of': `officer-${at}` })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const replayed = (await read(receiptId)).body;
    expect(replayed.status).toBe('REPLAYED');
    for (const { body } of answers) expect(body).toEqual(replayed);
    expect(await service.api.entries(`subject=${receiptId}&action=callback.replayed`)).toHaveLength(1);
    expect((await service.api.getSession('once')).body.results).toHaveLength(1);
  });

  it('of what the session has already is a duplicate', async () => {
    const receiptId = await quarantine(aWrappedCallback('resent'));
    await service.api.deliver(aCallback({ uuid: 'resent' }));
    expect((await replay(receiptId, mended)).body.replay?.outcome).toBe('DUPLICATE');
    expect((await service.api.getSession('resent')).body.results).toHaveLength(1);
  });

  it('of what still can not be used leaves it where it is, and says why', async () => {
    const receiptId = await quarantine('{"uuid":{"$gt":""}}');
    const answer = await replay(receiptId, mended);
    expect(answer.problem).toMatchObject({
      status: 422,
      code: 'CALLBACK_QUARANTINED',
      reason: 'BAD_UUID',
      receiptId,
    });
    expect(await actionsOf(receiptId)).toEqual(['callback.quarantined by fpt-ai']);
    expect((await readRaw(receiptId)).bytes.toString()).toBe('{"uuid":{"$gt":""}}');
  });
});

describe('a delivery of no use', () => {
  it('is dismissed once, which settles what was open, and may be replayed all the same', async () => {
    const receiptId = await quarantine(aWrappedCallback('dismissed'));
    await eventually(async () => (await exceptionStatus(receiptId)) === 'OPEN');
    const answer = await dismiss(receiptId);
    const dismissal = { reasonCode: 'NOT_FROM_VENDOR', by: { id: 'officer-7' } };
    expect(answer.body).toMatchObject({ status: 'DISMISSED', dismissal });
    expect((await dismiss(receiptId, 'ANOTHER_REASON')).body).toEqual(answer.body);
    await eventually(async () => (await exceptionStatus(receiptId)) === 'RESOLVED');
    const open = await service.api.all<QuarantinedDeliveryResponse>('/v1/quarantine?status=OPEN');
    expect(open.map((delivery) => delivery.receiptId)).not.toContain(receiptId);

    expect((await replay(receiptId, mended)).body).toMatchObject({ status: 'REPLAYED', dismissal });
    expect(outcome(await dismiss(receiptId))).toEqual([409, 'DELIVERY_REPLAYED']);
  });
});

describe('the desk', () => {
  it('lets nobody decide without a name', async () => {
    const receiptId = await quarantine('in nobody’s name');
    const anonymous = await service.api.call('POST', `/v1/quarantine/${receiptId}/replays`);
    expect(outcome(anonymous)).toEqual([400, 'ON_BEHALF_OF_REQUIRED']);
    expect(outcome(await dismiss(receiptId, 'NO_USE', {}))).toEqual([400, 'ON_BEHALF_OF_REQUIRED']);
  });

  it('refuses receipts, filters and codes that are none', async () => {
    expect(outcome(await read(UNKNOWN))).toEqual([404, 'DELIVERY_NOT_FOUND']);
    expect(outcome(await readRaw(UNKNOWN))).toEqual([404, 'DELIVERY_NOT_FOUND']);
    expect(outcome(await replay(UNKNOWN, service))).toEqual([404, 'DELIVERY_NOT_FOUND']);
    expect(outcome(await dismiss(UNKNOWN))).toEqual([404, 'DELIVERY_NOT_FOUND']);
    expect(await service.api.entries(`subject=${UNKNOWN}`)).toEqual([]);
    const bad = ['/v1/quarantine/x', '/v1/quarantine?status=LOST', '/v1/quarantine?reason=x'];
    for (const path of bad) expect(outcome(await service.api.get(path))).toEqual([400, 'VALIDATION_FAILED']);
    expect(outcome(await dismiss(UNKNOWN, 'in words'))).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('is what the log says, after a rebuild too', async () => {
    const all = () => service.api.all<QuarantinedDeliveryResponse>('/v1/quarantine');
    const before = await all();
    await service.db.collection('quarantined_deliveries').deleteMany({});
    expect((await runProgram('commands/rebuild.js', service.env)).code).toBe(0);
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set(['OPEN', 'REPLAYED']));
    expect(await all()).toEqual(before);
  });
});
