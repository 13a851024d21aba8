import { mongo } from 'mongoose';
import { TILE_WIDTH } from '../audit/format/constants.ts';
import { readBson, type StoredDocument } from './bson.ts';
import {
  SourceError,
  type LogSource,
  type SourceCheckpoint,
  type SourceEntry,
  type SourceTile,
} from './source.ts';
import { pathOfTile, tilesAcross } from './tile-layout.ts';

/* Names and fields of the log's collections, as a reader from outside finds them. */
const ENTRIES = 'audit_log';
const CHECKPOINTS = 'audit_checkpoints';
const COSIGNATURES = 'audit_cosignatures';
const TILES = 'audit_tiles';

type Filter = Readonly<Record<string, unknown>>;

/** Few enough that what a batch needs dies young: with 2,000 the process grows to twice the size, no faster. */
const BATCH = 250;
const TILES_AT_ONCE = 100;
/** In batches so small, a server that says nothing for a minute says nothing more. */
const OPTIONS = { appName: 'verify', socketTimeoutMS: 60_000 } as const;
const MAJORITY = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

/** The log in its database, read past the service. */
export class MongoSource implements LogSource {
  readonly #client: mongo.MongoClient;
  readonly #db: mongo.Db;
  /** Selects the checkpoints up to the newest one. */
  #upToNewest: Filter = {};

  private constructor(client: mongo.MongoClient) {
    this.#client = client;
    this.#db = client.db();
  }

  /** @param uri names the database in its path. @throws SourceError when the database can't be reached */
  static async connect(uri: string): Promise<MongoSource> {
    return reading(async () => new MongoSource(await mongo.MongoClient.connect(uri, OPTIONS)));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async newestCheckpoint(cosignatures: number): Promise<Buffer | null> {
    const number = cosignatures === 0 ? null : await this.#newestCosigned(cosignatures);
    const [newest] = await this.#read(CHECKPOINTS, number === null ? {} : { _id: number }, -1, 1);
    if (newest === undefined) return null;
    const newestNumber = numberOf(newest['_id']);
    // An odd number is met on the way through all of them.
    if (!Number.isNaN(newestNumber)) this.#upToNewest = { _id: { $lte: newestNumber } };
    const lines = await this.#read(COSIGNATURES, { checkpoint: newestNumber });
    return Buffer.concat([bytesOf(newest['note']), ...lines.map(({ line }) => Buffer.from(String(line)))]);
  }

  async *checkpoints(): AsyncGenerator<SourceCheckpoint> {
    for await (const batch of this.#batches(CHECKPOINTS, this.#upToNewest)) {
      yield* batch.map(({ _id, size, root, note }) => ({
        note: bytesOf(note),
        stored: { number: numberOf(_id), size: numberOf(size), root: bytesOf(root) },
      }));
    }
  }

  async *entries(): AsyncGenerator<readonly SourceEntry[]> {
    for await (const batch of this.#batches(ENTRIES)) {
      yield batch.map((document) => ({
        index: numberOf(document['_id']),
        leaf: bytesOf(document['leaf']),
        document,
      }));
    }
  }

  async *tiles(level: number, size: number): AsyncGenerator<SourceTile | null> {
    let paths: string[] = [];
    for (const { index, width } of tilesAcross(level, size)) {
      // The database keeps full tiles only; a partial one is made from the entries whenever it is asked for.
      if (width < TILE_WIDTH) break;
      paths.push(pathOfTile(level, index, width));
      if (paths.length < TILES_AT_ONCE) continue;
      yield* await this.#tilesAt(paths);
      paths = [];
    }
    yield* await this.#tilesAt(paths);
  }

  async #tilesAt(paths: readonly string[]): Promise<(SourceTile | null)[]> {
    const stored = await this.#read(TILES, { _id: { $in: paths } });
    const byPath = new Map(
      stored.map(({ _id, hashes, root }) => [_id, { hashes: bytesOf(hashes), root: bytesOf(root) }]),
    );
    return paths.map((path) => byPath.get(path) ?? null);
  }

  /** Number of the newest checkpoint that enough witnesses signed, or null for none. */
  async #newestCosigned(cosignatures: number): Promise<number | null> {
    const counted = this.#db
      .collection(COSIGNATURES, MAJORITY)
      .aggregate<{ _id: number }>([
        { $group: { _id: '$checkpoint', lines: { $sum: 1 } } },
        { $match: { lines: { $gte: cosignatures } } },
        { $sort: { _id: -1 } },
        { $limit: 1 },
      ]);
    const [newest] = await reading(() => counted.toArray());
    return newest === undefined ? null : newest._id;
  }

  #find(collection: string, filter: Filter, direction: 1 | -1) {
    const documents = this.#db.collection<mongo.Document>(collection, MAJORITY);
    // As bytes: what they say is not for the driver to judge.
    return documents.find(filter as mongo.Filter<mongo.Document>, { raw: true }).sort({ _id: direction });
  }

  async #read(
    collection: string,
    filter: Filter,
    direction: 1 | -1 = 1,
    limit = 0,
  ): Promise<StoredDocument[]> {
    const documents = await reading(() => this.#find(collection, filter, direction).limit(limit).toArray());
    return documents.map(fieldsOf);
  }

  async *#batches(collection: string, filter: Filter = {}): AsyncGenerator<readonly StoredDocument[]> {
    const cursor = this.#find(collection, filter, 1).batchSize(BATCH);
    try {
      let more = reading(() => cursor.hasNext());
      while (await more) {
        const batch = cursor.readBufferedDocuments();
        // The database works on the next batch while this one is verified.
        more = reading(() => cursor.hasNext());
        more.catch(() => undefined);
        yield batch.map(fieldsOf);
      }
    } finally {
      await cursor.close();
    }
  }
}

function fieldsOf(document: mongo.Document): StoredDocument {
  return readBson(document as Buffer);
}

/**
 * A number; NaN for a field of any other kind. Text or a date that says the same number would verify, while no
 * query of the service finds it.
 */
function numberOf(field: unknown): number {
  return typeof field === 'number' ? field : NaN;
}

/** Bytes of a generic binary field; nothing for a field of any other kind, so that it is refused. */
function bytesOf(field: unknown): Buffer {
  return Buffer.isBuffer(field) ? field : Buffer.alloc(0);
}

async function reading<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw new SourceError('the database could not be read', { cause: error });
  }
}
