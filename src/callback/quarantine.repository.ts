import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import type { CollectionPlan } from '../platform/mongo/collections.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import type { QuarantineReason, QuarantineState, QuarantineStatus } from './quarantine-state.ts';

export const QUARANTINED_DELIVERIES_PLAN: CollectionPlan = {
  name: 'quarantined_deliveries',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'quarantined deliveries, newest first' },
    { keys: { status: 1, firstIndex: -1 }, serves: 'those that wait for a person, newest first' },
  ],
};

interface QuarantineDocument {
  readonly _id: string;
  /** Log index up to which `state` holds. */
  readonly lastIndex: mongo.Long | number;
  /** Order in lists. */
  readonly firstIndex: mongo.Long | number;
  readonly status: QuarantineStatus;
  readonly reason: QuarantineReason;
  readonly state: QuarantineState;
}

/** Which deliveries are wanted; all given conditions hold together. */
export interface QuarantineFilter {
  readonly status?: QuarantineStatus | undefined;
  readonly reason?: QuarantineReason | undefined;
}

/** The projection of quarantined deliveries: written by folding the log, and by nothing else. */
@Injectable()
export class QuarantineRepository implements Projection<QuarantineState> {
  private readonly projected: ProjectedCollection<QuarantineDocument>;
  private readonly collection: mongo.Collection<QuarantineDocument>;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges) {
    this.projected = new ProjectedCollection(connection, QUARANTINED_DELIVERIES_PLAN.name, primary);
    this.collection = this.projected.collection;
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<QuarantineState>[], alsoEqual = false): Promise<void> {
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

  async find(id: string): Promise<QuarantineState | null> {
    return (await this.collection.findOne({ _id: id }, { projection: { state: 1 } }))?.state ?? null;
  }

  /** Deliveries, newest first. */
  async page(filter: QuarantineFilter, limit: number, cursor?: string): Promise<Page<QuarantineState>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : indexOfCursor(cursor);
    const documents = await this.collection
      .find({
        ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
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
}

function toDocument(id: string, state: QuarantineState, lastIndex: number): QuarantineDocument | null {
  // A command that decided on nothing leaves a fold of a delivery that never came.
  if (state.status === 'NONE' || state.kept === null) return null;
  return {
    _id: id,
    lastIndex: mongo.Long.fromNumber(lastIndex),
    firstIndex: mongo.Long.fromNumber(state.firstIndex),
    status: state.status,
    reason: state.kept.reason,
    state,
  };
}
