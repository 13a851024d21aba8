/** How callbacks are told to be late. */
export interface SilencePolicy {
  /** Never less is usual, however fast the vendor has been. */
  readonly floorMs: number;
  /** Never more is usual, so that an outage does not teach us to wait; also what holds before there is a history. */
  readonly ceilingMs: number;
  /** With fewer waits than this nothing is learnt from them. */
  readonly minSamples: number;
  /** So many sessions in a row must be late before it is the vendor that is silent, and not the customers that gave up. */
  readonly alarmFrom: number;
}

/** What the registered sessions without any result look like. */
export interface Waiting {
  /** How many there are that were registered longer ago than is usual. */
  readonly late: number;
  /** Those of them that have become late since the newest callback came. */
  readonly lateInARow: number;
  /** When the oldest of all that wait was registered, RFC 3339; null while nobody waits. */
  readonly oldestAt: string | null;
}

export interface Silence {
  /** For how long no callback at all has come while sessions waited for one; 0 while nobody waits. */
  readonly silentMs: number;
  readonly alarm: boolean;
}

const SHARE = 0.99;

/**
 * How long 99 of 100 sessions wait from their registration to their first callback.
 * @param waitsMs of sessions whose callback has come, in any order
 */
export function usualWaitMs(
  waitsMs: readonly number[],
  { floorMs, ceilingMs, minSamples }: SilencePolicy,
): number {
  if (waitsMs.length === 0 || waitsMs.length < minSamples) return ceilingMs;
  const sorted = waitsMs.toSorted((a, b) => a - b);
  const p99 = sorted[Math.ceil(SHARE * sorted.length) - 1] ?? ceilingMs;
  return Math.min(Math.max(p99, floorMs), ceilingMs);
}

/**
 * Whether the vendor has gone silent. A single late session tells of a customer who gave up; several that have
 * become late one after another, without a callback for anybody in between, tell of the vendor or of the way
 * from it to us.
 * @param newestCallbackAt RFC 3339; null before the first
 */
export function silenceOf(
  { lateInARow, oldestAt }: Waiting,
  newestCallbackAt: string | null,
  now: Date,
  { alarmFrom }: SilencePolicy,
): Silence {
  if (oldestAt === null) return { silentMs: 0, alarm: false };
  const since = Math.max(Date.parse(oldestAt), newestCallbackAt === null ? 0 : Date.parse(newestCallbackAt));
  return { silentMs: Math.max(0, now.getTime() - since), alarm: lateInARow >= alarmFrom };
}
