import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import type { mongo } from 'mongoose';
import { type CollectionPlan, IS_TEXT } from '../platform/mongo/collections.ts';
import type { SessionState } from './session-state.ts';
import type { SessionStatus } from './session-status.ts';

/** The projection of a session: its state, and beside it what lists filter by. */
export interface SessionDocument {
  /** uuid */
  readonly _id: string;
  /** Log index up to which `state` holds. */
  readonly lastIndex: number | mongo.Long;
  /** Order of sessions in lists. */
  readonly firstIndex: number | mongo.Long;
  readonly status: SessionStatus;
  readonly decision: Decision | null;
  readonly grade: Grade | null;
  readonly channel: string | null;
  readonly customerRef: string | null;
  /** Set while a result waits for its conclusion, which only a crash makes visible. */
  readonly unconcludedSince?: Date;
  /** When the vendor is to be asked next; missing where there is no need. */
  readonly nextPullAt?: Date;
  /** When that is too late; there whenever the other is. */
  readonly pullDeadline?: Date;
  /** When its missing media are to be fetched next; missing where there is no need. */
  readonly nextEvidenceAt?: Date;
  /** Log index by which it came before a person; missing where nobody is asked for. */
  readonly reviewIndex?: number | mongo.Long;
  /** When that was. */
  readonly reviewSince?: Date;
  /** A first person has decided, a second one has to confirm. */
  readonly awaitsSecond?: boolean;
  /** Who keeps others from deciding, by id, and until when. */
  readonly claimedBy?: string;
  readonly claimedUntil?: Date;
  /** When a session without a result ends. */
  readonly expiresAt?: Date;
  readonly registeredAt?: Date;
  /** When the first result came, from wherever. */
  readonly firstResultAt?: Date;
  readonly firstCallbackAt?: Date;
  /** Since when media are missing; there whenever `nextEvidenceAt` is. */
  readonly mediaWantedSince?: Date;
  /**
   * The state as JSON text. The database never looks into it, and reads and writes one text in a fraction of the
   * time that a tree of some hundred values takes on both sides.
   */
  readonly state: string;
}

/** The state that a document holds. */
export function stateOf({ state }: Pick<SessionDocument, 'state'>): SessionState {
  return JSON.parse(state) as SessionState;
}

export const SESSIONS_PLAN: CollectionPlan = {
  name: 'sessions',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'all sessions, newest first' },
    { keys: { lastIndex: 1 }, serves: 'sessions that changed since reconciliation last looked' },
    { keys: { status: 1, firstIndex: -1 }, serves: 'sessions of one status, newest first' },
    {
      keys: { customerRef: 1, firstIndex: -1 },
      onlyWhere: { customerRef: IS_TEXT },
      serves: "a customer's sessions",
    },
    {
      keys: { pullDeadline: 1, nextPullAt: 1, grade: 1, firstResultAt: 1 },
      onlyWhere: { nextPullAt: { $exists: true } },
      serves:
        'the pulls that are due, the one with the least time left first; alone, how many callbacks are unproven',
    },
    {
      keys: { nextEvidenceAt: 1, mediaWantedSince: 1 },
      onlyWhere: { nextEvidenceAt: { $exists: true } },
      serves: 'the media that are due, the most overdue first; alone, how many sessions wait for media',
    },
    {
      keys: { reviewIndex: 1 },
      onlyWhere: { reviewIndex: { $exists: true } },
      serves: 'the reviews, the one that is due first before the others',
    },
    {
      keys: { expiresAt: 1 },
      onlyWhere: { expiresAt: { $exists: true } },
      serves: 'sessions whose time is over',
    },
    {
      keys: { unconcludedSince: 1 },
      onlyWhere: { unconcludedSince: { $exists: true } },
      serves: 'the sweep for unjudged results',
    },
  ],
};
