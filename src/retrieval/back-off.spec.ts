import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { backOffMs, nextPullAt, type BackOffPolicy, type PullNeed } from './back-off.ts';

const HOUR = 3_600_000;
const POLICY: BackOffPolicy = { firstDelayMs: 2000, maxDelayMs: HOUR, lastPullLeadMs: 60_000 };
const ARRIVAL = new Date('2025-03-01T08:00:00.000Z');
const after = (ms: number) => new Date(ARRIVAL.getTime() + ms);

function aNeed(overrides: Partial<PullNeed> = {}): PullNeed {
  return {
    uuid: 'session-1',
    dueFrom: ARRIVAL,
    made: null,
    retainedUntil: after(30 * 24 * HOUR),
    expiresAt: null,
    ...overrides,
  };
}

const policies = fc
  .record({
    firstDelayMs: fc.integer({ min: 1, max: 60_000 }),
    longer: fc.nat(HOUR),
    lastPullLeadMs: fc.nat(HOUR),
  })
  .map(({ longer, ...rest }) => ({ ...rest, maxDelayMs: rest.firstDelayMs + longer }));

const needs = fc
  .record({
    uuid: fc.string({ minLength: 1 }),
    retainedForMs: fc.integer({ min: -HOUR, max: 24 * HOUR }),
    expiresInMs: fc.option(fc.integer({ min: -HOUR, max: 24 * HOUR }), { nil: null }),
  })
  .map(({ uuid, retainedForMs, expiresInMs }) =>
    aNeed({
      uuid,
      retainedUntil: after(retainedForMs),
      expiresAt: expiresInMs === null ? null : after(expiresInMs),
    }),
  );

describe(nextPullAt.name, () => {
  it('is at once after a callback', () => {
    expect(nextPullAt(POLICY, aNeed())).toEqual(ARRIVAL);
  });

  it('is at expectedBy for a session without a callback', () => {
    expect(nextPullAt(POLICY, aNeed({ dueFrom: after(HOUR), expiresAt: after(5 * HOUR) }))).toEqual(
      after(HOUR),
    );
  });

  it('is at expectedBy also where somebody has pulled before', () => {
    const early = aNeed({ dueFrom: after(HOUR), made: { count: 1, lastAt: after(HOUR - 1) } });
    expect(nextPullAt(POLICY, early)).toEqual(after(HOUR));
  });

  it('is before the session ends where it is expected only later', () => {
    const need = aNeed({ dueFrom: after(2 * HOUR), expiresAt: after(HOUR) });
    expect(nextPullAt(POLICY, need)).toEqual(after(HOUR - POLICY.lastPullLeadMs));
  });

  it('is now, once, for a callback that came after the end of the session', () => {
    const late = aNeed({ dueFrom: after(HOUR), expiresAt: ARRIVAL });
    expect(nextPullAt(POLICY, late)?.getTime()).toBeLessThan(after(HOUR).getTime());
    expect(nextPullAt(POLICY, { ...late, made: { count: 1, lastAt: after(HOUR) } })).toBeNull();
  });

  it('is a last time just before the vendor deletes the result', () => {
    const need = aNeed({
      retainedUntil: after(HOUR),
      expiresAt: after(9 * HOUR),
      made: { count: 20, lastAt: after(HOUR / 2) },
    });
    expect(nextPullAt(POLICY, need)).toEqual(after(HOUR - POLICY.lastPullLeadMs));
  });

  it.each([0, 1, POLICY.firstDelayMs / 2 - 1])('is never again from %i ms before that on', (ms) => {
    const lastAt = after(HOUR - POLICY.lastPullLeadMs - ms);
    expect(nextPullAt(POLICY, aNeed({ retainedUntil: after(HOUR), made: { count: 21, lastAt } }))).toBeNull();
  });

  it('goes on until the end, never faster than the back-off allows, and then stops', () => {
    fc.assert(
      fc.property(
        policies,
        needs,
        fc.array(fc.nat(10_000), { minLength: 1 }),
        (policy, first, latenessesMs) => {
          const end = Math.min(first.retainedUntil.getTime(), first.expiresAt?.getTime() ?? Infinity);
          const lastChance = end - policy.lastPullLeadMs;
          let made: PullNeed['made'] = null;
          for (let count = 1; count <= 40; count++) {
            const due = nextPullAt(policy, { ...first, made });
            if (due === null) {
              expect(made).not.toBeNull();
              expect(lastChance - made!.lastAt.getTime()).toBeLessThan(policy.firstDelayMs / 2);
              return;
            }
            expect(due.getTime()).toBeLessThanOrEqual(Math.max(lastChance, ARRIVAL.getTime()));
            if (made !== null) {
              const waitedMs = due.getTime() - made.lastAt.getTime();
              const stepMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (made.count - 1));
              expect(waitedMs).toBeLessThanOrEqual(stepMs);
              expect(waitedMs).toBeGreaterThanOrEqual(policy.firstDelayMs / 2);
              if (due.getTime() < lastChance) expect(waitedMs).toBeGreaterThanOrEqual(stepMs / 2);
            }
            const lateMs = latenessesMs[count % latenessesMs.length]!;
            made = { count, lastAt: new Date(Math.max(due.getTime(), ARRIVAL.getTime()) + lateMs) };
          }
        },
      ),
      // Times depend on each other so closely that shrinking them takes minutes and finds little.
      { endOnFailure: true },
    );
  });
});

describe(backOffMs.name, () => {
  it('doubles up to the longest wait, however many pulls were made', () => {
    const withoutJitter = (pullsMade: number) => {
      const waits = Array.from({ length: 500 }, (_, i) => backOffMs(POLICY, `session-${i}`, pullsMade));
      return [Math.min(...waits), Math.max(...waits)];
    };
    expect(withoutJitter(1)).toEqual([expect.closeTo(1000, -2), expect.closeTo(2000, -2)]);
    expect(withoutJitter(2)).toEqual([expect.closeTo(2000, -2), expect.closeTo(4000, -2)]);
    expect(withoutJitter(5000)).toEqual([expect.closeTo(HOUR / 2, -5), expect.closeTo(HOUR, -5)]);
  });

  it('is the same at every instance, also of another release', () => {
    // From sha256 by another program: two releases run side by side during an upgrade and must agree.
    expect([1, 2, 3].map((pullsMade) => backOffMs(POLICY, 'session-1', pullsMade))).toEqual([
      1189, 2958, 6675,
    ]);
  });

  it('spreads sessions that failed together over the whole step', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 5000; i++) {
      const share = backOffMs(POLICY, `session-${i}`, 1) / (POLICY.firstDelayMs / 2) - 1;
      tenths[Math.min(9, Math.floor(share * 10))]! += 1;
    }
    for (const count of tenths) expect(Math.abs(count - 500)).toBeLessThan(120);
  });
});
