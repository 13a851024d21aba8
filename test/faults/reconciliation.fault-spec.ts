import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stopServices } from '../support/service-process.ts';
import {
  type BadDay,
  COMMIT_TIMEOUT_MS,
  FAULTS,
  FIRST_DELAY_MS,
  LEASE_MS,
  liveThroughBadDay,
  TIMEOUT_MS,
} from './support/bad-day.ts';
import { outcomesOf, printBadDay } from './support/bad-day-report.ts';
import { hasty, overlapping, type PacePromise, requestsBySession } from './support/pull-pace.ts';

/** `npm run test:faults -- reconciliation` lives through a whole day; every other run through its first hour. */
const isLong = process.env['TEST_LENGTH'] === 'long';
const PLAN = isLong ? { sessions: 5_000, kills: 10 } : { sessions: 200, kills: 2 };

const PROMISE: PacePromise = {
  backOff: { firstDelayMs: FIRST_DELAY_MS, maxDelayMs: 3_600_000, lastPullLeadMs: 2 * TIMEOUT_MS },
  attemptsPerPull: 3,
  // Counted from the claim, which a pull may take up to one time-out before its first request.
  abandonedMs: 2 * TIMEOUT_MS + COMMIT_TIMEOUT_MS - TIMEOUT_MS,
};

describe(`${PLAN.sessions} sessions of a bad day, while the holder of a lease is killed ${PLAN.kills} times`, () => {
  let day: BadDay;

  beforeAll(
    async () => {
      day = await liveThroughBadDay(PLAN);
      if (isLong) printBadDay(day);
    },
    isLong ? 1_200_000 : 170_000,
  );
  afterAll(stopServices, 60_000);

  it('suffer as much as the day is to be bad', () => {
    const sent = Map.groupBy(
      day.deliveries.filter(({ attempt }) => attempt === 1),
      ({ uuid }) => uuid,
    );
    const registered = day.registered.filter((uuid) => !day.abandoned.includes(uuid));
    const share = (part: readonly unknown[], of: readonly unknown[]) => part.length / of.length;
    const [dropped, doubled] = [0, 2].map((times) =>
      registered.filter((uuid) => (sent.get(uuid)?.length ?? 0) === times),
    );
    const pulls = day.pulls.filter(({ uuid }) => uuid !== null && !day.abandoned.includes(uuid));
    const conflicting = new Set(
      pulls.filter(({ outcome }) => outcome === 'CONFLICT').map(({ uuid }) => uuid),
    );
    const failed = pulls.filter(({ outcome }) => outcome !== 'RESULT' && outcome !== 'CONFLICT');
    const { UNAVAILABLE, NOT_FOUND, FORBIDDEN, HANG } = FAULTS;
    const deviations = [
      share(dropped!, registered) - FAULTS.DROP,
      share(doubled!, registered) - FAULTS.DUPLICATE,
      share([...conflicting], registered) - FAULTS.CONFLICT,
      share(failed, pulls) - (UNAVAILABLE + NOT_FOUND + FORBIDDEN + HANG),
    ];
    // Few sessions stray further from the mean than many.
    for (const deviation of deviations) expect(Math.abs(deviation)).toBeLessThan(isLong ? 0.02 : 0.08);
  });

  it('leave none unexplained: each is confirmed, in review, expired or under a named exception', () => {
    const outcomes = outcomesOf(day);
    expect(outcomes.get('unexplained') ?? []).toEqual([]);
    expect([...outcomes.values()].flat().toSorted()).toEqual(
      [...day.registered, ...day.unregistered].toSorted(),
    );
  });

  it('expire where the vendor never had a result, and only there', () => {
    const expired = day.sessions.filter(({ status }) => status === 'EXPIRED').map(({ uuid }) => uuid);
    expect(expired.toSorted()).toEqual(day.abandoned.toSorted());
    expect(expired.length).toBeGreaterThan(0);
  });

  it('name every callback that never came and every contradiction', () => {
    const open = new Set(day.exceptions.filter(({ status }) => status === 'OPEN').map(({ id }) => id));
    const expected = day.sessions.flatMap(({ uuid, grade, registered }) => [
      ...(grade === 'PULL_ONLY' ? [`MISSING_CALLBACK:${uuid}`] : []),
      ...(grade === 'CONFLICT' ? [`CONFLICTING_RESULT:${uuid}`] : []),
      ...(registered ? [] : [`UNREGISTERED_SESSION:${uuid}`]),
    ]);
    expect(expected.length).toBeGreaterThan(PLAN.sessions * 0.05);
    expect(expected.filter((id) => !open.has(id))).toEqual([]);
  });

  it('close in balance, to the session, and the close names nobody', () => {
    const total = (figure: keyof BadDay['closes'][number]['counts']) =>
      day.closes.reduce((sum, { counts }) => sum + counts[figure], 0);
    expect(day.closes).toEqual(
      day.closes.map(() => expect.objectContaining({ balanced: true, unexplained: [] }) as unknown),
    );
    expect([total('registered'), total('unregistered')]).toEqual([
      day.registered.length,
      day.unregistered.length,
    ]);
    expect(
      total('concluded') + total('inReview') + total('awaiting') + total('expired') + total('exceptions'),
    ).toBe(PLAN.sessions);
    expect(total('awaiting')).toBe(0);
  });

  it('keep every delivery that was acknowledged', () => {
    const kept = new Map(
      day.entries
        .filter(({ action }) => action === 'callback.received')
        .map(({ id, subject }) => [id, subject.id]),
    );
    const acknowledged = day.deliveries.filter(({ status }) => status === 200);
    expect(acknowledged.length).toBeGreaterThan(PLAN.sessions * 0.7);
    const lost = acknowledged.filter(
      ({ uuid, answer }) => kept.get((JSON.parse(answer) as { receiptId: string }).receiptId) !== uuid,
    );
    expect(lost).toEqual([]);
  });

  it('are taken over after each kill, by one instance under the next fence, within the time of a lease', () => {
    expect(day.kills).toHaveLength(PLAN.kills);
    for (const { fences, idleMs } of day.kills) {
      expect(fences[1]).toBe(fences[0] + 1);
      expect(idleMs).toBeGreaterThanOrEqual(0);
      expect(idleMs).toBeLessThan(LEASE_MS);
    }
  });

  it('are never pulled twice at once', () => {
    const requests = [...requestsBySession(day.pulls).values()];
    expect(requests.flatMap(overlapping)).toEqual([]);
  });

  it('are never pulled more often than the back-off allows', () => {
    const entries = Map.groupBy(day.entries, ({ subject }) => subject.id);
    const requests = [...requestsBySession(day.pulls)];
    expect(requests.flatMap(([uuid, list]) => hasty(list, entries.get(uuid) ?? [], PROMISE))).toEqual([]);
    expect(day.pulls.filter(({ outcome }) => outcome !== 'RESULT' && outcome !== 'CONFLICT')).not.toEqual([]);
  });

  it('are reconciled by one run at a time, which raises each exception once', () => {
    const ended = day.runs.filter(({ endedAt }) => endedAt !== null).toReversed();
    expect(ended.filter(({ startedAt }, n) => n > 0 && startedAt < ended[n - 1]!.endedAt!)).toEqual([]);
    const raised = Map.groupBy(
      day.entries.filter(({ subject }) => subject.type === 'exception'),
      ({ subject }) => subject.id,
    );
    const twice = [...raised].filter(([, entries]) =>
      entries.some(
        ({ action, data }, n) =>
          n > 0 &&
          action === entries[n - 1]!.action &&
          data['fingerprint'] === entries[n - 1]!.data['fingerprint'],
      ),
    );
    expect(twice).toEqual([]);
  });
});
