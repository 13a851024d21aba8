import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Fold, Projection } from '../audit/stream.ts';
import { isOnlyDuplicateKeys } from '../platform/mongo/duplicate-keys.ts';
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
  private readonly collection: mongo.Collection<RuleSetProjection>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<RuleSetProjection>(RULE_SETS_PLAN.name, {
        readConcern: { level: 'majority' },
        writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5_000 },
      });
  }

  /** @see Projection.put */
  async put(folds: readonly Fold<RuleSetState>[], alsoEqual = false): Promise<void> {
    const operations = folds.flatMap(({ id, state, lastIndex }) => {
      // A command that decided on nothing leaves a fold of a rule set that never was.
      if (state.identity === null) return [];
      const replacement = {
        lastIndex: mongo.Long.fromNumber(lastIndex),
        firstIndex: mongo.Long.fromNumber(state.firstIndex),
        digest: state.identity.digest,
        state,
      };
      const older = { [alsoEqual ? '$lte' : '$lt']: mongo.Long.fromNumber(lastIndex) };
      return [{ replaceOne: { filter: { _id: id, lastIndex: older }, replacement, upsert: true } }];
    });
    if (operations.length === 0) return;
    try {
      await this.collection.bulkWrite(operations, { ordered: false });
    } catch (error) {
      // The upsert of an older fold meets the newer document: that is the newer one staying.
      if (!isOnlyDuplicateKeys(error)) throw error;
    }
  }

  async projectedUpTo(versions: readonly string[]): Promise<Map<string, number>> {
    const documents = await this.collection
      .find({ _id: { $in: [...versions] } }, { projection: { lastIndex: 1 } })
      .toArray();
    return new Map(documents.map(({ _id, lastIndex }) => [_id, Number(lastIndex)]));
  }

  async idsAfter(after: string, limit: number): Promise<string[]> {
    const documents = await this.collection
      .find({ _id: { $gt: after } }, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return documents.map(({ _id }) => _id);
  }

  async drop(versions: readonly string[]): Promise<void> {
    if (versions.length > 0) await this.collection.deleteMany({ _id: { $in: [...versions] } });
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
