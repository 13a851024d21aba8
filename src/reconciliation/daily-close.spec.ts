import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SESSION_STATUSES } from '../sessions/session-status.ts';
import { initialSession, type SessionState } from '../sessions/session-state.ts';
import { closeOf, dayOf, INTAKE_FIGURES, OUTCOME_FIGURES } from './daily-close.ts';

const aSession = (uuid: string, status: SessionState['status']): SessionState => ({
  ...initialSession(uuid),
  status,
});
const days = fc.uniqueArray(
  fc.record({
    uuid: fc.stringMatching(/^[a-z0-9]{1,6}$/),
    status: fc.constantFrom(...SESSION_STATUSES),
    registered: fc.boolean(),
    withException: fc.boolean(),
  }),
  { selector: ({ uuid }) => uuid },
);
type Day = {
  readonly uuid: string;
  readonly status: SessionState['status'];
  readonly registered: boolean;
  readonly withException: boolean;
}[];
const close = (heard: Day, seen: Day) =>
  closeOf(
    heard,
    seen.map(({ uuid, status }) => aSession(uuid, status)),
    new Set(seen.filter(({ withException }) => withException).map(({ uuid }) => uuid)),
  );

describe(closeOf.name, () => {
  it('counts every session in exactly one figure of each side, and balances', () => {
    fc.assert(
      fc.property(days, (day) => {
        const { figures, counts, balanced, unexplained } = close(day, day);
        const uuids = day.map(({ uuid }) => uuid).toSorted();
        for (const side of [INTAKE_FIGURES, OUTCOME_FIGURES]) {
          expect(side.flatMap((name) => figures[name]).toSorted()).toEqual(uuids);
          expect(side.reduce((sum, name) => sum + counts[name], 0)).toBe(uuids.length);
        }
        expect({ balanced, unexplained }).toEqual({ balanced: true, unexplained: [] });
      }),
    );
  });

  it('names each session that only one side knows, also where the sums happen to be equal', () => {
    fc.assert(
      fc.property(days, fc.integer(), (day, cut) => {
        const [lost, ...rest] = day;
        fc.pre(lost !== undefined);
        const invented = { ...lost, uuid: `invented-${cut}` };
        expect(close(day, rest)).toMatchObject({ balanced: false, unexplained: [lost.uuid] });
        expect(close(day, [invented, ...rest])).toMatchObject({
          balanced: false,
          unexplained: [lost.uuid, invented.uuid].toSorted(),
        });
      }),
    );
  });

  it('puts each status where it belongs, and an exception before all of them', () => {
    const statuses = ['CONCLUDED', 'IN_REVIEW', 'RECEIVED', 'EXPIRED', 'CONCLUDED'] as const;
    const day = statuses.map((status, n) => ({
      uuid: `s${n}`,
      status,
      registered: n > 0,
      withException: n === 4,
    }));
    expect(close(day, day).counts).toEqual({
      registered: 4,
      unregistered: 1,
      concluded: 1,
      inReview: 1,
      awaiting: 1,
      expired: 1,
      exceptions: 1,
    });
  });
});

describe(dayOf.name, () => {
  it('is the whole day in UTC', () => {
    expect(dayOf('2026-01-31')).toEqual({
      from: new Date('2026-01-31T00:00:00.000Z'),
      to: new Date('2026-02-01T00:00:00.000Z'),
    });
  });

  it.each(['2026-02-30', '2026-13-01', 'yesterday'])('refuses %s', (date) => {
    expect(dayOf(date)).toBeNull();
  });
});
