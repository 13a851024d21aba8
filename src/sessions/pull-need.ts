import type { PullPolicy } from '../platform/config/app-config.ts';
import { deadlineOf, nextPullAt } from '../retrieval/back-off.ts';
import { callbacksOf, isPullProven, type SessionState } from './session-state.ts';

/** A pull that is to be made. */
export interface DuePull {
  readonly at: Date;
  /** When it is too late; of those that are due, the one with the least time left goes first. */
  readonly deadline: Date;
}

/**
 * When the vendor is to be asked about a session next; null where there is nothing to ask. A session needs a
 * pull once a callback has come that no pulled result was compared with, or once its result is overdue.
 */
export function pullDue(state: SessionState, { backOff, retentionMs }: PullPolicy): DuePull | null {
  const since = needSince(state);
  if (since === null) return null;
  const dueFrom = new Date(since);
  const need = {
    uuid: state.uuid,
    dueFrom,
    made: state.pulls && { count: state.pulls.count, lastAt: new Date(state.pulls.lastAt) },
    retainedUntil: new Date(dueFrom.getTime() + retentionMs),
    expiresAt: state.status === 'REGISTERED' && state.expiresAt !== null ? new Date(state.expiresAt) : null,
  };
  const at = nextPullAt(backOff, need);
  return at && { at, deadline: deadlineOf(need) };
}

function needSince(state: SessionState): string | null {
  if (isPullProven(state) || state.erasedAt !== null) return null;
  const latest = callbacksOf(state).at(-1);
  if (latest !== undefined) return latest.receivedAt;
  return state.status === 'REGISTERED' ? state.expectedBy : null;
}
