import { createHash } from 'node:crypto';

export interface BackOffPolicy {
  /** Longest wait after the first pull; it doubles with every further one. */
  readonly firstDelayMs: number;
  /** What the doubling ends at. */
  readonly maxDelayMs: number;
  /** How long before the end of retention or of the session the last pull is made. */
  readonly lastPullLeadMs: number;
}

/** What decides when a session is pulled next; all of it stands in the log, so every instance has the same. */
export interface PullNeed {
  readonly uuid: string;
  /** When the need arose: the arrival of the callback, or `expectedBy` of a session without one. */
  readonly dueFrom: Date;
  /**
   * Pulls made since then, answered or not, and when the latest was; null before the first. One that was made
   * before the need arose, on demand, counts for nothing.
   */
  readonly made: { readonly count: number; readonly lastAt: Date } | null;
  /** When the vendor deletes the result. */
  readonly retainedUntil: Date;
  /** When the session ends without a result; null where it can't. */
  readonly expiresAt: Date | null;
}

/**
 * When the session is to be pulled next; a moment in the past means now.
 *
 * The first pull is due as soon as the need arises, a later one after a back-off with jitter. None is due
 * after the last moment at which the vendor may still answer and the session is still open. That last chance
 * is taken: a back-off that reaches beyond it is cut to it, unless a pull was made just before.
 *
 * @returns null where no further pull is due
 */
export function nextPullAt(policy: BackOffPolicy, need: PullNeed): Date | null {
  const lastChance = deadlineOf(need).getTime() - policy.lastPullLeadMs;
  const firstAt = Math.min(need.dueFrom.getTime(), lastChance);
  if (need.made === null) return new Date(firstAt);

  const lastAt = need.made.lastAt.getTime();
  if (lastChance - lastAt < policy.firstDelayMs / 2) return null;
  if (lastAt < firstAt) return new Date(firstAt);
  return new Date(Math.min(lastAt + backOffMs(policy, need.uuid, need.made.count), lastChance));
}

/** When it is too late for a pull: the vendor has deleted the result, or the session has ended without one. */
export function deadlineOf({
  retainedUntil,
  expiresAt,
}: Pick<PullNeed, 'retainedUntil' | 'expiresAt'>): Date {
  return expiresAt !== null && expiresAt < retainedUntil ? expiresAt : retainedUntil;
}

/**
 * How long to wait after the given number of pulls. Between half of the exponential step and all of it, by
 * session and count and nothing else: two instances agree without talking to each other, and sessions that
 * failed together don't come back together.
 */
export function backOffMs(policy: BackOffPolicy, uuid: string, pullsMade: number): number {
  const stepMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (pullsMade - 1));
  const seed = createHash('sha256').update(`${uuid}\0${pullsMade}`).digest();
  const fraction = seed.readUIntBE(0, 6) / 2 ** 48;
  return Math.round((stepMs / 2) * (1 + fraction));
}
