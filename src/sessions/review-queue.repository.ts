import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import { type SessionDocument, SESSIONS_PLAN, stateOf } from './session.schema.ts';
import { REVIEW_STATUSES, type ReviewStatus } from './session-review.ts';
import type { SessionState } from './session-state.ts';

/** Which reviews are wanted; all given conditions hold together. */
export interface ReviewFilter {
  readonly status?: ReviewStatus | undefined;
  /** Id of the person whose claim is not over. */
  readonly claimedBy?: string | undefined;
  /** Claims that are over by then count no more. */
  readonly now: Date;
}

/** What waits for people. */
export interface ReviewBacklog {
  readonly open: Readonly<Record<ReviewStatus, number>>;
  /** Those that came before a person before the given time. */
  readonly overdue: number;
  /** When the oldest came before a person; null without any. */
  readonly oldestAt: Date | null;
}

/** Reads the sessions that wait for a person from their projection. */
@Injectable()
export class ReviewQueue {
  private readonly collection: mongo.Collection<SessionDocument>;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges) {
    this.collection = new ProjectedCollection<SessionDocument>(
      connection,
      SESSIONS_PLAN.name,
      primary,
    ).collection;
  }

  /** In the order in which they came before a person, which is that in which they are due. */
  async page(
    { status, claimedBy, now }: ReviewFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<SessionState>> {
    const after = cursor === undefined ? -1 : indexOfCursor(cursor);
    const documents = await this.collection
      .find(
        {
          // Said in so many words, the partial index serves the query.
          reviewIndex: { $exists: true, $gt: mongo.Long.fromNumber(after) },
          ...(status !== undefined && ofStatus(status, now)),
          ...(claimedBy !== undefined && { claimedBy, $and: [{ claimedUntil: { $gt: now } }] }),
        },
        { projection: { state: 1, reviewIndex: 1 } },
      )
      .sort({ reviewIndex: 1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(documents, limit, ({ reviewIndex }) => Number(reviewIndex), stateOf);
  }

  async backlog(now: Date, dueBefore: Date): Promise<ReviewBacklog> {
    const groups = await this.collection
      .aggregate<{ _id: ReviewStatus; count: number; overdue: number; oldestAt: Date }>([
        { $match: { reviewIndex: { $exists: true } } },
        {
          $group: {
            _id: {
              $cond: [
                { $gt: ['$claimedUntil', now] },
                'CLAIMED',
                { $cond: ['$awaitsSecond', 'AWAITING_SECOND', 'OPEN'] },
              ],
            },
            count: { $sum: 1 },
            overdue: { $sum: { $cond: [{ $lte: ['$reviewSince', dueBefore] }, 1, 0] } },
            oldestAt: { $min: '$reviewSince' },
          },
        },
      ])
      .toArray();
    const countOf = (status: ReviewStatus) => groups.find(({ _id }) => _id === status)?.count ?? 0;
    const times = groups.map(({ oldestAt }) => oldestAt.getTime());
    return {
      open: Object.fromEntries(REVIEW_STATUSES.map((status) => [status, countOf(status)])) as Record<
        ReviewStatus,
        number
      >,
      overdue: groups.reduce((sum, { overdue }) => sum + overdue, 0),
      oldestAt: times.length === 0 ? null : new Date(Math.min(...times)),
    };
  }
}

function ofStatus(status: ReviewStatus, now: Date): mongo.Filter<SessionDocument> {
  if (status === 'CLAIMED') return { claimedUntil: { $gt: now } };
  return { claimedUntil: { $not: { $gt: now } }, awaitsSecond: status === 'AWAITING_SECOND' };
}
