import type { PullPolicy } from '../platform/config/app-config.ts';
import { nextPullAt } from '../retrieval/back-off.ts';
import { callbacksOf, isPullProven, type SessionState } from './session-state.ts';

/**
 * When the vendor is to be asked about a session next; null where there is nothing to ask. A session needs a
 * pull once a callback has come that no pulled result was compared with, or once its result is overdue.
 */
export function pullDue(state: SessionState, { backOff, retentionMs }: PullPolicy): Date | null {
  const since = needSince(state);
  if (since === null) return null;
  const dueFrom = new Date(since);
  return nextPullAt(backOff, {
    uuid: state.uuid,
    dueFrom,
    made: state.pulls && { count: state.pulls.count, lastAt: new Date(state.pulls.lastAt) },
    retainedUntil: new Date(dueFrom.getTime() + retentionMs),
    expiresAt: state.status === 'REGISTERED' && state.expiresAt !== null ? new Date(state.expiresAt) : null,
  });
}

function needSince(state: SessionState): string | null {
  if (isPullProven(state) || state.erasedAt !== null) return null;
  const latest = callbacksOf(state).at(-1);
  if (latest !== undefined) return latest.receivedAt;
  return state.status === 'REGISTERED' ? state.expectedBy : null;
}
