import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import type { CollectionPlan } from '../platform/mongo/collections.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import type { RecallState, RecallStatus } from './recall-state.ts';

export const RECALLS_PLAN: CollectionPlan = {
  name: 'recalls',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'recalls, newest first' },
    { keys: { status: 1, firstIndex: 1 }, serves: 'approved recalls, oldest first' },
  ],
};

interface RecallDocument {
  readonly _id: string;
  /** Log index up to which `state` holds. */
  readonly lastIndex: mongo.Long | number;
  /** Order in lists. */
  readonly firstIndex: mongo.Long | number;
  readonly status: RecallStatus;
  readonly state: RecallState;
}

/** The projection of recalls: written by folding the log, and by nothing else. */
@Injectable()
export class RecallRepository implements Projection<RecallState> {
  private readonly projected: ProjectedCollection<RecallDocument>;
  private readonly collection: mongo.Collection<RecallDocument>;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges) {
    this.projected = new ProjectedCollection(connection, RECALLS_PLAN.name, primary);
    this.collection = this.projected.collection;
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<RecallState>[], alsoEqual = false): Promise<void> {
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

  async find(id: string): Promise<RecallState | null> {
    return (await this.collection.findOne({ _id: id }))?.state ?? null;
  }

  /** Recalls, newest first. */
  async page(limit: number, cursor?: string): Promise<Page<RecallState>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : indexOfCursor(cursor);
    const documents = await this.collection
      .find({ firstIndex: { $lt: mongo.Long.fromNumber(before) } })
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

  /** Recalls that were approved and are not completed, oldest first. */
  async findApproved(): Promise<RecallState[]> {
    const documents = await this.collection.find({ status: 'APPROVED' }).sort({ firstIndex: 1 }).toArray();
    return documents.map(({ state }) => state);
  }
}

function toDocument(id: string, state: RecallState, lastIndex: number): RecallDocument | null {
  // A command that decided on nothing leaves a fold of a recall that never was.
  if (state.status === 'NONE') return null;
  return {
    _id: id,
    lastIndex: mongo.Long.fromNumber(lastIndex),
    firstIndex: mongo.Long.fromNumber(state.firstIndex),
    status: state.status,
    state,
  };
}
