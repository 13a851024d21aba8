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

/** By how much the service says that pulls are late while all of these are due and others hold their claims. */
async function overdueSeconds(due: readonly SessionState[]): Promise<number> {
  const metrics = new Metrics();
  const queries: Pick<SessionQueries, 'findExpired' | 'findPullDue'> = {
    findExpired: () => Promise.resolve([]),
    findPullDue: () => Promise.resolve(due.map((state) => ({ id: state.uuid, state, lastIndex: 1 }))),
  };
  const task = new PullTask(
    config,
    {} as RetrievalService,
    {} as SessionsService,
    queries as SessionQueries,
    { take: () => Promise.resolve(false) } as unknown as PullClaims,
    { hold: () => Promise.resolve({ fence: 1 }) } as unknown as Leases,
    { now: () => NOW },
    metrics,
  );
  await task.runRegularly();
  return Number(/^ekyc_pull_overdue_seconds (\S+)$/m.exec((await metrics.render()).text)?.[1]);
}

describe(PullTask.name, () => {
  it('tells by how much the most overdue pull is late', async () => {
    expect(await overdueSeconds([])).toBe(0);
    expect(await overdueSeconds([aSession('a', 7_000, null), aSession('b', 90_000, null)])).toBe(90);
  });

  it('counts no time of the back-off as lateness', async () => {
    const seconds = await overdueSeconds([aSession('a', 5 * HOUR, HOUR + 3_000)]);
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeLessThanOrEqual(HOUR / 2_000 + 3);
  });
});
