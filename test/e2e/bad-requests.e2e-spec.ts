import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { PROBLEMS } from '../../src/platform/http/problem.ts';
import type { Answer, Headers } from '../support/api-client.ts';
import { startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

/** Stands for whatever a caller sends by mistake: it must not come back. */
const SECRET = 'Nguyen-079099012345';
const JSON_TYPE = { 'content-type': 'application/json' };

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({ env: { RATE_LIMIT_FAILED_AUTH: '20' } });
  await service.api.register({ uuid: 'known' });
});
afterAll(stopServices);

/** An error has the documented form, and shows nothing of what was sent. */
function expectProblem(answer: Answer<unknown>, status: number, code: keyof typeof PROBLEMS): void {
  expect({ status: answer.status, body: answer.bytes.toString() }).toMatchObject({ status });
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const { problem } = answer;
  const correlationId = answer.headers.get('x-correlation-id')!;
  expect(problem).toEqual({
    type: `urn:ekyc-ledger:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: PROBLEMS[code].title,
    status,
    detail: expect.stringMatching(/^\S.*\.$/),
    instance: `urn:ekyc-ledger:request:${correlationId}`,
    code,
    correlationId,
    ...(status === 400 && { errors: expect.arrayContaining([expect.anything()]) }),
  });
  for (const error of problem.errors ?? []) {
    expect(error).toEqual({ path: expect.stringMatching(/\S/), message: expect.stringMatching(/\S/) });
  }
  expect(answer.bytes.toString()).not.toContain(SECRET);
}

describe('a query', () => {
  it.each([
    ['an unknown parameter', '/v1/sessions?sort=uuid'],
    ['a parameter where there are none', '/v1/sessions/known?fields=uuid'],
    ['a parameter named like an object’s own parts', '/v1/sessions?__proto__=1'],
    ['another parameter of that kind', '/v1/sessions?constructor=1'],
    ['an operator', '/v1/sessions?status[$ne]=x'],
    ['a parameter twice', '/v1/sessions?status=REGISTERED&status=RECEIVED'],
    ['an unknown status', `/v1/sessions?status=${SECRET}`],
    ['an ID number as customer', '/v1/sessions?customerRef=079099012345'],
    ['a limit of 0', '/v1/sessions?limit=0'],
    ['a limit of 201', '/v1/sessions?limit=201'],
    ['a limit that is a fraction', '/v1/audit/entries?limit=1.5'],
    ['a limit that is no number', `/v1/audit/entries?limit=${SECRET}`],
    ['an empty limit', '/v1/audit/entries?limit='],
    ['a cursor that we never gave', `/v1/sessions?cursor=${SECRET}`],
    ['a cursor with other content', `/v1/sessions?cursor=${Buffer.from('i-1').toString('base64url')}`],
    ['a cursor of another alphabet', '/v1/audit/entries?cursor=%24gt'],
    ['a cursor on a timeline that we never gave', '/v1/sessions/known/timeline?cursor=x'],
    ['a day in place of a time', '/v1/sessions?from=2026-01-31'],
    ['a number in place of a time', '/v1/sessions?from=5'],
    ['a time without a zone', '/v1/audit/entries?to=2026-01-31T00:00:00'],
    ['a day that does not exist', '/v1/audit/entries?from=2026-13-45T00:00:00Z'],
    ['an unknown action', `/v1/audit/entries?action=${SECRET}`],
    ['a version of 0', '/v1/sessions/known/result?version=0'],
    ['a uuid of 129 characters', `/v1/sessions/${'a'.repeat(129)}`],
    ['a uuid of 1,000 characters', `/v1/sessions/${SECRET}${'a'.repeat(1000)}`],
    ['a uuid with a slash', '/v1/sessions/a%2Fb'],
    ['a uuid with a NUL', '/v1/sessions/a%00'],
    ['a uuid beyond ASCII', `/v1/sessions/${encodeURIComponent('phiên')}`],
    ['an address that can not be decoded', `/v1/sessions/%zz${SECRET}`],
    ['an entry index below 0', '/v1/audit/entries/-1'],
    ['an entry index with a sign', '/v1/audit/entries/+1'],
    ['an entry index beyond all bounds', `/v1/audit/entries/${'9'.repeat(30)}`],
  ])('with %s is 400', async (_, path) => {
    expectProblem(await service.api.get(path), 400, 'VALIDATION_FAILED');
  });
});

describe('a body', () => {
  const register = (body: string | Uint8Array<ArrayBuffer>, headers: Headers = JSON_TYPE) =>
    service.api.call('POST', '/v1/sessions', { headers, body });

  it.each([
    ['an unknown field', `{"uuid":"a","name":"${SECRET}"}`],
    ['an unknown field that is named with a value', `{"uuid":"a","${SECRET}":1}`],
    ['a field named constructor', '{"uuid":"a","constructor":{"prototype":{"x":1}}}'],
    ['a field named toString', '{"uuid":"a","toString":1}'],
    ['no fields', '{}'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[{"uuid":"a"}]'],
    ['a text', `"${SECRET}"`],
    ['a number', '5'],
    ['an operator as uuid', '{"uuid":{"$gt":""}}'],
    ['a list as uuid', '{"uuid":["a"]}'],
    ['a number as uuid', '{"uuid":1}'],
    ['a malformed uuid', `{"uuid":"${SECRET} "}`],
    ['an ID number as customer', '{"uuid":"a","customerRef":"079-099-012345"}'],
    ['a phone number as channel', '{"uuid":"a","channel":"0912345678"}'],
    ['a text as number', `{"uuid":"a","expectedWithinSeconds":"${SECRET}"}`],
    ['a number beyond all bounds', '{"uuid":"a","expiresAfterSeconds":1e999}'],
    ['a negative number', '{"uuid":"a","expiresAfterSeconds":-1}'],
    ['a thousand levels', `{"uuid":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ])('that is or has %s is 400', async (_, body) => {
    expectProblem(await register(body), 400, 'VALIDATION_FAILED');
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['half a document', `{"uuid":"${SECRET}`],
    ['a document with __proto__', `{"uuid":"a","__proto__":{"x":"${SECRET}"}}`],
    ['a document with __proto__ inside', '{"uuid":{"__proto__":[]}}'],
    ['no UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
    ['half a million brackets', '['.repeat(500_000)],
  ])('that is %s is 400', async (_, body) => {
    expectProblem(await register(body), 400, 'MALFORMED_JSON');
  });

  it.each([
    ['none', {}],
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON in another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['something like JSON', { 'content-type': 'application/jsonp' }],
  ])('of this media type is 415: %s', async (_, headers) => {
    const body = new Uint8Array(Buffer.from('{"uuid":"media"}'));
    expectProblem(await register(body, headers), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('of more than 1 MiB is 413', async () => {
    const body = JSON.stringify({ uuid: SECRET.repeat(60_000) });
    expectProblem(await register(body), 413, 'BODY_TOO_LARGE');
  });

  it('that lacks the legal basis of an erasure is 400', async () => {
    const path = '/v1/sessions/known/personal-data';
    const headers = { ...JSON_TYPE, 'x-on-behalf-of': 'dpo-1' };
    expectProblem(await service.api.call('DELETE', path, { headers, body: '{}' }), 400, 'VALIDATION_FAILED');
  });
});

describe('an error', () => {
  it.each([
    ['an address that does not exist', 404, 'NOT_FOUND', () => service.api.get(`/v1/${SECRET}`)],
    ['a method that is not answered', 404, 'NOT_FOUND', () => service.api.call('PUT', '/v1/sessions')],
    ['an unknown session', 404, 'SESSION_NOT_FOUND', () => service.api.get(`/v1/sessions/${SECRET}`)],
    [
      'a session without a result',
      404,
      'RESULT_NOT_FOUND',
      () => service.api.get('/v1/sessions/known/result'),
    ],
    ['an entry that is not there', 404, 'ENTRY_NOT_FOUND', () => service.api.get('/v1/audit/entries/999999')],
    [
      'another registration',
      409,
      'SESSION_CONFLICT',
      () => service.api.register({ uuid: 'known', channel: 'web' }),
    ],
    ['no key', 401, 'UNAUTHENTICATED', () => service.as(null).get('/v1/sessions')],
    [
      'a bad key',
      401,
      'UNAUTHENTICATED',
      () => service.as(null).get('/v1/sessions', { authorization: `Bearer ${SECRET}` }),
    ],
    [
      'a key in another scheme',
      401,
      'UNAUTHENTICATED',
      () => service.as(null).get('/v1/sessions', { authorization: `Basic ${service.apiKey}` }),
    ],
    [
      'a bad callback token',
      401,
      'UNAUTHENTICATED',
      () => service.api.deliver('{}', { 'x-callback-token': SECRET }),
    ],
    ['a missing scope', 403, 'SCOPE_MISSING', () => service.as('sessions:read').get('/v1/audit/entries')],
    [
      'an unprintable person',
      400,
      'VALIDATION_FAILED',
      () => service.api.get('/v1/sessions/known/result', { 'x-on-behalf-of': `${SECRET}\u00ff` }),
    ],
    [
      'a signature in nobody’s name',
      400,
      'ON_BEHALF_OF_REQUIRED',
      () => service.api.call('POST', '/v1/reconciliation/closes/2026-01-31/signature'),
    ],
  ] as const)('about %s has the documented form', async (_, status, code, call) => {
    expectProblem(await call(), status, code);
  });

  it('about what is no HTTP has the documented form as well', async () => {
    const answers = await Promise.all([
      sendRaw(`${SECRET}\r\n\r\n`),
      sendRaw(`GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`),
    ]);
    for (const answer of answers) {
      const [head, body] = answer.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
      expect(JSON.parse(body!)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
      expect(answer).not.toContain(SECRET);
    }
  });

  it('repeats a well-formed correlation id and replaces any other', async () => {
    const ask = (id: string) => service.api.get('/v1/sessions/unknown', { 'x-correlation-id': id });
    for (const id of ['order-4711', 'a'.repeat(128), '0000.0000_0000-0000']) {
      expect((await ask(id)).problem.correlationId).toBe(id);
    }
    const made = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (const id of [
      '',
      'short',
      'a'.repeat(129),
      'with blank',
      '<script>alert(1)</script>',
      'ti\u00eang-vi\u00eat',
    ]) {
      const answer = await ask(id);
      expect(answer.problem.correlationId).toMatch(made);
      expectProblem(answer, 404, 'SESSION_NOT_FOUND');
    }
    expect(
      (await service.api.get('/v1/sessions/known', { 'x-correlation-id': 'success-1' })).headers.get(
        'x-correlation-id',
      ),
    ).toBe('success-1');
  });

  it('of authentication, made too often from one address, is 429 with Retry-After', async () => {
    const answers = await Promise.all(Array.from({ length: 25 }, () => service.as(null).get('/v1/sessions')));
    const tooMany = answers.filter(({ status }) => status === 429);
    expect(tooMany.length).toBeGreaterThan(0);
    for (const answer of tooMany) {
      expectProblem(answer, 429, 'TOO_MANY_REQUESTS');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await service.api.get('/v1/sessions')).status).toBe(200);
  });
});

function sendRaw(text: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (chunk: Buffer) => received.push(chunk)).on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(received).toString()));
  });
}
