import { setImmediate as settled } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import type { CompiledRuleSet } from '../conclusion-rules/engine/compile.ts';
import type { RuleSets } from '../conclusion-rules/rule-sets.service.ts';
import type { Page } from '../platform/http/paging.ts';
import type { PersonalData } from '../sessions/personal-data.service.ts';
import type { SessionQueries } from '../sessions/session-queries.service.ts';
import { initialSession, type SessionState } from '../sessions/session-state.ts';
import { toSimulationLines } from './simulation.mapper.ts';
import type { SimulationLineResponse } from './simulation-responses.dto.ts';
import { type SimulatedSessions, Simulations } from './simulations.service.ts';

const PAGES = 35;
const PAGE = 100;
const HISTORY: SimulatedSessions = { from: undefined, to: undefined, cursor: undefined, limit: PAGES * PAGE };
const nobodyLeaves = new AbortController().signal;

async function* history(): AsyncGenerator<Page<SessionState>> {
  for (let page = 1; page <= PAGES; page += 1) {
    const items = Array.from({ length: PAGE }, (_, n) => initialSession(`s${page}-${n}`));
    yield await Promise.resolve({ items, nextCursor: page === PAGES ? null : `after-${page}` });
  }
}

const queries = {
  walk: () => Promise.resolve({ total: PAGES * PAGE, pages: history }),
  findMany: (uuids: readonly string[]) =>
    Promise.resolve(uuids.map((id) => ({ id, state: initialSession(id), lastIndex: 0 }))),
};

/** Of sessions without a conclusion, whose history is read page by page. */
function simulations(): Simulations {
  return new Simulations(
    queries as unknown as SessionQueries,
    { findManyForProcessing: () => Promise.resolve(new Map()) } as unknown as PersonalData,
    { compiled: () => Promise.resolve({} as CompiledRuleSet) } as unknown as RuleSets,
    {} as ConclusionService,
  );
}

describe(Simulations.name, () => {
  let sut: Simulations;
  beforeEach(() => {
    sut = simulations();
  });

  const isFree = async (): Promise<boolean> => (await sut.run('v', { uuids: ['a'] })).progress.lookedAt === 1;

  it('tells how far it is from the beginning on, and with every thousandth session', async () => {
    const lines: SimulationLineResponse[] = [];
    for await (const text of toSimulationLines('v', await sut.start('v', HISTORY, nobodyLeaves))) {
      for (const line of text.trim().split('\n')) lines.push(JSON.parse(line) as SimulationLineResponse);
    }
    const of = PAGES * PAGE;
    expect(lines.slice(0, -1)).toEqual(
      [0, 1_000, 2_000, 3_000].map((lookedAt) => ({ progress: { lookedAt, of } })),
    );
    expect(lines.at(-1)!.simulation).toMatchObject({
      progress: { lookedAt: of, of },
      skipped: { unconcluded: of },
      truncated: false,
    });
  });

  it('ends within its time and says where to go on', async () => {
    expect(await sut.run('v', HISTORY, { maxMs: 0 })).toMatchObject({
      progress: { lookedAt: PAGE, of: PAGES * PAGE },
      nextCursor: 'after-1',
    });
  });

  it('looks at all sessions that were named, whatever the time', async () => {
    const uuids = Array.from({ length: 250 }, (_, n) => `s${n}`);
    expect(await sut.run('v', { uuids }, { maxMs: 0 })).toMatchObject({
      progress: { lookedAt: 250, of: 250 },
      nextCursor: null,
    });
  });

  it('ends after its page when the service stops', async () => {
    const steps = await sut.start('v', HISTORY, nobodyLeaves);
    sut.onModuleDestroy();
    const cursors: (string | null)[] = [];
    for await (const { soFar } of steps) cursors.push(soFar.nextCursor);
    expect(cursors).toEqual([null, 'after-1']);
  });

  it('is at one simulation at a time', async () => {
    const steps = await sut.start('v', HISTORY, nobodyLeaves);
    await expect(isFree()).rejects.toMatchObject({ code: 'OVERLOADED' });
    for await (const step of steps) expect(step.changed).toEqual([]);
    expect(await isFree()).toBe(true);
  });

  it.each([0, 1, 3])('is free for another one when the caller has gone after %i steps', async (taken) => {
    const caller = new AbortController();
    const steps = (await sut.start('v', HISTORY, caller.signal))[Symbol.asyncIterator]();
    for (let n = 0; n < taken; n += 1) expect((await steps.next()).done).toBe(false);
    caller.abort();
    await settled();
    expect(await isFree()).toBe(true);
  });

  it('is free when the caller had gone before it began', async () => {
    await sut.start('v', HISTORY, AbortSignal.abort());
    await settled();
    expect(await isFree()).toBe(true);
  });
});
