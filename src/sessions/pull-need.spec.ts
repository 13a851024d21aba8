import { describe, expect, it } from '@jest/globals';
import type { PullPolicy } from '../platform/config/app-config.ts';
import { pullDue } from './pull-need.ts';
import { initialSession, type SessionResult, type SessionState } from './session-state.ts';

const AT = '2026-01-31T08:00:00.000Z';
const LATER = '2026-01-31T09:00:00.000Z';
const policy: PullPolicy = {
  backOff: { firstDelayMs: 5_000, maxDelayMs: 3_600_000, lastPullLeadMs: 10_000 },
  retentionMs: 86_400_000,
};

const callback: SessionResult = {
  version: 1,
  source: 'CALLBACK',
  digest: 'c',
  receivedAt: AT,
  entryId: 'e1',
  entryIndex: 0,
  vendor: { code: '200', decision: null, decisionMessage: null, riskLevel: null },
  conclusion: null,
};
const pull: SessionResult = { ...callback, version: 2, source: 'PULL', digest: 'p' };
const compared = { pull: 2, callbacks: [1], grade: 'AGREED' as const, differences: [] };

const session = (changes: Partial<SessionState>): SessionState => ({
  ...initialSession('a'),
  status: 'RECEIVED',
  ...changes,
});
const due = (changes: Partial<SessionState>) => pullDue(session(changes), policy)?.at.toISOString() ?? null;

describe(pullDue.name, () => {
  it('asks at once for a callback that nothing has proven', () => {
    expect(due({ results: [callback] })).toBe(AT);
  });

  it('waits longer after every pull that gave nothing', () => {
    const after = (count: number) =>
      Date.parse(due({ results: [callback], pulls: { count, lastAt: LATER } })!) - Date.parse(LATER);
    expect(after(1)).toBeGreaterThanOrEqual(2_500);
    expect(after(1)).toBeLessThanOrEqual(5_000);
    expect(after(6)).toBeGreaterThan(after(1) * 8);
  });

  it('stops once the pulled result was held against every callback, and starts again for another callback', () => {
    const proven = { results: [callback, pull], latestPull: 2, comparison: compared };
    expect(due(proven)).toBeNull();
    expect(
      due({
        ...proven,
        results: [...proven.results, { ...callback, version: 3, digest: 'd', receivedAt: LATER }],
      }),
    ).toBe(LATER);
  });

  it('asks for a registered session from the moment at which its result is overdue until it expires', () => {
    const registered = { status: 'REGISTERED' as const, expectedBy: AT, expiresAt: LATER };
    expect(due(registered)).toBe(AT);
    expect(due({ ...registered, pulls: { count: 9, lastAt: LATER } })).toBeNull();
    expect(due({ ...registered, status: 'EXPIRED' })).toBeNull();
  });

  it('has a deadline: the end of the session without a result, else the end of retention', () => {
    const deadline = (changes: Partial<SessionState>) =>
      pullDue(session(changes), policy)?.deadline.toISOString();
    const registered = { status: 'REGISTERED' as const, expectedBy: AT, expiresAt: LATER };
    expect(deadline(registered)).toBe(LATER);
    const tomorrow = '2026-02-01T08:00:00.000Z';
    expect(deadline({ ...registered, expiresAt: '2026-02-03T00:00:00.000Z' })).toBe(tomorrow);
    expect(deadline({ results: [callback], expiresAt: LATER })).toBe(tomorrow);
  });

  it('ends when the vendor no longer has the result, and when the personal data was erased', () => {
    const gone = new Date(Date.parse(AT) + policy.retentionMs).toISOString();
    expect(due({ results: [callback], pulls: { count: 20, lastAt: gone } })).toBeNull();
    expect(due({ results: [callback], erasedAt: LATER })).toBeNull();
  });
});
