import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import { AppConfig, type EvidencePolicy, type PullPolicy } from '../platform/config/app-config.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { IS_TEXT } from '../platform/mongo/collections.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import { evidenceDue } from './evidence-state.ts';
import { type DuePull, pullDue } from './pull-need.ts';
import { type SessionDocument, SESSIONS_PLAN, stateOf } from './session.schema.ts';
import {
  callbacksOf,
  decisionOf,
  gradeOf,
  isReviewable,
  isUnconcluded,
  type SessionState,
} from './session-state.ts';
import type { SessionStatus } from './session-status.ts';

/** Which sessions are wanted; all given conditions hold together. */
export interface SessionFilter {
  readonly status?: SessionStatus | undefined;
  readonly decision?: Decision | undefined;
  readonly grade?: Grade | undefined;
  readonly channel?: string | undefined;
  readonly customerRef?: string | undefined;
  /** Index of the earliest first entry, included. */
  readonly fromIndex?: number | undefined;
  /** Index of the latest first entry, excluded. */
  readonly untilIndex?: number | undefined;
}

/** In which order sessions are to be pulled, by the time for which the vendor may still answer. */
export type FirstToPull = 'LEAST_TIME_LEFT' | 'MOST_TIME_LEFT';

/** What counts as late, and what of it as late in a row. */
export interface WaitingBounds {
  readonly registeredBefore: Date;
  readonly inARowFrom: Date;
}

export interface WaitingSessions {
  readonly late: number;
  readonly lateInARow: number;
  /** When the oldest of all that wait was registered, RFC 3339; null while none waits. */
  readonly oldestAt: string | null;
}

/** The projection of sessions: written by folding the log, and by nothing else. */
@Injectable()
export class SessionRepository implements Projection<SessionState> {
  private readonly projected: ProjectedCollection<SessionDocument>;
  private readonly collection: mongo.Collection<SessionDocument>;
  private readonly pulls: PullPolicy;
  private readonly evidence: EvidencePolicy | null;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges, config: AppConfig) {
    this.projected = new ProjectedCollection(connection, SESSIONS_PLAN.name, primary);
    this.collection = this.projected.collection;
    this.pulls = config.pulls;
    this.evidence = config.evidence;
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<SessionState>[], alsoEqual = false): Promise<void> {
    // A look at a session that does not exist leaves an entry but no session.
    const existing = folds.filter(({ state }) => state.status !== 'NONE');
    await this.projected.put(
      existing.map(({ id, state, lastIndex }) =>
        toDocument(state, lastIndex, {
          pull: pullDue(state, this.pulls),
          nextEvidenceAt: evidenceDue(id, state.evidence, this.evidence),
        }),
      ),
      new Set(existing.filter(({ isNew }) => isNew).map(({ id }) => id)),
      alsoEqual,
    );
  }

  async find(uuid: string): Promise<SessionState | null> {
    const document = await this.collection.findOne({ _id: uuid }, { projection: { state: 1 } });
    return document && stateOf(document);
  }

  async page(filter: SessionFilter, limit: number, cursor?: string): Promise<Page<SessionState>> {
    const documents = await this.collection
      .find(conditionsOf(filter, cursor), { projection: { state: 1, firstIndex: 1 } })
      .sort({ firstIndex: -1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(documents, limit, ({ firstIndex }) => Number(firstIndex), stateOf);
  }

  /** How many sessions the pages from a cursor on hold together; no more than `limit` are counted. */
  count(filter: SessionFilter, limit: number, cursor?: string): Promise<number> {
    return this.collection.countDocuments(conditionsOf(filter, cursor), { limit });
  }

  /** The log index up to which each of these sessions is projected. */
  projectedUpTo(uuids: readonly string[]): Promise<Map<string, number>> {
    return this.projected.projectedUpTo(uuids);
  }

  idsAfter(after: string, limit: number): Promise<string[]> {
    return this.projected.idsAfter(after, limit);
  }

  drop(uuids: readonly string[]): Promise<void> {
    return this.projected.drop(uuids);
  }

  /** Sessions that are to be pulled by `time`. */
  findPullDue(time: Date, limit: number, first: FirstToPull): Promise<Fold<SessionState>[]> {
    const pullDeadline = first === 'LEAST_TIME_LEFT' ? 1 : -1;
    return this.findFolds({ nextPullAt: { $lte: time } }, { pullDeadline }, limit);
  }

  /** Sessions whose missing media are to be fetched by `time`, the most overdue first. */
  async findEvidenceDue(time: Date, limit: number): Promise<SessionState[]> {
    return this.findStates({ nextEvidenceAt: { $lte: time } }, { nextEvidenceAt: 1 }, limit);
  }

  /** Registered sessions whose time is over by `time`. */
  async findExpired(time: Date, limit: number): Promise<SessionState[]> {
    return this.findStates({ expiresAt: { $lte: time } }, { expiresAt: 1 }, limit);
  }

  /** Sessions with a result that has waited for its conclusion since before `time`. */
  async findUnconcluded(time: Date, limit: number): Promise<SessionState[]> {
    return this.findStates({ unconcludedSince: { $lt: time } }, { unconcludedSince: 1 }, limit);
  }

  /** Sessions whose newest entry lies in `(after, before)` of the log, in its order. */
  findChanged(after: number, before: number, limit: number): Promise<Fold<SessionState>[]> {
    const between = { $gt: mongo.Long.fromNumber(after), $lt: mongo.Long.fromNumber(before) };
    return this.findFolds({ lastIndex: between }, { lastIndex: 1 }, limit);
  }

  /** Those of the sessions that exist. */
  findMany(uuids: readonly string[]): Promise<Fold<SessionState>[]> {
    return this.findFolds({ _id: { $in: [...uuids] } }, { _id: 1 }, uuids.length || 1);
  }

  /** Callbacks that wait for a pulled result to prove them, and when the oldest came (RFC 3339). */
  unproven(): Promise<{ count: number; oldestAt: string | null }> {
    return this.backlogOf(
      { pullDeadline: ANY_TIME, nextPullAt: ANY_TIME, grade: 'CALLBACK_ONLY' },
      'firstResultAt',
    );
  }

  /** Sessions that wait for media, and since when the one that has waited longest (RFC 3339). */
  awaitingEvidence(): Promise<{ count: number; oldestAt: string | null }> {
    return this.backlogOf({ nextEvidenceAt: ANY_TIME }, 'mediaWantedSince');
  }

  /**
   * How long sessions waited from their registration to their first callback, in milliseconds; of the newest
   * `limit` sessions those that had both, in that order.
   */
  async callbackWaitsMs(limit: number): Promise<number[]> {
    const documents = await this.collection
      .find({}, { projection: { registeredAt: 1, firstCallbackAt: 1 } })
      .sort({ firstIndex: -1 })
      .limit(limit)
      .toArray();
    return documents
      .map(({ registeredAt, firstCallbackAt }) =>
        registeredAt === undefined || firstCallbackAt === undefined
          ? -1
          : firstCallbackAt.getTime() - registeredAt.getTime(),
      )
      .filter((waitMs) => waitMs >= 0);
  }

  /** The registered sessions without any result. */
  async waiting({ registeredBefore, inARowFrom }: WaitingBounds): Promise<WaitingSessions> {
    const isLate = { $lte: ['$registeredAt', registeredBefore] };
    const isInARow = { $and: [isLate, { $gte: ['$registeredAt', inARowFrom] }] };
    const [waiting] = await this.collection
      .aggregate<Omit<WaitingSessions, 'oldestAt'> & { oldestAt: Date | null }>([
        { $match: { status: 'REGISTERED' } },
        {
          $group: {
            _id: null,
            late: { $sum: { $cond: [isLate, 1, 0] } },
            lateInARow: { $sum: { $cond: [isInARow, 1, 0] } },
            oldestAt: { $min: '$registeredAt' },
          },
        },
      ])
      .toArray();
    const { late = 0, lateInARow = 0, oldestAt } = waiting ?? {};
    return { late, lateInARow, oldestAt: oldestAt?.toISOString() ?? null };
  }

  private async findFolds(
    filter: mongo.Filter<SessionDocument>,
    order: mongo.Sort,
    limit: number,
  ): Promise<Fold<SessionState>[]> {
    const documents = await this.collection
      .find(filter, { projection: { state: 1, lastIndex: 1 } })
      .sort(order)
      .limit(limit)
      // Without it the first answer has 101, and the rest costs another trip.
      .batchSize(limit)
      .toArray();
    return documents.map((document) => ({
      id: document._id,
      state: stateOf(document),
      lastIndex: Number(document.lastIndex),
    }));
  }

  /** Every instance asks every few seconds: an index has to hold all of it, so that no session is read. */
  private async backlogOf(
    which: mongo.Filter<SessionDocument>,
    since: 'firstResultAt' | 'mediaWantedSince',
  ): Promise<{ count: number; oldestAt: string | null }> {
    const [backlog] = await this.collection
      .aggregate<{ count: number; oldestAt: Date | null }>([
        { $match: which },
        { $group: { _id: null, count: { $sum: 1 }, oldestAt: { $min: `$${since}` } } },
      ])
      .toArray();
    return { count: backlog?.count ?? 0, oldestAt: backlog?.oldestAt?.toISOString() ?? null };
  }

  private async findStates(
    filter: mongo.Filter<SessionDocument>,
    order: mongo.Sort,
    limit: number,
  ): Promise<SessionState[]> {
    const documents = await this.collection
      .find(filter, { projection: { state: 1 } })
      .sort(order)
      .limit(limit)
      .toArray();
    return documents.map(stateOf);
  }
}

/** Of a field that is there. Said like this, an index alone can tell, which doesn't know null from missing. */
const ANY_TIME = { $gte: new Date(0) };

function conditionsOf(filter: SessionFilter, cursor?: string): mongo.Filter<SessionDocument> {
  const { fromIndex = 0, untilIndex = Number.MAX_SAFE_INTEGER, customerRef, ...equal } = filter;
  const until = Math.min(untilIndex, cursor === undefined ? untilIndex : indexOfCursor(cursor));
  return {
    ...Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined)),
    ...(customerRef !== undefined && { customerRef: { $eq: customerRef, ...IS_TEXT } }),
    firstIndex: { $gte: mongo.Long.fromNumber(fromIndex), $lt: mongo.Long.fromNumber(until) },
  };
}

function toDocument(
  state: SessionState,
  lastIndex: number,
  { pull, nextEvidenceAt }: { pull: DuePull | null; nextEvidenceAt: Date | null },
): SessionDocument {
  if (state.status === 'NONE') throw new Error('a session without entries has no projection');
  return {
    _id: state.uuid,
    lastIndex: mongo.Long.fromNumber(lastIndex),
    firstIndex: mongo.Long.fromNumber(state.firstIndex),
    status: state.status,
    decision: decisionOf(state),
    grade: gradeOf(state),
    channel: state.registration?.channel ?? null,
    customerRef: state.registration?.customerRef ?? null,
    ...(isUnconcluded(state) && { unconcludedSince: new Date(state.updatedAt) }),
    ...(pull !== null && { nextPullAt: pull.at, pullDeadline: pull.deadline }),
    ...(nextEvidenceAt !== null && { nextEvidenceAt }),
    ...reviewFields(state),
    ...(state.status === 'REGISTERED' &&
      state.expiresAt !== null && { expiresAt: new Date(state.expiresAt) }),
    ...datesOf({
      registeredAt: state.registeredAt,
      firstResultAt: state.results[0]?.receivedAt,
      firstCallbackAt: callbacksOf(state)[0]?.receivedAt,
      mediaWantedSince: nextEvidenceAt && state.evidence.wanted?.since,
    }),
    state: JSON.stringify(state),
  };
}

/** RFC 3339 to dates; leaves out what isn't there. */
function datesOf<Name extends string>(
  times: Readonly<Record<Name, string | null | undefined>>,
): { [N in Name]?: Date } {
  const dates: { [N in Name]?: Date } = {};
  for (const name in times) {
    const time = times[name];
    if (time) dates[name] = new Date(time);
  }
  return dates;
}

function reviewFields(state: SessionState): Partial<SessionDocument> {
  const { since, claim, proposal } = state.review;
  if (since === null || !isReviewable(state)) return {};
  return {
    reviewIndex: mongo.Long.fromNumber(since.index),
    reviewSince: new Date(since.at),
    awaitsSecond: proposal !== null,
    ...(claim !== null && { claimedBy: claim.by.id, claimedUntil: new Date(claim.until) }),
  };
}
