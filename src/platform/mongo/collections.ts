import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';

/** A collection as it must exist before the service writes to it. */
export interface CollectionPlan {
  readonly name: string;
  readonly options?: mongo.CreateCollectionOptions;
  /** Each index with the query that it serves. */
  readonly indexes: readonly IndexPlan[];
}

export interface IndexPlan {
  readonly keys: mongo.IndexSpecification;
  readonly serves: string;
  readonly unique?: true;
  /** Leaves documents out that the query never asks for; they cost nothing on insert then. */
  readonly onlyWhere?: mongo.Document;
  /** The database deletes documents whose indexed date is older; never on a collection that must keep everything. */
  readonly expireAfterSeconds?: number;
}

/**
 * Of an index that leaves out what isn't a text, and in so many words of each query that it is to serve: from the
 * value that is asked for, MongoDB does not conclude that it would do.
 */
export const IS_TEXT = { $type: 'string' } as const;

/** A collection is not as planned and must not be used like that; the message names it and says what to do. */
export class CollectionFaultError extends Error {
  override readonly name = 'CollectionFaultError';
}

const UNAUTHORIZED = 13;
const NAMESPACE_EXISTS = 48;
const REMEDY = 'a deploy user has to run: npm run provision';
/** Options on which a guarantee rests. Sizes aren't among them: whoever runs the database may tune those. */
const CHECKED_OPTIONS = ['validator', 'validationLevel', 'validationAction', 'capped'] as const;

/**
 * Creates what is missing and leaves what exists, after checking that it is what was planned: a collection
 * that was dropped and came back with the next insert has lost its validator. Writes nothing where nothing is
 * missing, so it needs no right to change collections then. Safe to run from several instances at once.
 * @returns what it wrote, in words
 * @throws CollectionFaultError if the collection differs, or something is missing that this user may not create
 */
export async function provideCollection(db: mongo.Db, plan: CollectionPlan): Promise<string[]> {
  const written: string[] = [];
  if ((await findCollection(db, plan.name)) === null && (await createCollection(db, plan))) {
    written.push(`created the collection ${plan.name}`);
  }
  const fault = faultOf(plan, await findCollection(db, plan.name));
  if (fault !== null) {
    throw new CollectionFaultError(
      `the collection ${plan.name} ${fault}. Find out who changed it; then ${REMEDY}`,
    );
  }
  for (const index of await missingIndexes(db, plan)) {
    const name = JSON.stringify(index.keys);
    await permitted(`create the index ${name} of ${plan.name}, which is missing`, () =>
      createIndex(db.collection(plan.name), index),
    );
    written.push(`created the index ${name} of ${plan.name}`);
  }
  return written;
}

/**
 * Puts the planned validator in the place of another or of none, for a deploy user; a missing collection stays
 * missing.
 * @returns what was wrong with the validator, or null if nothing was
 */
export async function restoreValidator(db: mongo.Db, plan: CollectionPlan): Promise<string | null> {
  const { validator, validationLevel, validationAction } = plan.options ?? {};
  const existing = await findCollection(db, plan.name);
  if (existing?.type !== 'collection' || validator === undefined) return null;
  const fault = faultOf(plan, existing);
  if (fault !== null) await db.command({ collMod: plan.name, validator, validationLevel, validationAction });
  return fault;
}

type ExistingCollection = mongo.CollectionInfo & { readonly options?: mongo.Document };

async function findCollection(db: mongo.Db, name: string): Promise<ExistingCollection | null> {
  const [found] = await permitted(`look at the collection ${name}`, () =>
    db.listCollections({ name }, { nameOnly: false }).toArray(),
  );
  return found ?? null;
}

function faultOf({ options = {} }: CollectionPlan, existing: ExistingCollection | null): string | null {
  if (existing === null) return 'was dropped at this moment';
  if (existing.type !== 'collection') return `is no collection but a ${existing.type}`;
  for (const option of CHECKED_OPTIONS) {
    const [planned, found] = [options[option], existing.options?.[option] as unknown];
    if (planned === undefined || isDeepStrictEqual(found, planned)) continue;
    return found === undefined ? `has no ${option}` : `has another ${option} than this release`;
  }
  return null;
}

/**
 * Makes the collection aside and puts it in its place by a rename, so that it appears with its validator and
 * indexes or not at all. It also keeps instances that start at once from creating one name together, at which
 * the embedded MongoDB under Wine crashes.
 * @returns false if another instance was first
 */
async function createCollection(
  db: mongo.Db,
  { name, options = {}, indexes }: CollectionPlan,
): Promise<boolean> {
  // To MongoDB the right to insert is the right to create as well. To us it is not: a log that was dropped would
  // come back empty, and nobody had to agree.
  if (!(await mayCreate(db, name))) {
    throw new CollectionFaultError(
      `the collection ${name} is missing and this database user has no right to create it; ${REMEDY}`,
    );
  }
  return permitted(`create the collection ${name}`, async () => {
    const draft = await db.createCollection(`${name}.draft-${randomUUID()}`, options);
    try {
      for (const index of indexes) await createIndex(draft, index);
      await draft.rename(name);
      return true;
    } catch (error) {
      await draft.drop();
      if (codeOf(error) === NAMESPACE_EXISTS) return false;
      throw error;
    }
  });
}

async function createIndex(
  collection: mongo.Collection,
  { keys, unique, onlyWhere, expireAfterSeconds }: IndexPlan,
): Promise<void> {
  await collection.createIndex(keys, {
    // On a large collection it takes as long as it takes, without a word.
    timeoutMS: 0,
    ...(unique && { unique }),
    ...(onlyWhere && { partialFilterExpression: onlyWhere }),
    ...(expireAfterSeconds !== undefined && { expireAfterSeconds }),
  });
}

interface ConnectionStatus {
  readonly authInfo: {
    readonly authenticatedUsers: readonly unknown[];
    readonly authenticatedUserPrivileges: readonly {
      /** An empty name stands for every database or collection; a cluster resource has neither. */
      readonly resource: { readonly anyResource?: true; readonly db?: string; readonly collection?: string };
      readonly actions: readonly string[];
    }[];
  };
}

async function mayCreate(db: mongo.Db, name: string): Promise<boolean> {
  const status = (await db.command({ connectionStatus: 1, showPrivileges: true })) as ConnectionStatus;
  const { authenticatedUsers, authenticatedUserPrivileges } = status.authInfo;
  if (authenticatedUsers.length === 0) return true; // a server without access control
  return authenticatedUserPrivileges.some(
    ({ resource, actions }) =>
      (resource.anyResource === true ||
        (['', db.databaseName].includes(resource.db ?? '-') &&
          ['', name].includes(resource.collection ?? '-'))) &&
      (actions.includes('createCollection') || actions.includes('anyAction')),
  );
}

interface ExistingIndex {
  readonly name: string;
  readonly key: object;
  readonly unique?: true;
  readonly partialFilterExpression?: mongo.Document;
  readonly expireAfterSeconds?: number;
}

/** @throws CollectionFaultError if an index is there in another form, or one that deletes on its own */
async function missingIndexes(db: mongo.Db, { name, indexes }: CollectionPlan): Promise<IndexPlan[]> {
  const present = await permitted(
    `look at the indexes of ${name}`,
    () => db.collection(name).listIndexes().toArray() as Promise<ExistingIndex[]>,
  );
  const timed = present.find(
    (index) => index.expireAfterSeconds !== undefined && !indexes.some((plan) => haveSameKeys(index, plan)),
  );
  if (timed) {
    throw new CollectionFaultError(
      `the index ${timed.name} of ${name} deletes documents after a time, which nobody planned; find out who made it and drop it`,
    );
  }
  return indexes.filter((plan) => {
    const found = present.find((index) => haveSameKeys(index, plan));
    const same =
      found?.unique === plan.unique &&
      found?.expireAfterSeconds === plan.expireAfterSeconds &&
      isDeepStrictEqual(found?.partialFilterExpression, plan.onlyWhere);
    if (found && !same) {
      throw new CollectionFaultError(
        `the index ${found.name} of ${name} is not as planned; drop it, then ${REMEDY}`,
      );
    }
    return !found;
  });
}

/** The order of the keys matters, which comparing objects would not see. */
function haveSameKeys({ key }: ExistingIndex, { keys }: IndexPlan): boolean {
  return isDeepStrictEqual(Object.entries(key), Object.entries(keys as object));
}

async function permitted<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (codeOf(cause) !== UNAUTHORIZED) throw cause;
    throw new CollectionFaultError(`this database user may not ${what}; ${REMEDY}`, { cause });
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
