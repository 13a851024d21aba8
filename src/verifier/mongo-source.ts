import { mongo } from 'mongoose';
import { TILE_WIDTH } from '../audit/format/constants.ts';
import { SourceError, type LogSource, type SourceEntry } from './source.ts';
import { pathOfTile, tilesAcross } from './tile-layout.ts';

/* Names and fields of the log's collections, as a reader from outside finds them. */
const ENTRIES = 'audit_log';
const CHECKPOINTS = 'audit_checkpoints';
const TILES = 'audit_tiles';

type Stored = Readonly<Record<string, unknown>>;

/** Few enough that what a batch needs dies young: with 2,000 the process grows to twice the size, no faster. */
const BATCH = 250;
const TILES_AT_ONCE = 100;
const MAJORITY = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

/** The log in its database, read past the service. */
export class MongoSource implements LogSource {
  readonly #client: mongo.MongoClient;
  readonly #db: mongo.Db;
  #newestId: unknown;

  private constructor(client: mongo.MongoClient) {
    this.#client = client;
    this.#db = client.db();
  }

  /** @param uri names the database in its path. @throws SourceError when the database can't be reached */
  static async connect(uri: string): Promise<MongoSource> {
    return reading(async () => new MongoSource(await mongo.MongoClient.connect(uri, { appName: 'verify' })));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async newestCheckpoint(): Promise<Buffer | null> {
    const [newest] = await reading(() =>
      this.#db.collection(CHECKPOINTS, MAJORITY).find().sort({ _id: -1 }).limit(1).toArray(),
    );
    if (newest === undefined) return null;
    this.#newestId = newest._id;
    return bytesOf(newest['note']);
  }

  async *checkpoints(): AsyncGenerator<Buffer> {
    const upToNewest = { _id: { $lte: this.#newestId } } as mongo.Filter<mongo.Document>;
    for await (const batch of this.#batches(CHECKPOINTS, upToNewest)) {
      yield* batch.map(({ note }) => bytesOf(note));
    }
  }

  async *entries(): AsyncGenerator<readonly SourceEntry[]> {
    for await (const batch of this.#batches(ENTRIES)) {
      yield batch.map((document) => ({
        index: Number(document['_id']),
        leaf: bytesOf(document['leaf']),
        document,
      }));
    }
  }

  async *tiles(level: number, size: number): AsyncGenerator<Buffer | null> {
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

  async #tilesAt(paths: readonly string[]): Promise<(Buffer | null)[]> {
    const tiles = this.#db.collection<Stored & { _id: string }>(TILES, MAJORITY);
    const stored = await reading(() => tiles.find({ _id: { $in: [...paths] } }).toArray());
    const byPath = new Map(stored.map(({ _id, hashes }) => [_id, bytesOf(hashes)]));
    return paths.map((path) => byPath.get(path) ?? null);
  }

  async *#batches(
    collection: string,
    filter: mongo.Filter<mongo.Document> = {},
  ): AsyncGenerator<readonly Stored[]> {
    const cursor = this.#db.collection(collection, MAJORITY).find(filter).sort({ _id: 1 }).batchSize(BATCH);
    try {
      let more = reading(() => cursor.hasNext());
      while (await more) {
        const batch = cursor.readBufferedDocuments();
        // The database works on the next batch while this one is verified.
        more = reading(() => cursor.hasNext());
        more.catch(() => undefined);
        yield batch;
      }
    } finally {
      await cursor.close();
    }
  }
}

/** Bytes of a generic binary field; nothing for a field of any other kind, so that it is refused. */
function bytesOf(field: unknown): Buffer {
  if (!(field instanceof mongo.Binary) || field.sub_type !== mongo.Binary.SUBTYPE_DEFAULT) {
    return Buffer.alloc(0);
  }
  const { buffer, position } = field;
  return Buffer.from(buffer.buffer, buffer.byteOffset, position);
}

async function reading<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw new SourceError('the database could not be read', { cause: error });
  }
}
