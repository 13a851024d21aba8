import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { IS_TEXT } from '../platform/mongo/collections.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import { SESSION } from '../sessions/session.stream.ts';
import type { ExceptionClass } from './exception-class.ts';
import type { ExceptionState, ExceptionStatus } from './exception-state.ts';
import { EXCEPTIONS_PLAN } from './reconciliation-collections.ts';

interface ExceptionDocument {
  readonly _id: string;
  /** Log index up to which `state` holds. */
  readonly lastIndex: mongo.Long | number;
  /** Order in lists. */
  readonly firstIndex: mongo.Long | number;
  readonly class: ExceptionClass;
  readonly status: ExceptionStatus;
  readonly owner: string | null;
  /** uuid; null for what is not about a session. */
  readonly session: string | null;
  readonly state: ExceptionState;
}

/** Which exceptions are wanted; all given conditions hold together. */
export interface ExceptionFilter {
  readonly class?: ExceptionClass | undefined;
  readonly status?: ExceptionStatus | undefined;
  readonly owner?: string | undefined;
}

/** The projection of exceptions: written by folding the log, and by nothing else. */
@Injectable()
export class ExceptionRepository implements Projection<ExceptionState> {
  private readonly projected: ProjectedCollection<ExceptionDocument>;
  private readonly collection: mongo.Collection<ExceptionDocument>;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges) {
    this.projected = new ProjectedCollection(connection, EXCEPTIONS_PLAN.name, primary);
    this.collection = this.projected.collection;
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<ExceptionState>[], alsoEqual = false): Promise<void> {
    await this.projected.put(
      folds.flatMap(({ id, state, lastIndex }) => toDocument(id, state, lastIndex) ?? []),
      new Set(folds.filter(({ isNew }) => isNew).map(({ id }) => id)),
      alsoEqual,
    );
  }

  projectedUpTo(ids: readonly string[]): Promise<Map<string, number>> {
    return this.projected.projectedUpTo(ids);
  }

  idsAfter(after: string, limit: number): Promise<string[]> {
    return this.projected.idsAfter(after, limit);
  }

  drop(ids: readonly string[]): Promise<void> {
    return this.projected.drop(ids);
  }

  async find(id: string): Promise<ExceptionState | null> {
    return (await this.collection.findOne({ _id: id }, { projection: { state: 1 } }))?.state ?? null;
  }

  async findMany(ids: readonly string[]): Promise<ExceptionState[]> {
    const documents = await this.collection.find({ _id: { $in: [...ids] } }).toArray();
    return documents.map(({ state }) => state);
  }

  /** Exceptions, newest first. */
  async page(
    { owner, ...equal }: ExceptionFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ExceptionState>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : indexOfCursor(cursor);
    const documents = await this.collection
      .find({
        ...Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined)),
        ...(owner !== undefined && { owner: { $eq: owner, ...IS_TEXT } }),
        firstIndex: { $lt: mongo.Long.fromNumber(before) },
      })
      .sort({ firstIndex: -1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(
      documents,
      limit,
      ({ firstIndex }) => Number(firstIndex),
      ({ state }) => state,
    );
  }

  /** Every exception about any of the sessions, open or not. */
  async findOfSessions(uuids: readonly string[]): Promise<ExceptionState[]> {
    const documents = await this.collection.find({ session: { $in: [...uuids], ...IS_TEXT } }).toArray();
    return documents.map(({ state }) => state);
  }

  /** Those of the sessions that have an open exception. */
  async withOpen(uuids: readonly string[]): Promise<Set<string>> {
    const found = await this.collection.distinct('session', {
      session: { $in: [...uuids], ...IS_TEXT },
      status: 'OPEN',
    });
    return new Set(found.filter((uuid) => uuid !== null));
  }

  /** How many are open, by class; classes without any are left out. */
  async countOpen(): Promise<Map<ExceptionClass, number>> {
    const counts = await this.collection
      .aggregate<{ _id: ExceptionClass; count: number }>([
        { $match: { status: 'OPEN' } },
        { $group: { _id: '$class', count: { $sum: 1 } } },
      ])
      .toArray();
    return new Map(counts.map(({ _id, count }) => [_id, count]));
  }
}

function toDocument(id: string, state: ExceptionState, lastIndex: number): ExceptionDocument | null {
  // A command that decided on nothing leaves a fold of an exception that never was.
  if (state.status === 'NONE' || state.raised === null) return null;
  const { class: exceptionClass, about } = state.raised;
  return {
    _id: id,
    lastIndex: mongo.Long.fromNumber(lastIndex),
    firstIndex: mongo.Long.fromNumber(state.firstIndex),
    class: exceptionClass,
    status: state.status,
    owner: state.owner,
    session: about.type === SESSION ? about.id : null,
    state,
  };
}
