import type { LogEntry } from '../audit/format/leaf.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import { toSessionResponse } from './session.mapper.ts';
import { evolveSession, initialSession, type SessionState } from './session-state.ts';
import type { SessionStatus } from './session-status.ts';

/** What internal services act on: the session as `GET /v1/sessions/{uuid}` showed it at that moment. */
interface Standing {
  readonly status: SessionStatus;
  readonly decision: Decision | null;
  readonly confirmed: boolean;
}

/** An entry that changed where a session stands. */
export interface SessionChange extends Standing {
  readonly index: number;
  readonly at: string;
  readonly uuid: string;
}

/** A session after some of its entries. Never stale, because these entries never change. */
export interface SessionFold {
  readonly uuid: string;
  readonly state: SessionState;
  /** Log index of the last entry that was folded; -1 for none. */
  readonly lastIndex: number;
  /** How many entries were folded. */
  readonly entries: number;
}

export function unfolded(uuid: string): SessionFold {
  return { uuid, state: initialSession(uuid), lastIndex: -1, entries: 0 };
}

/** The fold after one more entry. Pure. */
export function advance({ uuid, state, entries }: SessionFold, entry: LogEntry): SessionFold {
  return { uuid, state: evolveSession(state, entry), lastIndex: entry.index, entries: entries + 1 };
}

/** What lies between two folds that are one entry apart, for whoever acts on the session; null for nothing. */
export function changeBetween(before: SessionFold, after: SessionFold): SessionChange | null {
  if (before.state === after.state) return null;
  const was = standingOf(before.state);
  const is = standingOf(after.state);
  if (is === null || (was !== null && isSame(was, is))) return null;
  return { index: after.lastIndex, at: after.state.updatedAt, uuid: after.uuid, ...is };
}

function standingOf(state: SessionState): Standing | null {
  if (state.status === 'NONE') return null;
  const { status, decision, confirmed } = toSessionResponse(state);
  return { status, decision, confirmed };
}

function isSame(a: Standing, b: Standing): boolean {
  return a.status === b.status && a.decision === b.decision && a.confirmed === b.confirmed;
}
