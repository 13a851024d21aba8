import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { CALLBACK_FAULTS, drawFault, type MediaFault } from './faults.ts';
import { aCallback, aPulledResult, theDocumentedCallback, type VendorCallback } from './payloads.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let simulator: Simulator;
let receiver: Server;
let received: Received[];
/** Answers of the receiver, in order; 200 when used up. */
let answers: { status: number; body?: string }[];

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url!, headers: request.headers, body });
      const { status, body: answer } = answers.shift() ?? { status: 200 };
      response.writeHead(status).end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});

afterEach(async () => {
  await simulator.stop();
  receiver.close();
  receiver.closeAllConnections();
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<void> {
  simulator = await startSimulator({
    callbackUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/callbacks`,
    retryIntervalMs: 1,
    trickleIntervalMs: 1,
    delayMs: 100,
    ...options,
  });
}

function pull(uuid: string, request: RequestInit = {}): Promise<Response> {
  return fetch(`${simulator.url}/callback/get_result`, {
    method: 'POST',
    redirect: 'manual',
    ...request,
    headers: { 'api-key': 'simulator-api-key', uuid, ...(request.headers as Record<string, string>) },
  });
}

const uuidsReceived = (): string[] => received.map(({ body }) => (JSON.parse(body) as VendorCallback).uuid);

describe('callbacks', () => {
  it('are sent as the vendor sends them: bare JSON as a form body with the fixed token', async () => {
    await start({ authentication: { kind: 'FIXED_TOKEN', header: 'your-key', token: 'your-value' } });

    simulator.control.finish('session-1', { result: { similarity: 49.09 } });
    await simulator.control.idle();

    expect(received).toHaveLength(1);
    expect(received[0]!.headers).toMatchObject({
      'your-key': 'your-value',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(JSON.parse(received[0]!.body)).toEqual(
      aCallback({ uuid: 'session-1', similarity: 49.09, mediaBaseUrl: `${simulator.url}/media` }),
    );
    expect(simulator.control.deliveries('session-1')).toMatchObject([
      { attempt: 1, status: 200, error: null },
    ]);
  });

  it('can be the documented sample to the letter', async () => {
    await start({ contentType: null });

    simulator.control.finish('session-1', { result: 'DOCUMENTED' });
    await simulator.control.idle();

    expect(JSON.parse(received[0]!.body)).toEqual(theDocumentedCallback('session-1'));
    expect(received[0]!.headers).not.toHaveProperty('content-type');
  });

  it('are put under the data key beside the payloads to echo, where that is configured', async () => {
    await start({ callbackDataKey: 'ekyc_data', requestPayloads: { tenant: 'retail' } });

    simulator.control.finish('session-1');
    await simulator.control.idle();

    expect(JSON.parse(received[0]!.body)).toMatchObject({
      tenant: 'retail',
      ekyc_data: { uuid: 'session-1' },
    });
  });

  it('are sent again until the answer is 2xx', async () => {
    await start({ retryCount: 5 });
    answers = [{ status: 503, body: 'later' }, { status: 302 }, { status: 204 }];

    simulator.control.finish('session-1');
    await simulator.control.idle();

    expect(simulator.control.deliveries()).toMatchObject([
      { attempt: 1, status: 503, answer: 'later' },
      { attempt: 2, status: 302 },
      { attempt: 3, status: 204 },
    ]);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('are given up after the last resend, also when nobody answers', async () => {
    await start({ retryCount: 2, callbackUrl: 'http://127.0.0.1:1/' });

    simulator.control.finish('session-1');
    await simulator.control.idle();

    const deliveries = simulator.control.deliveries();
    expect(deliveries.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, null],
      [2, null],
      [3, null],
    ]);
    expect(deliveries[0]!.error).not.toBe('');
  });

  it('fetch a Dynamic Token once, and a new one when it is refused', async () => {
    await start({
      authentication: { kind: 'DYNAMIC_TOKEN', clientId: 'vendor', clientSecret: 'secret' },
    });
    const token = (value: string) => ({
      status: 200,
      body: JSON.stringify({ access_token: value, token_type: 'Bearer', expires_in: 300 }),
    });
    answers = [token('first'), { status: 200 }, { status: 401 }, token('second'), { status: 200 }];

    simulator.control.finish('session-1');
    await simulator.control.idle();
    simulator.control.finish('session-2');
    await simulator.control.idle();

    expect(received.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/callbacks/token', undefined],
      ['/callbacks', 'Bearer first'],
      ['/callbacks', 'Bearer first'],
      ['/callbacks/token', undefined],
      ['/callbacks', 'Bearer second'],
    ]);
    expect(received[0]!.body).toBe('grant_type=client_credentials&client_id=vendor&client_secret=secret');
  });
});

describe('callback faults', () => {
  it.each([
    ['DUPLICATE', 2],
    ['DROP', 0],
    ['WRONG_TOKEN', 1],
  ] as const)('%s delivers %d times', async (callbackFault, times) => {
    await start();
    simulator.control.finish('session-1', { callbackFault });
    await simulator.control.idle();

    expect(received).toHaveLength(times);
    for (const { headers } of received) {
      expect(headers['x-callback-token']).toBe(
        callbackFault === 'WRONG_TOKEN' ? 'wrong-token' : 'simulator-token',
      );
    }
  });

  it('MALFORMED sends what is no JSON', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'MALFORMED' });
    await simulator.control.idle();

    expect(received[0]!.body).toContain('session-1');
    expect(() => JSON.parse(received[0]!.body) as unknown).toThrow(SyntaxError);
  });

  it('NOT_AVAILABLE sends "N/A" in every value of liveness and face match', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'NOT_AVAILABLE' });
    await simulator.control.idle();

    const { liveness, face_match: faceMatch } = JSON.parse(received[0]!.body) as VendorCallback;
    const values = [liveness, faceMatch].flatMap(
      (section) => Object.values({ ...section } as object) as string[],
    );
    expect(new Set(values)).toEqual(new Set(['N/A']));
  });

  it('ERROR_CODE sends an error of the vendor in place of a result', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'ERROR_CODE' });
    await simulator.control.idle();

    expect(JSON.parse(received[0]!.body)).toEqual({
      uuid: 'session-1',
      code: '400',
      message: 'uuid must be provided',
    });
  });

  it.each(['DELAY', 'REORDER'] as const)('%s lets a later session overtake', async (callbackFault) => {
    await start({ delayMs: 500 });
    simulator.control.finish('held', { callbackFault });
    simulator.control.finish('later');
    await simulator.control.idle();

    expect(uuidsReceived()).toEqual(['later', 'held']);
  });

  it('REORDER sends in the end even if no other session comes', async () => {
    await start({ delayMs: 1 });
    simulator.control.finish('only', { callbackFault: 'REORDER' });
    await simulator.control.idle();

    expect(uuidsReceived()).toEqual(['only']);
  });

  it('hit the same sessions for the same seed, about as often as asked', () => {
    const drawn = (seed: string): (string | null)[] =>
      Array.from({ length: 2_000 }, (_, n) =>
        drawFault(CALLBACK_FAULTS, { DROP: 0.2, DUPLICATE: 0.1 }, `${seed}/session-${n}`),
      );
    const share = (fault: string): number =>
      drawn('1').filter((each) => each === fault).length / drawn('1').length;

    expect(drawn('1')).toEqual(drawn('1'));
    expect(drawn('1')).not.toEqual(drawn('2'));
    expect(share('DROP')).toBeCloseTo(0.2, 1);
    expect(share('DUPLICATE')).toBeCloseTo(0.1, 1);
  });

  it('are refused when unknown or more likely than certain', async () => {
    await start();

    expect(() => simulator.control.setFaults({ DROP: 0.6, DELAY: 0.5 })).toThrow('more than 1');
    expect(() => simulator.control.setFaults({ DROP: 1.1 })).toThrow('DROP must be 0 to 1');
    expect(() => simulator.control.setFaults({ LATE: 1 } as never)).toThrow('Unknown fault LATE');
  });
});

describe('pulls', () => {
  const result = (uuid: string, recipe = {}) =>
    aPulledResult({ uuid, ...recipe, mediaBaseUrl: `${simulator.url}/media` });

  it('get 200, 403 and 404 as on the vendor’s page', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'DROP', result: { warnings: ['FC03'] } });

    const found = await pull('session-1');
    expect([found.status, await found.json()]).toEqual([200, result('session-1', { warnings: ['FC03'] })]);
    const forbidden = await pull('session-1', { headers: { 'api-key': 'other' } });
    expect([forbidden.status, await forbidden.text()]).toEqual([403, '{"message":"Forbidden"}']);
    const unknown = await pull('session-2');
    expect([unknown.status, await unknown.text()]).toEqual([404, '{"message":"Not found data with uuid"}']);
    expect((await pull('session-1', { method: 'GET' })).status).toBe(405);
    expect(simulator.control.pulls('session-1').map(({ outcome }) => outcome)).toEqual([
      'RESULT',
      'FORBIDDEN',
    ]);
  });

  it('may be GET where that is configured', async () => {
    await start({ resultMethods: ['GET', 'POST'] });
    simulator.control.finish('session-1', { callbackFault: 'DROP' });

    expect((await pull('session-1', { method: 'GET' })).status).toBe(200);
  });

  it('answer 404 once the retention has ended, and so do the media', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'DROP' });
    const { resources } = simulator.control.callbackOf('session-1');
    const video = await fetch(resources.video);
    expect([video.status, video.headers.get('content-type')]).toEqual([200, 'video/mp4']);

    simulator.control.purge('session-1');

    expect((await pull('session-1')).status).toBe(404);
    expect((await fetch(resources.front)).status).toBe(404);
  });

  it('give the other outcome of the face match under CONFLICT, every time', async () => {
    await start();
    simulator.control.finish('session-1', {
      callbackFault: 'DROP',
      pullFault: 'CONFLICT',
      result: { similarity: 95 },
    });

    for (let n = 0; n < 2; n += 1) {
      expect(await (await pull('session-1')).json()).toMatchObject({
        code: '303',
        face_match: { similarity: '49.09', isMatch: 'false' },
      });
    }
  });

  it.each([
    ['ERROR_CODE_IN_200', 200, /^\{"code":"400"/],
    ['FORBIDDEN', 403, /Forbidden/],
    ['NOT_FOUND', 404, /Not found data with uuid/],
    ['UNAVAILABLE', 503, /upstream/],
    ['HTML', 200, /^<!doctype html>/],
    ['TRAILING_COMMAS', 200, /\},\s*\]/],
    ['REDIRECT', 302, /^$/],
  ] as const)('answer under %s with %d', async (pullFault, status, body) => {
    await start();
    simulator.control.finish('session-1', {
      callbackFault: 'DROP',
      pullFault,
      pullFaultTimes: 1,
      result: { warnings: ['FC03'] },
    });

    const response = await pull('session-1');
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(text).toMatch(body);
    if (pullFault === 'TRAILING_COMMAS') {
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
      expect(JSON.parse(text.replaceAll(/,(\s*[}\]])/g, '$1'))).toEqual(
        result('session-1', { warnings: ['FC03'] }),
      );
    }
    expect((await pull('session-1')).status).toBe(200);
  });

  it('are no UTF-8 under INVALID_UTF8, and JSON but for that', async () => {
    await start();
    simulator.control.finish('session-1', { callbackFault: 'DROP', pullFault: 'INVALID_UTF8' });

    const bytes = await (await pull('session-1')).arrayBuffer();

    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow('not valid');
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ uuid: 'session-1' });
  });

  it('never end under HANG, trickle under TRICKLE and stream under HUGE until the simulator stops', async () => {
    await start({ hugeBytes: Number.MAX_SAFE_INTEGER });
    const bodyUnder = async (pullFault: 'TRICKLE' | 'HUGE') => {
      simulator.control.finish(pullFault, { callbackFault: 'DROP', pullFault });
      return (await pull(pullFault)).body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    };
    simulator.control.finish('hangs', { callbackFault: 'DROP', pullFault: 'HANG' });
    const hanging = expect(pull('hangs')).rejects.toThrow();
    await eventually(() => simulator.control.pulls('hangs').length === 1);
    const trickle = await bodyUnder('TRICKLE');
    const huge = await bodyUnder('HUGE');
    expect((await trickle.read()).value!.length).toBeLessThan(100);
    for (let bytes = 0; bytes < 10_000_000;) {
      bytes += (await huge.read()).value!.length;
    }

    await simulator.stop();

    await hanging;
    await expect(trickle.read().then(() => trickle.closed)).rejects.toThrow();
    await huge.cancel().catch(() => undefined);
  });
});

describe('media', () => {
  it('suffer the fault of their session as often as told, each kind by itself', async () => {
    await start();
    simulator.control.finish('a', { callbackFault: 'DROP', mediaFault: 'NOT_FOUND', mediaFaultTimes: 1 });
    const { front, video } = simulator.control.callbackOf('a').resources;

    expect([(await fetch(front)).status, (await fetch(front)).status]).toEqual([404, 200]);
    expect((await fetch(video)).status).toBe(404);
    expect(simulator.control.mediaRequests('a', 'front')).toBe(2);
  });

  it.each([
    ['UNAVAILABLE', 503],
    ['REDIRECT', 302],
    ['REDIRECT_LOOP', 302],
    ['WRONG_TYPE', 200],
  ] as const)('answer under %s with %d', async (mediaFault, status) => {
    await start();
    simulator.control.finish('a', { callbackFault: 'DROP', mediaFault });
    const { front } = simulator.control.callbackOf('a').resources;

    const response = await fetch(front, { redirect: 'manual' });
    expect(response.status).toBe(status);
    if (mediaFault === 'REDIRECT_LOOP') expect(front.endsWith(response.headers.get('location')!)).toBe(true);
    if (mediaFault === 'WRONG_TYPE') expect(await response.text()).toContain('<!doctype html>');
  });

  it('break off under CUT_OFF and never end under HANG, TRICKLE, ENDLESS and OVERSIZE', async () => {
    await start({ hugeBytes: Number.MAX_SAFE_INTEGER });
    const addressOf = (mediaFault: MediaFault) => {
      simulator.control.finish(mediaFault, { callbackFault: 'DROP', mediaFault });
      return simulator.control.callbackOf(mediaFault).resources.video;
    };
    await expect(fetch(addressOf('CUT_OFF')).then((cut) => cut.arrayBuffer())).rejects.toThrow();
    const hanging = expect(fetch(addressOf('HANG'))).rejects.toThrow();
    const bodies: ReadableStreamDefaultReader<Uint8Array>[] = [];
    for (const fault of ['TRICKLE', 'ENDLESS', 'OVERSIZE'] as const) {
      bodies.push((await fetch(addressOf(fault))).body!.getReader());
    }
    for (const body of bodies) expect((await body.read()).done).toBe(false);

    await simulator.stop();

    await hanging;
    await Promise.all(bodies.map((body) => body.cancel().catch(() => undefined)));
  });
});

describe('controls over HTTP', () => {
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${simulator.url}/_control/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('finish sessions, switch faults, send again, purge and tell what happened', async () => {
    await start();
    expect(await call('POST', 'faults', { DROP: 1 })).toMatchObject({ status: 200 });
    await call('POST', 'sessions', { uuid: 'dropped' });
    await call('POST', 'sessions', { sessions: [{ uuid: 'sent', callbackFault: null }] });
    await call('POST', 'redeliveries', { uuid: 'dropped' });
    await simulator.control.idle();
    await pull('sent');
    await call('POST', 'purges', { uuid: 'sent' });
    await pull('sent');

    expect(uuidsReceived().sort()).toEqual(['dropped', 'sent']);
    expect(await call('GET', 'deliveries?uuid=sent')).toMatchObject({
      body: { items: [{ uuid: 'sent', attempt: 1, status: 200 }], pending: 0 },
    });
    expect(await call('GET', 'pulls')).toMatchObject({
      body: { items: [{ outcome: 'RESULT' }, { outcome: 'NOT_FOUND' }] },
    });
  });

  it.each([
    ['sessions', {}, 'uuid is required'],
    ['sessions', { uuid: 'a', callbackFault: 'LATE' }, 'Unknown callbackFault'],
    ['sessions', { sessions: [{ uuid: 'a' }, { uuid: 'b', pullFault: 'DROP' }] }, 'Unknown pullFault'],
    ['sessions', { uuid: 'a', mediaFault: 'DROP' }, 'Unknown mediaFault'],
    ['faults', { LATE: 1 }, 'Unknown fault LATE'],
    ['redeliveries', { uuid: 'unknown' }, 'Session unknown is not finished or was purged'],
  ])('refuse %s with %j', async (path, body, message) => {
    await start();

    expect(await call('POST', path, body)).toEqual({ status: 400, body: { message } });
    expect(simulator.control.pending).toBe(0);
  });
});

describe('stopping', () => {
  it('sends neither held callbacks nor resends any more', async () => {
    await start({ retryIntervalMs: 600_000, delayMs: 600_000 });
    answers = [{ status: 500 }];
    simulator.control.finish('waits for a resend');
    simulator.control.finish('is held back', { callbackFault: 'DELAY' });
    await eventually(() => simulator.control.deliveries().length === 1);

    await simulator.stop();

    expect(uuidsReceived()).toEqual(['waits for a resend']);
    expect(simulator.control.pending).toBe(0);
  });
});
