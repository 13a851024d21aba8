import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RequestPace } from './request-pace.ts';

describe(RequestPace.name, () => {
  it('lets the first request go at once and the next ones at the agreed distance', () => {
    const pace = new RequestPace(20);
    expect([pace.take(1000, Infinity), pace.take(1000, Infinity), pace.take(1010, Infinity)]).toEqual([
      0, 50, 90,
    ]);
  });

  it('lets a request go at once after a quiet time, without a burst to catch up', () => {
    const pace = new RequestPace(20);
    pace.take(0, Infinity);
    expect([pace.take(60_000, Infinity), pace.take(60_000, Infinity)]).toEqual([0, 50]);
  });

  it('holds every request back while the vendor asks for it', () => {
    const pace = new RequestPace(20);
    pace.pauseUntil(5000);
    pace.pauseUntil(3000);
    expect([pace.take(1000, 9000), pace.take(1000, 9000)]).toEqual([4000, 4050]);
  });

  it('refuses a turn that comes too late, and takes none', () => {
    const pace = new RequestPace(20);
    pace.pauseUntil(5000);
    expect(pace.take(1000, 4999)).toBeNull();
    expect(pace.take(1000, 5000)).toBe(4000);
  });

  it('never gives two turns closer to each other than agreed, whenever they are asked for', () => {
    const event = fc.record({
      afterMs: fc.nat(500),
      patienceMs: fc.nat(2000),
      pauseMs: fc.option(fc.nat(3000), { nil: null }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(event), (perSecond, events) => {
        const pace = new RequestPace(perSecond);
        let now = 0;
        let earliest = 0;
        for (const { afterMs, patienceMs, pauseMs } of events) {
          now += afterMs;
          if (pauseMs !== null) {
            pace.pauseUntil(now + pauseMs);
            earliest = Math.max(earliest, now + pauseMs);
          }
          const waitMs = pace.take(now, now + patienceMs);
          if (waitMs === null) {
            expect(earliest).toBeGreaterThan(now + patienceMs - 1e-6);
          } else {
            expect(waitMs).toBeLessThanOrEqual(patienceMs);
            expect(now + waitMs).toBeGreaterThanOrEqual(earliest - 1e-6);
            earliest = now + waitMs + 1000 / perSecond;
          }
        }
      }),
    );
  });
});
