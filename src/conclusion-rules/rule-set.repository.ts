import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { ProjectedCollection } from '../platform/mongo/projected-collection.ts';
import { RULE_SETS_PLAN } from './rule-set-collections.ts';
import type { RuleSetState } from './rule-set-state.ts';

interface RuleSetProjection {
  /** The version. */
  readonly _id: string;
  /** Log index up to which `state` holds. */
  readonly lastIndex: mongo.Long | number;
  /** Order in lists. */
  readonly firstIndex: mongo.Long | number;
  readonly digest: string;
  readonly state: RuleSetState;
}

/** The projection of rule sets: written by folding the log, and by nothing else. */
@Injectable()
export class RuleSetRepository implements Projection<RuleSetState> {
  private readonly projected: ProjectedCollection<RuleSetProjection>;
  private readonly collection: mongo.Collection<RuleSetProjection>;

  constructor(@InjectConnection() connection: Connection, primary: PrimaryChanges) {
    this.projected = new ProjectedCollection(connection, RULE_SETS_PLAN.name, primary);
    this.collection = this.projected.collection;
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<RuleSetState>[], alsoEqual = false): Promise<void> {
    await this.projected.put(
      folds.flatMap(({ id, state, lastIndex }) => toDocument(id, state, lastIndex) ?? []),
      new Set(folds.filter(({ isNew }) => isNew).map(({ id }) => id)),
      alsoEqual,
    );
  }

  projectedUpTo(versions: readonly string[]): Promise<Map<string, number>> {
    return this.projected.projectedUpTo(versions);
  }

  idsAfter(after: string, limit: number): Promise<string[]> {
    return this.projected.idsAfter(after, limit);
  }

  drop(versions: readonly string[]): Promise<void> {
    return this.projected.drop(versions);
  }

  async find(version: string): Promise<RuleSetState | null> {
    return (await this.collection.findOne({ _id: version }))?.state ?? null;
  }

  /** Rule sets whose first entry lies before a log index, newest first. */
  async findBefore(index: number, limit: number): Promise<RuleSetState[]> {
    const documents = await this.collection
      .find({ firstIndex: { $lt: mongo.Long.fromNumber(index) } })
      .sort({ firstIndex: -1 })
      .limit(limit)
      .toArray();
    return documents.map(({ state }) => state);
  }

  countWithContent(digest: string): Promise<number> {
    return this.collection.countDocuments({ digest });
  }
}

function toDocument(version: string, state: RuleSetState, lastIndex: number): RuleSetProjection | null {
  // A command that decided on nothing leaves a fold of a rule set that never was.
  if (state.identity === null) return null;
  return {
    _id: version,
    lastIndex: mongo.Long.fromNumber(lastIndex),
    firstIndex: mongo.Long.fromNumber(state.firstIndex),
    digest: state.identity.digest,
    state,
  };
}
