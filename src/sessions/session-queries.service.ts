import { Injectable } from '@nestjs/common';
import { AuditQueries, type ReadEntry } from '../audit/audit-queries.service.ts';
import type { Fold } from '../audit/stream.ts';
import type { Page } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import {
  type FirstToPull,
  type SessionFilter,
  SessionRepository,
  type WaitingBounds,
  type WaitingSessions,
} from './session.repository.ts';
import { type ReviewBacklog, ReviewQueue, type ReviewFilter } from './review-queue.repository.ts';
import { SESSION } from './session.stream.ts';
import type { SessionState } from './session-state.ts';

/** Which sessions are wanted; `from` is included, `to` is not. */
export interface SessionListFilter extends Omit<SessionFilter, 'fromIndex' | 'untilIndex'> {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Some sessions of a list, to be gone through in its order. */
export interface SessionWalk {
  /** How many they are. */
  readonly total: number;
  /** One after the other; none where there are no sessions. */
  readonly pages: (size: number) => AsyncIterable<Page<SessionState>>;
}

/** Reads sessions from their projection. */
@Injectable()
export class SessionQueries {
  constructor(
    private readonly repository: SessionRepository,
    private readonly entries: AuditQueries,
    private readonly reviews: ReviewQueue,
  ) {}

  find(uuid: string): Promise<SessionState | null> {
    return this.repository.find(uuid);
  }

  /** @throws Problem SESSION_NOT_FOUND */
  async getOrThrow(uuid: string): Promise<SessionState> {
    const state = await this.repository.find(uuid);
    if (state === null) throw new Problem('SESSION_NOT_FOUND', 'Check the uuid, or register the session.');
    return state;
  }

  /**
   * Sessions, newest first. Times are those of their first entry; the log finds the indexes between them, so
   * that no list has to search through sessions of other times.
   */
  async list(filter: SessionListFilter, limit: number, cursor?: string): Promise<Page<SessionState>> {
    return this.repository.page(await this.byIndexes(filter), limit, cursor);
  }

  /** Looks at `limit` sessions of a list at most, from a cursor on, and says beforehand how many they are. */
  async walk(filter: SessionListFilter, limit: number, cursor?: string): Promise<SessionWalk> {
    const indexes = await this.byIndexes(filter);
    const total = await this.repository.count(indexes, limit, cursor);
    return { total, pages: (pageSize) => this.pages(indexes, total, pageSize, cursor) };
  }

  /**
   * The entries about a session, oldest first.
   * @throws Problem SESSION_NOT_FOUND
   */
  async timeline(uuid: string, limit: number, cursor?: string): Promise<Page<ReadEntry>> {
    await this.getOrThrow(uuid);
    return this.entries.page({ subject: uuid, subjectType: SESSION }, limit, cursor);
  }

  /** Sessions that are to be pulled by `time`. */
  findPullDue(time: Date, limit: number, first: FirstToPull): Promise<Fold<SessionState>[]> {
    return this.repository.findPullDue(time, limit, first);
  }

  /** Sessions whose missing media are to be fetched by `time`, the most overdue first. */
  findEvidenceDue(time: Date, limit: number): Promise<SessionState[]> {
    return this.repository.findEvidenceDue(time, limit);
  }

  /** Registered sessions whose time is over by `time`. */
  findExpired(time: Date, limit: number): Promise<SessionState[]> {
    return this.repository.findExpired(time, limit);
  }

  /** Sessions with a result that has waited for its conclusion since before `time`. */
  findUnconcluded(time: Date, limit: number): Promise<SessionState[]> {
    return this.repository.findUnconcluded(time, limit);
  }

  /** Sessions whose newest entry lies in `(after, before)` of the log, in its order. */
  findChanged(after: number, before: number, limit: number): Promise<Fold<SessionState>[]> {
    return this.repository.findChanged(after, before, limit);
  }

  /** Those of the sessions that exist. */
  findMany(uuids: readonly string[]): Promise<Fold<SessionState>[]> {
    return this.repository.findMany(uuids);
  }

  /** Callbacks that wait for a pulled result to prove them, and when the oldest came (RFC 3339). */
  unproven(): Promise<{ count: number; oldestAt: string | null }> {
    return this.repository.unproven();
  }

  /** Sessions that wait for media, and since when the one that has waited longest (RFC 3339). */
  awaitingEvidence(): Promise<{ count: number; oldestAt: string | null }> {
    return this.repository.awaitingEvidence();
  }

  /** How long the newest sessions waited from their registration to their first callback, in milliseconds. */
  callbackWaitsMs(limit: number): Promise<number[]> {
    return this.repository.callbackWaitsMs(limit);
  }

  /** The registered sessions without any result. */
  waiting(bounds: WaitingBounds): Promise<WaitingSessions> {
    return this.repository.waiting(bounds);
  }

  /** Sessions that wait for a person, the one that has waited longest first. */
  findReviews(filter: ReviewFilter, limit: number, cursor?: string): Promise<Page<SessionState>> {
    return this.reviews.page(filter, limit, cursor);
  }

  /** How many of them there are. */
  reviewBacklog(now: Date, dueBefore: Date): Promise<ReviewBacklog> {
    return this.reviews.backlog(now, dueBefore);
  }

  private async *pages(
    filter: SessionFilter,
    total: number,
    size: number,
    cursor: string | undefined,
  ): AsyncGenerator<Page<SessionState>> {
    let [left, next] = [total, cursor];
    while (left > 0) {
      const page = await this.repository.page(filter, Math.min(size, left), next);
      yield page;
      if (page.nextCursor === null) return;
      left -= page.items.length;
      next = page.nextCursor;
    }
  }

  private async byIndexes({ from, to, ...filter }: SessionListFilter): Promise<SessionFilter> {
    const fromIndex = await this.entries.firstIndexAt(from);
    const untilIndex = to === undefined ? undefined : await this.entries.endIndexAt(to);
    return { ...filter, fromIndex, untilIndex };
  }
}
