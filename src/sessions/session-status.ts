/** Where a session stands. `NONE` is the state before its first entry and is never shown. */
export const SESSION_STATUSES = ['REGISTERED', 'RECEIVED', 'IN_REVIEW', 'CONCLUDED', 'EXPIRED'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];
type StatusOrNone = SessionStatus | 'NONE';

/**
 * Every legal move, as data. A result that arrives late reopens an expired session, and one that differs
 * from what was concluded on reopens a concluded one: nothing the vendor sends is ever dropped.
 */
export const TRANSITIONS: Readonly<Record<StatusOrNone, readonly SessionStatus[]>> = {
  NONE: ['REGISTERED', 'RECEIVED'],
  REGISTERED: ['RECEIVED', 'EXPIRED'],
  RECEIVED: ['IN_REVIEW', 'CONCLUDED'],
  IN_REVIEW: ['RECEIVED', 'CONCLUDED'],
  CONCLUDED: ['RECEIVED', 'IN_REVIEW'],
  EXPIRED: ['RECEIVED'],
};

/** A move that the table does not allow: a bug in a decider, never an answer to a caller. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
}

/**
 * The status after a move; staying is always allowed.
 * @throws IllegalTransitionError for a move that is not in {@link TRANSITIONS}.
 */
export function moveTo(from: StatusOrNone, to: SessionStatus): SessionStatus {
  if (from !== to && !TRANSITIONS[from].includes(to)) {
    throw new IllegalTransitionError(`a session can't move from ${from} to ${to}`);
  }
  return to;
}

/**
 * Checks at start that the table is whole: every status can be reached, and none is a dead end for a result
 * that is still to come.
 * @throws Error naming the status.
 */
export function validateTransitions(table: Readonly<Record<string, readonly string[]>> = TRANSITIONS): void {
  const reached = new Set<string>(['NONE']);
  for (const status of reached) for (const next of table[status] ?? []) reached.add(next);
  for (const status of SESSION_STATUSES) {
    if (!reached.has(status)) throw new Error(`status ${status} can not be reached`);
    if ((table[status] ?? []).length === 0) throw new Error(`status ${status} can not be left`);
  }
  for (const status of reached) {
    if (status !== 'NONE' && !SESSION_STATUSES.some((known) => known === status)) {
      throw new Error(`status ${status} is not known`);
    }
  }
}
