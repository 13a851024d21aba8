import type { Connection, mongo } from 'mongoose';
import { isOnlyDuplicateKeys, refusesOnlyDuplicates } from './duplicate-keys.ts';
import { insertDocuments, type SizedDocument } from './insert-command.ts';
import type { PrimaryChanges } from './primary-changes.service.ts';

/** What a projection holds of one subject. */
export interface ProjectedDocument {
  readonly _id: string;
  /** Log index up to which the rest holds. */
  readonly lastIndex: number | mongo.Long;
}

/**
 * Where the folds of one kind of subject are kept, on the primary. They are read as they stand there, and written
 * without waiting for a majority: the log has what they say by one, and after an election the catch-up folds again
 * whatever went with the old primary.
 */
export class ProjectedCollection<Document extends ProjectedDocument> {
  /** For queries. */
  readonly collection: mongo.Collection<Document>;
  private readonly untyped: mongo.Collection<ProjectedDocument>;
  private readonly db: mongo.Db;

  constructor(
    connection: Connection,
    private readonly name: string,
    private readonly primary: PrimaryChanges,
  ) {
    this.db = connection.getClient().db(connection.name);
    const options = { readConcern: { level: 'local' }, readPreference: 'primary' } as const;
    this.collection = this.db.collection(name, options);
    this.untyped = this.db.collection(name, options);
  }

  /**
   * Writes documents; where another instance has already written a newer one, that one stays.
   * @param newIds subjects that nobody has projected, as far as the caller knows: an insert costs the database
   *   far less than an upsert
   * @param alsoEqual replaces a document of the same index too, which only a repair wants
   */
  async put(documents: readonly Document[], newIds: ReadonlySet<string>, alsoEqual: boolean): Promise<void> {
    const present = await this.insert(documents.filter(({ _id }) => newIds.has(_id)));
    const rest = [...documents.filter(({ _id }) => !newIds.has(_id)), ...present];
    if (rest.length === 0) return;
    const operations = rest.map((replacement) => {
      const older = { [alsoEqual ? '$lte' : '$lt']: replacement.lastIndex };
      return {
        replaceOne: { filter: { _id: replacement._id, lastIndex: older }, replacement, upsert: true },
      };
    });
    const { writeConcern } = this.primary;
    try {
      await this.untyped.bulkWrite(operations, { ordered: false, writeConcern });
    } catch (error) {
      // The upsert of an older state meets the newer document: that is the newer one staying.
      if (!isOnlyDuplicateKeys(error)) throw error;
    }
  }

  /** The log index up to which each of these subjects is projected. */
  async projectedUpTo(ids: readonly string[]): Promise<Map<string, number>> {
    const documents = await this.untyped
      .find({ _id: { $in: [...ids] } }, { projection: { lastIndex: 1 } })
      .toArray();
    return new Map(documents.map(({ _id, lastIndex }) => [_id, Number(lastIndex)]));
  }

  /** Ids of subjects behind one, in their order. */
  async idsAfter(after: string, limit: number): Promise<string[]> {
    const documents = await this.untyped
      .find({ _id: { $gt: after } }, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return documents.map(({ _id }) => _id);
  }

  /** Removes what the log knows nothing of. */
  async drop(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.untyped.deleteMany({ _id: { $in: [...ids] } });
  }

  /** @returns those that are there already */
  private async insert(documents: readonly Document[]): Promise<readonly Document[]> {
    if (documents.length === 0) return [];
    const { writeConcern } = this.primary;
    const sized = documents.map((document): SizedDocument => ({ document, bytes: USUAL_BYTES }));
    try {
      await insertDocuments(this.db, this.name, sized, { ordered: false, writeConcern });
      return [];
    } catch (error) {
      if (!refusesOnlyDuplicates(error)) throw error;
      return error.refused.flatMap(({ index }) => documents[index] ?? []);
    }
  }
}

/** A state that was just folded for the first time has a few entries, each of at most 32 KiB. */
const USUAL_BYTES = 128 * 1024;
