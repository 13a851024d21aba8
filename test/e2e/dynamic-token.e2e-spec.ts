import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccessTokenResponse } from '../../src/callback/vendor-token.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { Answer, Headers } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const TOKEN_PATH = '/v1/callbacks/fpt/token';
const CLIENT_ID = 'fpt';
const CLIENT_SECRET = 'a+secret/of%41the=vendor';
const CREDENTIALS = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
const GRANT = { grant_type: 'client_credentials' };

const form = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const bearer = (token: string) => ({ 'x-callback-token': '', authorization: `Bearer ${token}` });

const ask = (service: ServiceProcess, body: string, headers: Headers = {}) =>
  service.as(null).call<AccessTokenResponse>('POST', TOKEN_PATH, {
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
const tokenOf = async (service: ServiceProcess) =>
  (await ask(service, form({ ...GRANT, ...CREDENTIALS }))).body.access_token;
const deliver = (service: ServiceProcess, uuid: string, headers: Headers) =>
  service.as(null).deliver(aCallback({ uuid }), headers);

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({
    env: { CALLBACK_TOKEN_CLIENT_ID: CLIENT_ID, CALLBACK_TOKEN_CLIENT_SECRET: CLIENT_SECRET },
  });
});
afterAll(stopServices);

describe('a token', () => {
  it.each([
    ['as a form', form({ ...GRANT, ...CREDENTIALS }), {}],
    [
      'as JSON',
      JSON.stringify({ ...GRANT, ...CREDENTIALS }),
      { 'content-type': 'application/json; charset=utf-8' },
    ],
    ['as JSON under the content type of a form', JSON.stringify({ ...GRANT, ...CREDENTIALS }), {}],
    ['with HTTP Basic as curl sends it', form(GRANT), basic(CLIENT_ID, CLIENT_SECRET)],
    ['with HTTP Basic as the RFC has it', form(GRANT), basic(CLIENT_ID, encodeURIComponent(CLIENT_SECRET))],
    ['with a scope, which is of no account', form({ ...GRANT, ...CREDENTIALS, scope: 'callbacks' }), {}],
  ])('is issued to the vendor that asks %s, and delivers a callback', async (name, body, headers) => {
    const issued = await ask(service, body, headers);
    expect(issued.status).toBe(200);
    expect(issued.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{72}$/),
      token_type: 'Bearer',
      expires_in: 300,
    });
    expect(issued.headers.get('cache-control')).toBe('no-store');
    expect(issued.headers.get('pragma')).toBe('no-cache');
    expect(issued.headers.get('content-type')).toMatch(/^application\/json/);

    const uuid = `issued-${name.replaceAll(/\W+/g, '-')}`;
    const receipt = await deliver(service, uuid, bearer(issued.body.access_token));
    expect({ status: receipt.status, ...receipt.body }).toMatchObject({
      status: 200,
      uuid,
      outcome: 'ACCEPTED',
    });
  });

  it('may be used as often as wanted, beside the fixed token', async () => {
    const token = await tokenOf(service);
    const answers = [
      await deliver(service, 'often', bearer(token)),
      await deliver(service, 'often', bearer(token)),
      await deliver(service, 'often', { 'x-callback-token': service.callbackToken }),
    ];
    expect(answers.map(({ status, body }) => [status, body.outcome])).toEqual([
      [200, 'ACCEPTED'],
      [200, 'DUPLICATE'],
      [200, 'DUPLICATE'],
    ]);
  });

  it('of one instance is accepted by the other, also when the first has ended and starts again', async () => {
    const first = await startService({ beside: service, env: service.env });
    const [fromFirst, fromService] = [await tokenOf(first), await tokenOf(service)];
    expect((await deliver(service, 'from-first', bearer(fromFirst))).status).toBe(200);
    expect((await deliver(first, 'from-service', bearer(fromService))).status).toBe(200);
    await first.kill();
    const restarted = await startService({ beside: service, env: service.env });
    expect((await deliver(restarted, 'from-before', bearer(fromFirst))).status).toBe(200);
    await restarted.stop();
  });

  it('is no API key, and an API key is no token', async () => {
    const token = await tokenOf(service);
    const asKey = await service.as(null).get('/v1/sessions', { authorization: `Bearer ${token}` });
    expect(asKey.status).toBe(401);
    expect((await deliver(service, 'key-as-token', bearer(service.apiKey))).status).toBe(401);
  });

  it.each([
    ['forged', (token: string) => `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`],
    ['cut off', (token: string) => token.slice(0, -1)],
    ['the fixed one', () => service.callbackToken],
    ['the client secret', () => CLIENT_SECRET],
  ])('that is %s is refused and nothing of the delivery is kept', async (_, spoil) => {
    const before = await service.db.collection('audit_log').countDocuments();
    const refused = await deliver(service, 'refused', bearer(spoil(await tokenOf(service))));
    expect(refused.problem).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(await service.db.collection('audit_log').countDocuments()).toBe(before);
  });
});

describe('a request for a token', () => {
  const errorOf = (answer: Answer<unknown>) => ({ status: answer.status, error: answer.problem['error'] });

  it.each([
    ['a wrong secret', form({ ...GRANT, ...CREDENTIALS, client_secret: `${CLIENT_SECRET}x` }), {}],
    ['another id', form({ ...GRANT, ...CREDENTIALS, client_id: 'somebody' }), {}],
    ['no credentials', form(GRANT), {}],
    ['nothing at all', '', {}],
    ['wrong HTTP Basic credentials', form(GRANT), basic(CLIENT_ID, 'wrong')],
    ['an API key', form(GRANT), { authorization: 'Bearer some-key' }],
  ])('with %s is answered invalid_client', async (_, body, headers) => {
    const refused = await ask(service, body, { ...headers, 'x-correlation-id': 'token-request-7' });
    expect(errorOf(refused)).toEqual({ status: 401, error: 'invalid_client' });
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(refused.headers.get('content-type')).toMatch(/^application\/json/);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(refused.headers.get('x-correlation-id')).toBe('token-request-7');
  });

  it.each([
    ['another grant', form({ grant_type: 'password', ...CREDENTIALS }), 'unsupported_grant_type'],
    ['no grant', form(CREDENTIALS), 'invalid_request'],
    ['broken JSON', '{"grant_type":', 'invalid_request'],
    ['a repeated parameter', `${form({ ...GRANT, ...CREDENTIALS })}&client_id=fpt`, 'invalid_request'],
  ])('with %s is answered 400', async (_, body, error) => {
    const refused = await ask(service, body);
    expect(errorOf(refused)).toEqual({ status: 400, error });
    expect(refused.headers.get('cache-control')).toBe('no-store');
  });

  it('of more than 8 KiB is not read', async () => {
    expect((await ask(service, `padding=${'x'.repeat(8_192)}`)).problem).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
  });

  it('is refused to everybody where no client was agreed', async () => {
    const fixedOnly = await startService();
    expect(errorOf(await ask(fixedOnly, form({ ...GRANT, ...CREDENTIALS })))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    await fixedOnly.stop();
  });

  it('counts as a failed authentication of its address, and the vendor itself is not held up', async () => {
    const guarded = await startService({
      beside: service,
      env: { ...service.env, RATE_LIMIT_FAILED_AUTH: '3' },
    });
    const guess = () => ask(guarded, form({ ...GRANT, ...CREDENTIALS, client_secret: 'a guess' }));
    const statuses = [];
    for (let attempt = 0; attempt < 4; attempt += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    expect(Number((await guess()).headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await deliver(guarded, 'guarded', bearer(await tokenOf(guarded)))).status).toBe(200);
    await guarded.stop();
  });

  it('leaves no secret and no token in the log of the service', async () => {
    const token = await tokenOf(service);
    await deliver(service, 'unlogged', bearer(`${token}x`));
    const logs = await service.allLogs();
    for (const secret of [CLIENT_SECRET, token]) expect(logs).not.toContain(secret);
  });
});

describe("the vendor's sender in Dynamic Token mode", () => {
  const credentials = { kind: 'DYNAMIC_TOKEN', clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } as const;
  const stops: (() => unknown)[] = [];
  afterAll(() => Promise.all(stops.map((stop) => stop())));

  async function simulate(callbackUrl: string, tokenUrl?: string) {
    const simulator = await startSimulator({
      callbackUrl,
      retryIntervalMs: 50,
      authentication: { ...credentials, ...(tokenUrl !== undefined && { tokenUrl }) },
    });
    stops.push(() => simulator.stop());
    const statusesOf = (uuid: string) => simulator.control.deliveries(uuid).map(({ status }) => status);
    return {
      send: async (uuid: string) => {
        simulator.control.finish(uuid, {});
        await eventually(() => statusesOf(uuid).includes(200));
        return statusesOf(uuid);
      },
    };
  }

  /** Hands on the service's tokens, but says that they live for an hour. */
  async function startBoastfulTokenUrl(behind: ServiceProcess): Promise<{ url: string; handedOn: string[] }> {
    const handedOn: string[] = [];
    const server = createServer((request, response) => {
      void text(request)
        .then((body) => ask(behind, body))
        .then(({ body }) => {
          handedOn.push(body.access_token);
          response.end(JSON.stringify({ ...body, expires_in: 3_600 }));
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(() => server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, handedOn };
  }

  it('fetches a token at the address below the callback and delivers with it', async () => {
    const vendor = await simulate(`${service.url}/v1/callbacks/fpt`);
    expect(await vendor.send('simulated-1')).toEqual([200]);
    expect(await vendor.send('simulated-2')).toEqual([200]);
  });

  it('is refused with an expired token, fetches a new one and delivers after all', async () => {
    const brief = await startService({
      beside: service,
      env: { ...service.env, CALLBACK_TOKEN_TTL_S: '1' },
    });
    const tokenUrl = await startBoastfulTokenUrl(brief);
    const vendor = await simulate(`${brief.url}/v1/callbacks/fpt`, tokenUrl.url);
    expect((await vendor.send('before-expiry')).at(-1)).toBe(200);
    const used = tokenUrl.handedOn.length;
    const expired = tokenUrl.handedOn.at(-1)!;
    await eventually(async () => (await deliver(brief, 'probe', bearer(expired))).status === 401);

    const statuses = await vendor.send('after-expiry');
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(200);
    expect(tokenUrl.handedOn.length).toBeGreaterThan(used);
    await brief.stop();
  });
});
