import type { Connection, mongo } from 'mongoose';
import { isOnlyDuplicateKeys } from './duplicate-keys.ts';

/** What a projection holds of one subject. */
export interface ProjectedDocument {
  readonly _id: string;
  /** Log index up to which the rest holds. */
  readonly lastIndex: number | mongo.Long;
}

/** How a projection is written. */
export interface ProjectionWrite {
  /** Subjects that have been projected by nobody, as far as the writer knows. */
  readonly newIds: ReadonlySet<string>;
  /** Replaces a document of the same index too, which only a repair wants. */
  readonly alsoEqual: boolean;
  /** {@link PrimaryChanges.writeConcern} */
  readonly writeConcern: mongo.WriteConcernSettings;
}

/**
 * The collection of a projection, on the primary. It is read as it stands there: what it says was committed to
 * the log by a majority before.
 */
export function projectedCollection<Document extends ProjectedDocument>(
  connection: Connection,
  name: string,
): mongo.Collection<Document> {
  return connection
    .getClient()
    .db(connection.name)
    .collection<Document>(name, { readConcern: { level: 'local' }, readPreference: 'primary' });
}

/**
 * Writes documents; where another instance has already written a newer one, that one stays. New documents are
 * inserted, which costs the database a third of what an upsert does.
 */
export async function putNewest<Document extends ProjectedDocument>(
  target: mongo.Collection<Document>,
  documents: readonly Document[],
  { newIds, alsoEqual, writeConcern }: ProjectionWrite,
): Promise<void> {
  const collection = target as unknown as mongo.Collection<ProjectedDocument>;
  const first = documents.filter(({ _id }) => newIds.has(_id));
  const present = await insertMissing(collection, first, writeConcern);
  const rest = [...documents.filter(({ _id }) => !newIds.has(_id)), ...present];
  if (rest.length === 0) return;
  const operations = rest.map((replacement) => ({
    replaceOne: {
      filter: {
        _id: replacement._id,
        lastIndex: { [alsoEqual ? '$lte' : '$lt']: replacement.lastIndex },
      },
      replacement,
      upsert: true,
    },
  }));
  try {
    await collection.bulkWrite(operations, { ordered: false, writeConcern });
  } catch (error) {
    // The upsert of an older state meets the newer document: that is the newer one staying.
    if (!isOnlyDuplicateKeys(error)) throw error;
  }
}

/** @returns those that are there already */
async function insertMissing(
  collection: mongo.Collection<ProjectedDocument>,
  documents: readonly ProjectedDocument[],
  writeConcern: mongo.WriteConcernSettings,
): Promise<ProjectedDocument[]> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany(documents, { ordered: false, writeConcern });
    return [];
  } catch (error) {
    if (!isOnlyDuplicateKeys(error)) throw error;
    const { writeErrors } = error;
    const taken = new Set([writeErrors].flat().map(({ index }) => index));
    return documents.filter((_, index) => taken.has(index));
  }
}
