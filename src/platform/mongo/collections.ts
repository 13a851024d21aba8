import type { mongo } from 'mongoose';

/** A collection as it must exist before the service writes to it. */
export interface CollectionPlan {
  readonly name: string;
  readonly options?: mongo.CreateCollectionOptions;
  /** Each index with the query that it serves. */
  readonly indexes: readonly {
    readonly keys: mongo.IndexSpecification;
    readonly serves: string;
    readonly unique?: true;
    /** Leaves documents out that the query never asks for; they cost nothing on insert then. */
    readonly onlyWhere?: mongo.Document;
  }[];
}

const NAMESPACE_EXISTS = 48;

/** Creates what is missing and leaves what exists. Safe to run from several instances at once. */
export async function provideCollection(db: mongo.Db, plan: CollectionPlan): Promise<void> {
  try {
    await db.createCollection(plan.name, plan.options ?? {});
  } catch (error) {
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
  }
  for (const { keys, unique, onlyWhere } of plan.indexes) {
    const options = { ...(unique && { unique }), ...(onlyWhere && { partialFilterExpression: onlyWhere }) };
    await db.collection(plan.name).createIndex(keys, options);
  }
}
