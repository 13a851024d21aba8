import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { aCallback, theDocumentedCallback, theDocumentedResult } from '../simulator/payloads.ts';
import { rulesOf } from '../support/api-client.ts';
import { startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

const OLD_TOKEN = 'token-that-is-rotated-out';
const NEW_TOKEN = 'token-that-is-rotated-in';
const DATA_KEY = 'ekyc_data';

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({
    env: { CALLBACK_AUTH_TOKENS: `${NEW_TOKEN},${OLD_TOKEN}`, CALLBACK_DATA_KEY: DATA_KEY },
  });
});
afterAll(stopServices);

describe("the vendor's documented callback", () => {
  it('is accepted and rejected for its face match of 49.09, unconfirmed', async () => {
    const receipt = await service.api.deliver(theDocumentedCallback('documented'));
    expect(receipt.status).toBe(200);
    expect(receipt.body).toEqual({
      receiptId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      uuid: 'documented',
      outcome: 'ACCEPTED',
    });

    const session = (await service.api.getSession('documented')).body;
    expect(session).toMatchObject({
      registered: false,
      status: 'RECEIVED',
      decision: 'REJECT',
      confirmed: false,
      grade: 'CALLBACK_ONLY',
      vendor: { code: '303', message: 'face is not matching with document', decision: null },
      results: [{ version: 1, source: 'CALLBACK' }],
    });
    expect(rulesOf(session)).toContainEqual(
      expect.objectContaining({ fact: 'faceMatch.similarity', observed: 49.09, outcome: 'MET' }),
    );
  });

  it('is followed by the documented pulled result as a new version with FC03, QC01 and E30', async () => {
    const { body: receipt } = await service.api.deliver(theDocumentedResult('documented'));
    expect(receipt.outcome).toBe('NEW_VERSION');

    const session = (await service.api.getSession('documented')).body;
    expect(['NEED_REVIEW', 'REJECT']).toContain(session.decision);
    expect(session.vendor).toMatchObject({ code: '303', decision: 2, decisionMessage: 'NEED_REVIEW' });
    expect(session.results.map(({ version }) => version)).toEqual([1, 2]);
    const met = rulesOf(session).filter(({ outcome }) => outcome === 'MET');
    expect(met.map(({ code }) => code)).toEqual(expect.arrayContaining(['FC03', 'QC01', 'E30']));
  });
});

describe('a delivery', () => {
  const countKept = () =>
    Promise.all(
      // Exceptions are raised in the background and are no part of what a delivery leaves.
      ['audit_log', 'vault', 'sessions'].map((name) =>
        service.db.collection(name).countDocuments({ 'subject.type': { $ne: 'exception' } }),
      ),
    );

  it.each([
    ['none', {}],
    ['JSON', { 'content-type': 'application/json' }],
    ["curl's default", { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text in another charset', { 'content-type': 'text/plain; charset=iso-8859-1' }],
    ['a form without a boundary', { 'content-type': 'multipart/form-data' }],
    ['a picture', { 'content-type': 'image/png' }],
    ['JSON in UTF-16', { 'content-type': 'application/json; charset=utf-16' }],
    ['nonsense', { 'content-type': ';;;/,' }],
  ])('is taken with this content type: %s', async (name, headers) => {
    const uuid = `content-type-${name.replaceAll(/\W/g, '-')}`;
    const receipt = await service.api.deliver(aCallback({ uuid }), headers);
    expect({ status: receipt.status, ...receipt.body }).toMatchObject({ status: 200, outcome: 'ACCEPTED' });
  });

  it('is taken bare or under the data key, which are one and the same', async () => {
    const result = aCallback({ uuid: 'enveloped' });
    const wrapped = { [DATA_KEY]: result, bank: 'echoed request payload' };
    const first = await service.api.deliver(wrapped);
    const bare = await service.api.deliver(result);
    const asText = await service.api.deliver({ [DATA_KEY]: JSON.stringify(result) });

    expect([first, bare, asText].map(({ body }) => body.outcome)).toEqual([
      'ACCEPTED',
      'DUPLICATE',
      'DUPLICATE',
    ]);
    expect(new Set([first, bare, asText].map(({ body }) => body.receiptId)).size).toBe(1);
    const raw = await service.api.get('/v1/sessions/enveloped/result/raw');
    expect(raw.bytes.toString()).toBe(JSON.stringify(wrapped));
  });

  it('is taken with any of the agreed tokens, in the header that was agreed', async () => {
    const otherHeader = await startService({
      beside: service,
      env: { ...service.env, CALLBACK_AUTH_HEADER: 'X-Vendor-Key' },
    });
    const uuids = ['with-new-token', 'with-old-token', 'with-other-header'];
    const [byNew, byOld, byOther] = await Promise.all([
      service.api.deliver(aCallback({ uuid: uuids[0]! }), { 'x-callback-token': NEW_TOKEN }),
      service.api.deliver(aCallback({ uuid: uuids[1]! }), { 'x-callback-token': OLD_TOKEN }),
      otherHeader.as(null).deliver(aCallback({ uuid: uuids[2]! }), { 'x-vendor-key': OLD_TOKEN }),
    ]);
    expect([byNew, byOld, byOther].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await otherHeader.api.deliver(aCallback({ uuid: 'too-late' }))).status).toBe(401);
    await otherHeader.stop();
  });

  it.each([
    ['no token', { 'x-callback-token': '' }],
    ['a wrong token', { 'x-callback-token': `${NEW_TOKEN}x` }],
    ['a piece of a token', { 'x-callback-token': NEW_TOKEN.slice(0, -1) }],
    ['the whole list of tokens', { 'x-callback-token': `${NEW_TOKEN},${OLD_TOKEN}` }],
    ['an API key in its place', { 'x-callback-token': '', authorization: `Bearer ${NEW_TOKEN}` }],
  ])('with %s is turned away and leaves nothing in log, vault or sessions', async (name, headers) => {
    const uuid = `stranger-${name.replaceAll(' ', '-')}`;
    const before = await countKept();
    const answer = await service.api.deliver(aCallback({ uuid }), headers);

    expect(answer.status).toBe(401);
    expect(answer.problem.code).toBe('UNAUTHENTICATED');
    expect((await service.api.getSession(uuid)).status).toBe(404);
    expect(await countKept()).toEqual(before);
  });

  it('without the header is turned away, too', async () => {
    const answer = await service.as(null).call('POST', '/v1/callbacks/fpt', { body: '{}' });
    expect(answer.status).toBe(401);
    expect(answer.problem.code).toBe('UNAUTHENTICATED');
  });

  it('for an unknown session is kept, and joins the registration that comes later', async () => {
    await service.api.deliver(aCallback({ uuid: 'registered-late', similarity: 95 }));
    const before = (await service.api.getSession('registered-late')).body;
    expect(before).toMatchObject({ registered: false, registeredAt: null, customerRef: null });

    const registration = { uuid: 'registered-late', customerRef: 'cust-7', channel: 'branch' };
    expect((await service.api.register(registration)).status).toBe(201);
    const after = (await service.api.getSession('registered-late')).body;
    expect(after).toMatchObject({ registered: true, customerRef: 'cust-7', channel: 'branch' });
    expect(after).toMatchObject({ status: before.status, decision: before.decision });
    expect(after.results).toEqual(before.results);
  });
});

describe('the order of deliveries', () => {
  const STEPS: Record<string, (uuid: string) => Promise<{ status: number }>> = {
    A: (uuid) => service.api.deliver(theDocumentedCallback(uuid)),
    B: (uuid) => service.api.deliver(theDocumentedResult(uuid)),
    C: (uuid) => service.api.deliver(aCallback({ uuid, seed: 'good', similarity: 97 })),
    R: (uuid) => service.api.register({ uuid, customerRef: 'cust-order' }),
  };

  /** Everything that is said about a session but when and in which order it came to be. */
  function statementOf(session: SessionResponse) {
    const { registered, status, decision, confirmed, riskLevel, grade, vendor, conclusion } = session;
    return { registered, status, decision, confirmed, riskLevel, grade, vendor, conclusion };
  }

  it.each([
    ['two results', ['AB', 'BA', 'ABA', 'BAB', 'AAB', 'BBA', 'ABBA', 'BABA', 'BBAA']],
    ['three results', ['ABC', 'ACB', 'BAC', 'BCA', 'CAB', 'CBA', 'CCBACAB']],
    ['results and a registration', ['RAB', 'ARB', 'ABR', 'RBA', 'BRA', 'BAR', 'BRARBA']],
    ['an approvable result and a rejected one', ['CA', 'AC', 'CAC', 'ACA']],
  ])('and their repetition make no difference: %s', async (_, orders) => {
    const statements = await Promise.all(
      orders.map(async (order) => {
        const uuid = `order-${order}`;
        for (const step of order) {
          const { status } = await STEPS[step]!(uuid);
          expect(status).toBeLessThan(300);
        }
        return statementOf((await service.api.getSession(uuid)).body);
      }),
    );
    for (const statement of statements) expect(statement).toEqual(statements[0]);
    expect(statements[0]).toMatchObject({ decision: 'REJECT', grade: 'CALLBACK_ONLY' });
  });
});
