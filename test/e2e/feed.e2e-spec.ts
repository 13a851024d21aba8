import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FeedResponse, SessionChangeResponse } from '../../src/sessions/feed.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService();
});
afterAll(stopServices);

const read = async (query: string, at = service) => (await at.api.get<FeedResponse>(`/v1/feed${query}`)).body;
const head = async () => {
  let next = -1;
  for (;;) {
    const page = await read(`?after=${next}&limit=200`);
    if (page.next === next) return next;
    next = page.next;
  }
};
const ofSession = (items: readonly SessionChangeResponse[], uuid: string) =>
  items.filter((item) => item.uuid === uuid);

/** How many requests wait at an instance. */
async function waiting({ api }: ServiceProcess): Promise<number> {
  const metrics = (await api.get('/metrics')).bytes.toString();
  return Number(/^ekyc_feed_waiting_requests (\d+)$/m.exec(metrics)?.[1]);
}

describe('the feed', () => {
  it('tells every change of a session, as it stood at that entry, and goes on from where it was left', async () => {
    const before = await head();
    await service.api.register({ uuid: 'followed' });
    await service.api.deliver(aCallback({ uuid: 'followed' }));
    await service.api.deliver(aCallback({ uuid: 'followed' }));
    await service.api.get('/v1/sessions/followed/result');

    const { items, next } = await read(`?after=${before}`);
    const timeline = await service.api.entries('subject=followed');
    const entry = (action: string) => timeline.find((each) => each.action === action)!;
    const { decision } = (await service.api.getSession('followed')).body;
    const common = { uuid: 'followed', confirmed: false };
    expect(ofSession(items, 'followed')).toEqual([
      { ...common, ...place(entry('session.registered')), status: 'REGISTERED', decision: null },
      { ...common, ...place(entry('callback.received')), status: 'RECEIVED', decision: null },
      { ...common, ...place(entry('conclusion.reached')), status: 'RECEIVED', decision },
    ]);
    expect(next).toBeGreaterThanOrEqual(entry('personal_data.viewed').index);
    expect(ofSession((await read(`?after=${next}`)).items, 'followed')).toEqual([]);

    let after = before;
    const one: SessionChangeResponse[] = [];
    while (after < next) {
      const page = await read(`?after=${after}&limit=1`);
      expect(page.items.length).toBeLessThanOrEqual(1);
      one.push(...page.items);
      after = page.next;
    }
    expect(ofSession(one, 'followed')).toEqual(ofSession(items, 'followed'));
    expect((await read(`?after=${before}&limit=3`)).items).toEqual(items.slice(0, 3));
  });

  it('begins at the beginning without a position', async () => {
    expect(await read('')).toEqual(await read('?after=-1'));
    expect((await read('')).items[0]).toMatchObject({ status: 'REGISTERED', decision: null });
  });

  it.each([
    ['after', 'after=x'],
    ['after', 'after='],
    ['after', 'after=-2'],
    ['after', 'after=1.5'],
    ['after', 'after=999999999'],
    ['after', 'after=1&after=2'],
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['wait', 'wait=-1'],
    ['wait', 'wait=31'],
    ['cursor', 'cursor=aTQy'],
  ])('refuses a wrong %s: %s', async (path, query) => {
    const { status, problem } = await service.api.get(`/v1/feed?${query}`);
    expect({ status, code: problem.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(problem.errors).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
  });

  it('needs the scope sessions:read', async () => {
    expect((await service.as('sessions:read').get('/v1/feed')).status).toBe(200);
    expect((await service.as('results:read').get('/v1/feed')).status).toBe(403);
    expect((await service.as(null).get('/v1/feed')).status).toBe(401);
  });
});

describe('waiting for a change', () => {
  it('ends with the first one, be it committed here or at another instance', async () => {
    const other = await startService({ beside: service });
    for (const [uuid, writer] of [
      ['here', service],
      ['there', other],
    ] as const) {
      const answer = service.api.get<FeedResponse>(`/v1/feed?after=${await head()}&wait=30`);
      await eventually(async () => (await waiting(service)) === 1);
      await writer.api.register({ uuid });
      const { status, body } = await answer;
      expect(status).toBe(200);
      expect(body.items).toEqual([expect.objectContaining({ uuid, status: 'REGISTERED' })]);
    }
  });

  it('ends without items when its time is over', async () => {
    const after = await head();
    const { items, next } = await read(`?after=${after}&wait=1`);
    expect(items).toEqual([]);
    expect(next).toBeGreaterThanOrEqual(after);
  });

  it('ends when the client goes away', async () => {
    const client = new AbortController();
    const request = fetch(`${service.url}/v1/feed?after=${await head()}&wait=30`, {
      headers: { authorization: `Bearer ${service.apiKey}` },
      signal: client.signal,
    });
    await eventually(async () => (await waiting(service)) === 1);
    client.abort();
    await expect(request).rejects.toThrow();
    await eventually(async () => (await waiting(service)) === 0);
  });

  it('ends with a normal answer when the service stops', async () => {
    const stopping = await startService({ beside: service });
    const after = await head();
    const answer = stopping.api.get<FeedResponse>(`/v1/feed?after=${after}&wait=30`);
    await eventually(async () => (await waiting(stopping)) === 1);
    await stopping.stop();
    const { status, body } = await answer;
    expect({ status, items: body.items }).toEqual({ status: 200, items: [] });
    expect(body.next).toBeGreaterThanOrEqual(after);
  });
});

function place({ index, at }: { index: number; at: string }): { index: number; at: string } {
  return { index, at };
}
