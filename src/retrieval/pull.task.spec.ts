import { describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../platform/config/app-config.ts';
import type { Leases } from '../platform/leases/leases.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { SessionQueries } from '../sessions/session-queries.service.ts';
import { initialSession, type SessionState } from '../sessions/session-state.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import { PullTask } from './pull.task.ts';
import type { PullClaims } from './pull-claims.repository.ts';
import type { RetrievalService } from './retrieval.service.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-01-31T12:00:00.000Z');
const before = (ms: number) => new Date(NOW.getTime() - ms).toISOString();
const config = {
  vendor: { concurrency: 4 },
  pulls: {
    backOff: { firstDelayMs: HOUR, maxDelayMs: HOUR, lastPullLeadMs: 10_000 },
    retentionMs: 24 * HOUR,
  },
} as AppConfig;

/** Overdue since the given time, and pulled in vain as long ago as said. */
const aSession = (uuid: string, overdueMs: number, pulledMs: number | null): SessionState => ({
  ...initialSession(uuid),
  status: 'REGISTERED',
  expectedBy: before(overdueMs),
  pulls: pulledMs === null ? null : { count: 1, lastAt: before(pulledMs) },
});

/** What one look of the task comes to while all of these are due and another instance holds a claim to each. */
async function look(due: readonly SessionState[]): Promise<{ overdueSeconds: number; asked: string[] }> {
  const metrics = new Metrics();
  const asked: string[] = [];
  const oldestFirst = due.toSorted((a, b) => (a.expectedBy! < b.expectedBy! ? -1 : 1));
  const queries: Pick<SessionQueries, 'findExpired' | 'findPullDue'> = {
    findExpired: () => Promise.resolve([]),
    findPullDue: (_, limit, first) => {
      const inOrder = first === 'LEAST_TIME_LEFT' ? oldestFirst : oldestFirst.toReversed();
      return Promise.resolve(
        inOrder.slice(0, limit).map((state) => ({ id: state.uuid, state, lastIndex: 1 })),
      );
    },
  };
  const claims: Pick<PullClaims, 'take'> = {
    take: (uuid) => {
      asked.push(uuid);
      return Promise.resolve(false);
    },
  };
  const task = new PullTask(
    config,
    {} as RetrievalService,
    {} as SessionsService,
    queries as SessionQueries,
    claims as PullClaims,
    { hold: () => Promise.resolve({ fence: 1 }) } as unknown as Leases,
    { now: () => NOW },
    metrics,
  );
  await task.runRegularly();
  const text = (await metrics.render()).text;
  return { overdueSeconds: Number(/^ekyc_pull_overdue_seconds (\S+)$/m.exec(text)?.[1]), asked };
}

describe(PullTask.name, () => {
  it('tells by how much the most overdue pull is late', async () => {
    expect(await look([])).toMatchObject({ overdueSeconds: 0 });
    const { overdueSeconds } = await look([aSession('a', 7_000, null), aSession('b', 90_000, null)]);
    expect(overdueSeconds).toBe(90);
  });

  it('counts no time of the back-off as lateness', async () => {
    const { overdueSeconds } = await look([aSession('a', 5 * HOUR, HOUR + 3_000)]);
    expect(overdueSeconds).toBeGreaterThanOrEqual(3);
    expect(overdueSeconds).toBeLessThanOrEqual(HOUR / 2_000 + 3);
  });

  it('pulls all that is due where there are places for it', async () => {
    const { asked } = await look([aSession('a', 7_000, null), aSession('b', 90_000, null)]);
    expect(asked.toSorted()).toEqual(['a', 'b']);
  });

  it('lets the newest have its turn beside those with the least time left', async () => {
    const old = Array.from({ length: 9 }, (_, n) => aSession(`old-${n}`, 9 * HOUR - n, 2 * HOUR));
    const { asked } = await look([...old, aSession('new-1', 2_000, null), aSession('new-2', 1_000, null)]);
    expect(asked.toSorted()).toEqual(['new-1', 'new-2', 'old-0', 'old-1']);
  });
});
