import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { LogGrowth } from '../audit/log-growth.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { FeedPage } from './feed-pages.ts';
import { FeedService } from './feed.service.ts';

const LONG_MS = 30_000;
const nobody = new AbortController().signal;

/** A log, and growth that is told by hand. */
class Scene {
  readonly log: LogEntry[] = [];
  /** Sizes that are waited for. */
  readonly asked: number[] = [];
  private readonly wakes: ((grown: boolean) => void)[] = [];
  /** Runs while a page is read. */
  whileReading: () => void = () => undefined;

  private readonly growth = {
    heardOf: 0,
    beyond: (size: number): Promise<boolean> => {
      this.asked.push(size);
      if (this.growth.heardOf > size) return Promise.resolve(true);
      return new Promise((resolve) => this.wakes.push(resolve));
    },
  };

  private readonly queries = {
    readFrom: (index: number, limit: number) => {
      const found = this.log.slice(index, index + limit);
      this.whileReading();
      return Promise.resolve(found);
    },
    histories: async function* () {},
    holds: (index: number) => Promise.resolve(index < this.log.length),
  };

  private readonly sut = new FeedService(
    this.queries as unknown as AuditQueries,
    this.growth as unknown as LogGrowth,
    new Metrics(),
  );

  commit(action: 'session.registered' | 'personal_data.viewed', uuid = `s${this.log.length}`): void {
    const effective = { expectedWithinSeconds: 60, expiresAfterSeconds: 120 };
    this.log.push({
      index: this.log.length,
      id: `e${this.log.length}`,
      at: '2026-01-31T08:00:00.000Z',
      action,
      data: { customerRef: null, channel: null, effective },
      subject: { type: 'session', id: uuid },
      actor: { type: 'system', id: 'test' },
    });
    this.growth.heardOf = this.log.length;
  }

  /** Ends every wait. */
  tell(grown: boolean): void {
    for (const wake of this.wakes.splice(0)) wake(grown);
  }

  /** Resolves once that many waits have begun. */
  async waits(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise(setImmediate);
  }

  read(waitMs: number, after = -1, client = 'cards'): Promise<FeedPage> {
    return this.sut.read({ after, limit: 50 }, waitMs, client, nobody);
  }
}

describe(FeedService.name, () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });

  it('answers at once without a wait, and where there is something to tell', async () => {
    expect(await scene.read(0)).toMatchObject({ items: [], next: -1 });
    scene.commit('session.registered', 'a');
    expect(await scene.read(LONG_MS)).toMatchObject({ items: [{ index: 0, uuid: 'a' }], next: 0 });
    expect(scene.asked).toEqual([]);
  });

  it('answers with the first change after the wait has begun', async () => {
    const page = scene.read(LONG_MS);
    await scene.waits(1);
    scene.commit('session.registered', 'a');
    scene.tell(true);
    expect(await page).toMatchObject({ items: [{ index: 0 }], next: 0 });
  });

  it('goes on waiting over entries that change nothing, and answers where it is when the time is over', async () => {
    const page = scene.read(LONG_MS);
    await scene.waits(1);
    scene.commit('personal_data.viewed');
    scene.tell(true);
    await scene.waits(2);
    scene.tell(false);
    expect(await page).toMatchObject({ items: [], next: 0 });
    expect(scene.asked).toEqual([0, 1]);
  });

  it('overlooks no change that was committed while it read', async () => {
    scene.whileReading = () => {
      scene.whileReading = () => undefined;
      scene.commit('session.registered', 'a');
    };
    expect(await scene.read(LONG_MS)).toMatchObject({ items: [{ uuid: 'a' }] });
  });

  it('refuses a position that the log has not reached', async () => {
    scene.commit('session.registered');
    await expect(scene.read(LONG_MS, 1)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await scene.read(0, 0)).toMatchObject({ items: [], next: 0 });
  });

  it('lets 32 requests of a client wait and 256 in all, and takes the next when one has ended', async () => {
    const clients = Array.from({ length: 256 }, (_, n) => `client-${Math.floor(n / 32)}`);
    const pages = clients.map((client) => scene.read(LONG_MS, -1, client));
    await scene.waits(256);
    await expect(scene.read(LONG_MS, -1, 'client-0')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    await expect(scene.read(LONG_MS, -1, 'another')).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await scene.read(0, -1, 'another')).toMatchObject({ items: [] });
    scene.tell(false);
    await Promise.all(pages);
    const late = scene.read(LONG_MS, -1, 'another');
    await scene.waits(257);
    scene.tell(false);
    expect(await late).toMatchObject({ items: [] });
  });
});
