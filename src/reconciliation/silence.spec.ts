import { describe, expect, it } from '@jest/globals';
import { silenceOf, type SilencePolicy, usualWaitMs } from './silence.ts';

const policy: SilencePolicy = { floorMs: 60_000, ceilingMs: 3_600_000, minSamples: 100, alarmFrom: 5 };
const MINUTE = 60_000;

describe(usualWaitMs, () => {
  it('is what 99 of 100 sessions waited at most, in whatever order they came', () => {
    const waits = Array.from({ length: 200 }, (_, n) => (200 - n) * MINUTE * 0.1);
    expect(usualWaitMs(waits, policy)).toBe(198 * MINUTE * 0.1);
  });

  it('is not moved by a few sessions that took for ever', () => {
    const waits = [
      ...Array.from({ length: 990 }, () => 2 * MINUTE),
      ...Array.from({ length: 10 }, () => 1e9),
    ];
    expect(usualWaitMs(waits, policy)).toBe(2 * MINUTE);
  });

  it('learns nothing from too few sessions, and then is what the bank expects', () => {
    expect(usualWaitMs([], policy)).toBe(3_600_000);
    expect(usualWaitMs([], { ...policy, minSamples: 0 })).toBe(3_600_000);
    expect(
      usualWaitMs(
        Array.from({ length: 99 }, () => MINUTE),
        policy,
      ),
    ).toBe(3_600_000);
    expect(
      usualWaitMs(
        Array.from({ length: 100 }, () => 2 * MINUTE),
        policy,
      ),
    ).toBe(2 * MINUTE);
  });

  it('stays between floor and ceiling: neither a fast vendor nor an outage moves it out of them', () => {
    const every = (wait: number) => Array.from({ length: 100 }, () => wait);
    expect(usualWaitMs(every(5), policy)).toBe(policy.floorMs);
    expect(usualWaitMs(every(86_400_000), policy)).toBe(policy.ceilingMs);
    expect(usualWaitMs(every(5), { ...policy, ceilingMs: 1_000 })).toBe(1_000);
  });
});

describe(silenceOf, () => {
  const now = new Date('2026-01-31T08:00:00.000Z');
  const waiting = { late: 7, lateInARow: 5, oldestAt: '2026-01-31T07:00:00.000Z' };

  it('is no alarm while nobody waits, however long ago the last callback was', () => {
    const nobody = { late: 0, lateInARow: 0, oldestAt: null };
    expect(silenceOf(nobody, '2026-01-30T08:00:00.000Z', now, policy)).toEqual({ silentMs: 0, alarm: false });
  });

  it('is an alarm once enough sessions have become late in a row', () => {
    expect(silenceOf(waiting, '2026-01-31T07:30:00.000Z', now, policy)).toEqual({
      silentMs: 30 * MINUTE,
      alarm: true,
    });
    expect(silenceOf({ ...waiting, lateInARow: 4 }, null, now, policy).alarm).toBe(false);
  });

  it('begins when the oldest session began to wait, if callbacks ended before', () => {
    expect(silenceOf(waiting, '2026-01-31T05:00:00.000Z', now, policy).silentMs).toBe(60 * MINUTE);
    expect(silenceOf(waiting, null, now, policy).silentMs).toBe(60 * MINUTE);
  });

  it('is never negative where another instance has a faster clock', () => {
    expect(silenceOf(waiting, '2026-01-31T08:00:01.000Z', now, policy).silentMs).toBe(0);
  });
});
