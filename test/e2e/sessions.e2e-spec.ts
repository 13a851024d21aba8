import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SCOPES, type Scope } from '../../src/access/scopes.ts';
import type { AuditEntryResponse } from '../../src/audit/audit.dto.ts';
import type { ResultResponse, SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { aCallback, aPulledResult, theDocumentedCallback } from '../simulator/payloads.ts';
import { inUtf8, type Page } from '../support/api-client.ts';
import { clientIdOf, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService();
});
afterAll(stopServices);

const uuidsOf = (sessions: readonly SessionResponse[]): string[] => sessions.map(({ uuid }) => uuid);
const secondsBetween = (from: string | null, to: string | null): number =>
  (Date.parse(to!) - Date.parse(from!)) / 1000;

describe('registering a session', () => {
  const registration = {
    uuid: 'registered',
    customerRef: 'cust-20931',
    channel: 'mobile',
    expectedWithinSeconds: 60,
    expiresAfterSeconds: 120,
  };

  it('is 201 the first time, 200 when repeated, 409 when it differs', async () => {
    const first = await service.api.register(registration);
    expect(first.status).toBe(201);
    expect(first.headers.get('etag')).toBe('"1"');
    const { uuid, customerRef, channel } = registration;
    expect(first.body).toEqual({
      ...{ uuid, customerRef, channel, registered: true, status: 'REGISTERED', version: 1, confirmed: false },
      ...{ decision: null, riskLevel: null, grade: null, vendor: null, conclusion: null, review: null },
      ...{ results: [], differences: [] },
      registeredAt: expect.stringMatching(ISO_TIME),
      expectedBy: expect.stringMatching(ISO_TIME),
      expiresAt: expect.stringMatching(ISO_TIME),
      updatedAt: first.body.registeredAt,
    });
    expect(secondsBetween(first.body.registeredAt, first.body.expectedBy)).toBe(60);
    expect(secondsBetween(first.body.registeredAt, first.body.expiresAt)).toBe(120);

    const again = await service.api.register(registration);
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    for (const change of [{ customerRef: 'cust-2' }, { channel: null }, { expiresAfterSeconds: 121 }]) {
      const differing = await service.api.register({ ...registration, ...change });
      expect({ status: differing.status, code: differing.problem.code }).toEqual({
        status: 409,
        code: 'SESSION_CONFLICT',
      });
    }
    expect(await service.api.entries('subject=registered')).toHaveLength(1);
  });

  it('needs the uuid alone and takes the configured times then', async () => {
    const { body } = await service.api.register({ uuid: 'A.z_0-9' });
    expect(secondsBetween(body.registeredAt, body.expectedBy)).toBe(3600);
    expect(secondsBetween(body.registeredAt, body.expiresAt)).toBe(86_400);
  });

  it('by many at once is done once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.api.register({ uuid: 'raced' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(49).fill(200), 201]);
    expect(await service.api.entries('subject=raced')).toHaveLength(1);
  });
});

describe('a session', () => {
  it('has its version as ETag: a new result changes it, a duplicate or a look does not', async () => {
    const etag = async () => (await service.api.getSession('tagged')).headers.get('etag');
    await service.api.register({ uuid: 'tagged' });
    expect(await etag()).toBe('"1"');
    await service.api.deliver(aCallback({ uuid: 'tagged' }));
    const received = await etag();
    expect(received).toBe('"3"');
    await service.api.deliver(aCallback({ uuid: 'tagged' }));
    await service.api.get('/v1/sessions/tagged/result');
    expect(await etag()).toBe(received);
    await service.api.deliver(aPulledResult({ uuid: 'tagged' }));
    expect(await etag()).toBe('"5"');
  });

  it('has a timeline of everything that happened, oldest first, page by page', async () => {
    await service.api.register({ uuid: 'timed' });
    await service.api.deliver(aCallback({ uuid: 'timed' }));
    await service.api.get('/v1/sessions/timed/result');
    const timeline = await service.api.all<AuditEntryResponse>('/v1/sessions/timed/timeline', 1);
    expect(timeline.map(({ action }) => action)).toEqual([
      'session.registered',
      'callback.received',
      'conclusion.reached',
      'personal_data.viewed',
    ]);
    expect(timeline).toEqual(await service.api.entries('subject=timed'));
    expect((await service.api.get('/v1/sessions/unknown/timeline')).status).toBe(404);
  });
});

describe('the list of sessions', () => {
  it('pages through 120 sessions, 7 at a time, each once, while others are added and change', async () => {
    const expected = Array.from({ length: 120 }, (_, at) => `page-${at}`);
    for (const uuid of expected) await service.api.register({ uuid, channel: 'paging' });

    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `channel=paging&limit=7${cursor && `&cursor=${cursor}`}`;
      const page = (await service.api.get<Page<SessionResponse>>(`/v1/sessions?${query}`)).body;
      pages.push(uuidsOf(page.items));
      cursor = page.nextCursor;
      await service.api.register({ uuid: `page-added-${pages.length}`, channel: 'paging' });
      await service.api.deliver(aCallback({ uuid: expected[pages.length]! }));
    }
    expect(pages.flat()).toEqual(expected.toReversed());
    expect(pages.map(({ length }) => length)).toEqual([...Array<number>(17).fill(7), 1]);
    expect(await service.api.all('/v1/sessions?channel=paging')).toHaveLength(120 + pages.length);
  });

  it('is filtered by every documented property, and by all of them together', async () => {
    const list = async (query: string) => uuidsOf(await service.api.all(`/v1/sessions?${query}`)).sort();
    const first = (
      await service.api.register({ uuid: 'f-registered', customerRef: 'cust-f', channel: 'f-1' })
    ).body;
    await service.api.register({ uuid: 'f-good', customerRef: 'cust-f', channel: 'f-2' });
    await service.api.deliver(aPulledResult({ uuid: 'f-good', similarity: 97 }));
    await service.api.register({ uuid: 'f-bad', customerRef: 'cust-f', channel: 'f-2' });
    const last = (await service.api.getSession('f-bad')).body;
    await service.api.deliver(theDocumentedCallback('f-bad'));

    const decisions = { good: (await service.api.getSession('f-good')).body.decision };
    expect(await list('customerRef=cust-f')).toEqual(['f-bad', 'f-good', 'f-registered']);
    expect(await list('channel=f-2')).toEqual(['f-bad', 'f-good']);
    expect(await list('customerRef=cust-f&status=REGISTERED')).toEqual(['f-registered']);
    expect(await list('customerRef=cust-f&decision=REJECT')).toEqual(['f-bad']);
    expect(await list(`channel=f-2&decision=${decisions.good}`)).toEqual(['f-good']);
    expect(await list('customerRef=cust-f&grade=CALLBACK_ONLY')).toEqual(['f-bad', 'f-good']);
    expect(await list('customerRef=cust-f&grade=AGREED')).toEqual([]);
    const whole = `customerRef=cust-f&channel=f-2&status=RECEIVED&decision=REJECT&grade=CALLBACK_ONLY`;
    expect(await list(`${whole}&from=${first.registeredAt}`)).toEqual(['f-bad']);
    expect(await list(`customerRef=cust-f&from=${first.registeredAt}&to=${last.registeredAt}`)).not.toContain(
      'f-bad',
    );
    expect(await list(`customerRef=cust-f&to=${first.registeredAt}`)).toEqual([]);
    expect(await list('customerRef=cust-f&from=2999-01-01T00:00:00Z')).toEqual([]);
  });
});

describe('a result', () => {
  const oddlyWritten = `\ufeff{ "uuid" : "viewed",\r\n"face_match":{"similarity":"91.5"},\t"ti\u1ebfng":"Vi\u1ec7t" }\n`;

  it('is shown in our own terms, with "N/A" as no value', async () => {
    await service.api.deliver(theDocumentedCallback('normalised'));
    const answer = await service.api.get<ResultResponse>('/v1/sessions/normalised/result');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      uuid: 'normalised',
      version: 1,
      source: 'CALLBACK',
      result: {
        code: '303',
        faceMatch: { isMatch: false, similarity: 49.09, warning: null },
        liveness: { isLive: true, spoofProbability: 0.3435, isDeepfake: null },
        ocr: { documents: [{ fields: { name: { value: 'Nguyễn Văn A', probability: 99.09 } } }, {}] },
        vendorConclusion: null,
      },
    });
  });

  it('is shown raw, byte for byte, of any version', async () => {
    const bytes = Buffer.from(oddlyWritten);
    await service.api.deliver(bytes);
    await service.api.deliver(aCallback({ uuid: 'viewed' }));
    const raw = (query: string) => service.api.get(`/v1/sessions/viewed/result/raw${query}`);
    expect((await raw('?version=1')).bytes.equals(bytes)).toBe(true);
    expect((await raw('')).bytes.toString()).toBe(JSON.stringify(aCallback({ uuid: 'viewed' })));
    expect((await raw('?version=2')).bytes).toEqual((await raw('')).bytes);
    expect((await raw('?version=3')).problem.code).toBe('RESULT_NOT_FOUND');
    const { body } = await service.api.get<ResultResponse>('/v1/sessions/viewed/result?version=1');
    expect(body).toMatchObject({ version: 1, result: { faceMatch: { similarity: 91.5 } } });
  });

  it('is shown to nobody without an entry that names who saw what, through which client', async () => {
    await service.api.deliver(aCallback({ uuid: 'watched' }));
    const reader = service.as('results:read');
    await reader.get('/v1/sessions/watched/result', { 'x-on-behalf-of': 'reviewer-7' });
    await reader.get('/v1/sessions/watched/result/raw', { 'x-on-behalf-of': inUtf8('kiểm-soát-viên-Đỗ') });
    await reader.get('/v1/sessions/watched/result?version=1');
    await reader.get('/v1/sessions/watched/result?version=9');

    const via = clientIdOf('results:read');
    const viewed = await service.api.entries('subject=watched&action=personal_data.viewed');
    expect(viewed.map(({ actor, data }) => ({ actor, data }))).toEqual([
      { actor: { type: 'person', id: 'reviewer-7', via }, data: { version: 1, form: 'NORMALISED' } },
      { actor: { type: 'person', id: 'kiểm-soát-viên-Đỗ', via }, data: { version: 1, form: 'RAW' } },
      { actor: { type: 'client', id: via }, data: { version: 1, form: 'NORMALISED' } },
    ]);
  });
});

describe('every call', () => {
  const CALLS: readonly [string, string, Scope][] = [
    ['POST', '/v1/sessions', 'sessions:write'],
    ['GET', '/v1/sessions', 'sessions:read'],
    ['GET', '/v1/sessions/any', 'sessions:read'],
    ['GET', '/v1/sessions/any/timeline', 'sessions:read'],
    ['GET', '/v1/sessions/any/result', 'results:read'],
    ['GET', '/v1/sessions/any/result/raw', 'results:read'],
    ['DELETE', '/v1/sessions/any/personal-data', 'personal-data:erase'],
    ['GET', '/v1/audit/entries', 'audit:read'],
    ['GET', '/v1/audit/entries/0', 'audit:read'],
  ];

  it.each(CALLS)('%s %s is for holders of %s alone', async (method, path, needed) => {
    const body = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } };
    expect((await service.as(null).call(method, path, body)).status).toBe(401);
    for (const scope of SCOPES) {
      const { status, problem } = await service.as(scope).call(method, path, body);
      if (scope === needed) expect([401, 403]).not.toContain(status);
      else
        expect({ scope, status, code: problem.code }).toEqual({ scope, status: 403, code: 'SCOPE_MISSING' });
    }
  });
});

describe('erasing personal data', () => {
  const erase = (at: ServiceProcess, uuid: string, person = 'dpo-1') =>
    at
      .as('personal-data:erase')
      .send<{ uuid: string; erasedAt: string }>(
        'DELETE',
        `/v1/sessions/${uuid}/personal-data`,
        { legalBasis: 'PDPL-2025 Art. 14(1)' },
        person === '' ? {} : { 'x-on-behalf-of': person },
      );
  let noHold: ServiceProcess;

  beforeAll(async () => {
    noHold = await startService({ beside: service, env: { LEGAL_HOLD_DAYS: '0' } });
  });

  it('is 409 for five years by default, and says until when', async () => {
    await service.api.deliver(aCallback({ uuid: 'held' }));
    const answer = await erase(service, 'held');
    expect({ status: answer.status, code: answer.problem.code }).toEqual({ status: 409, code: 'LEGAL_HOLD' });
    const { receivedAt } = (await service.api.getSession('held')).body.results[0]!;
    const days = secondsBetween(receivedAt, answer.problem['erasableAfter'] as string) / 86_400;
    expect(days).toBeCloseTo(1826, 2);
    expect((await service.api.get('/v1/sessions/held/result')).status).toBe(200);
    expect(await service.api.entries('subject=held&action=personal_data.erased')).toEqual([]);
  });

  it('is done by a person only, for a session that there is', async () => {
    expect((await erase(noHold, 'held', '')).problem.code).toBe('ON_BEHALF_OF_REQUIRED');
    expect((await erase(noHold, 'unknown')).problem.code).toBe('SESSION_NOT_FOUND');
  });

  it('takes the results away for good, leaves the conclusion and one entry, and can be repeated', async () => {
    await noHold.api.deliver(theDocumentedCallback('erased'));
    const before = (await noHold.api.getSession('erased')).body;
    const first = await erase(noHold, 'erased');
    expect({ status: first.status, body: first.body }).toEqual({
      status: 200,
      body: { uuid: 'erased', erasedAt: expect.stringMatching(ISO_TIME) },
    });
    expect((await erase(noHold, 'erased')).body).toEqual(first.body);

    for (const form of ['', '/raw', '?version=1']) {
      const answer = await noHold.api.get(`/v1/sessions/erased/result${form}`);
      expect({ status: answer.status, code: answer.problem.code }).toEqual({
        status: 410,
        code: 'PERSONAL_DATA_ERASED',
      });
    }
    expect(await noHold.db.collection('vault').countDocuments({ session: 'erased' })).toBe(0);
    const after = (await noHold.api.getSession('erased')).body;
    expect(after.conclusion).toEqual(before.conclusion);
    const entries = await noHold.api.entries('subject=erased&action=personal_data.erased');
    expect(entries.map(({ actor, data }) => ({ actor, data }))).toEqual([
      {
        actor: { type: 'person', id: 'dpo-1', via: clientIdOf('personal-data:erase') },
        data: { legalBasis: 'PDPL-2025 Art. 14(1)', results: 1 },
      },
    ]);
  });

  it('is not undone by a duplicate, and a result that comes later can be erased as well', async () => {
    const duplicate = await noHold.api.deliver(theDocumentedCallback('erased'));
    expect(duplicate.body.outcome).toBe('DUPLICATE');
    expect((await noHold.api.get('/v1/sessions/erased/result')).status).toBe(410);

    const later = await noHold.api.deliver(aPulledResult({ uuid: 'erased' }));
    expect(later.body.outcome).toBe('NEW_VERSION');
    expect((await noHold.api.get('/v1/sessions/erased/result')).status).toBe(200);
    expect((await noHold.api.get('/v1/sessions/erased/result?version=1')).status).toBe(410);
    expect((await erase(noHold, 'erased')).status).toBe(200);
    expect((await noHold.api.get('/v1/sessions/erased/result')).status).toBe(410);
    expect(await noHold.api.entries('subject=erased&action=personal_data.erased')).toHaveLength(2);
  });
});
