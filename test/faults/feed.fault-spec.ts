import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FeedResponse, SessionChangeResponse } from '../../src/sessions/feed.dto.ts';
import type { SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';
import { ConsumedFeed } from './support/consumed-feed.ts';
import { untilAllIsProjected } from './support/ledger-contents.ts';
import { ResendingVendor } from './support/resending-vendor.ts';
import { choicesOf, LONG } from './support/run-size.ts';

const KILLS = LONG ? { consumer: 60, service: 6 } : { consumer: 8, service: 1 };

const random = choicesOf('feed');
let folder: string;
let instances: ServiceProcess[];
let vendor: ResendingVendor;
let consumer: ConsumedFeed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekyc-ledger-faults-'));
  const first = await startService({ env: { LOG_LEVEL: 'warn' } });
  instances = [first, await startService({ beside: first }), await startService({ beside: first })];
  vendor = new ResendingVendor(random, () => instances, LONG ? 40 : 10);
  consumer = new ConsumedFeed(join(folder, 'consumed.ndjson'), () => instances);
}, 120_000);
afterAll(async () => {
  await vendor.stop();
  await consumer.kill();
  await stopServices();
  await rm(folder, { recursive: true });
}, 120_000);

/** Mostly once it has got on, at some moment; now and then before it could. */
async function killConsumer(): Promise<void> {
  const enough = consumer.pages.length + random.integer(1, 4);
  if (random.fraction() < 0.8) await eventually(() => consumer.pages.length >= enough);
  await delay(random.integer(0, 300));
  await consumer.kill();
  consumer.start();
}

/** The others go on writing and answering. */
async function killAnInstance(): Promise<void> {
  const place = random.integer(0, instances.length - 1);
  const victim = instances[place]!;
  await victim.kill();
  instances[place] = await startService({ beside: victim });
}

async function everyChange({ api }: ServiceProcess): Promise<FeedResponse> {
  const items: SessionChangeResponse[] = [];
  for (let after = -1; ;) {
    const { body } = await api.get<FeedResponse>(`/v1/feed?after=${after}&limit=200`);
    items.push(...body.items);
    if (body.next === after) return { items, next: after };
    after = body.next;
  }
}

describe('a consumer of the feed that is killed at random, while three instances write and die', () => {
  it('has each change once and in order, whichever instance it asks', async () => {
    const kills = [
      ...Array.from({ length: KILLS.consumer }, () => killConsumer),
      ...Array.from({ length: KILLS.service }, () => killAnInstance),
    ];
    vendor.start(12);
    consumer.start();
    while (kills.length > 0) {
      const [kill] = kills.splice(random.integer(0, kills.length - 1), 1);
      await kill!();
    }
    await vendor.stop();
    await untilAllIsProjected(instances[0]!);
    // The instance that died last has another address now.
    await consumer.kill();
    consumer.start();
    const complete = await eventually(async () => {
      const all = await everyChange(random.pick(instances));
      return consumer.pages.at(-1)!.next >= all.next ? all : null;
    }, 60_000);

    const { pages } = consumer;
    const kept = pages.flatMap(({ items }) => items);
    expect(pages.map(({ after }) => after)).toEqual([-1, ...pages.slice(0, -1).map(({ next }) => next)]);
    expect(kept).toEqual(complete.items);
    const indexes = kept.map(({ index }) => index);
    expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
    process.stderr.write(`feed: ${kept.length} changes in ${pages.length} pages\n`);
  }, 900_000);

  it('ends where every session stands, by what the projection says', async () => {
    const last = new Map(
      consumer.pages.flatMap(({ items }) =>
        items.map(
          ({ uuid, status, decision, confirmed }) => [uuid, { status, decision, confirmed }] as const,
        ),
      ),
    );
    const sessions = await random.pick(instances).api.all<SessionResponse>('/v1/sessions');
    const stands = new Map(
      sessions.map(
        ({ uuid, status, decision, confirmed }) => [uuid, { status, decision, confirmed }] as const,
      ),
    );
    expect(stands.size).toBeGreaterThan(0);
    expect(last).toEqual(stands);
  }, 120_000);
});
