import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import type { VerificationResponse } from '../src/audit/verification.dto.ts';
import { findInstance } from '../src/platform/embedded-mongo/data-directory.ts';
import { startEmbeddedMongo } from '../src/platform/embedded-mongo/embedded-mongo.ts';
import { fillLog } from './filled-log.ts';
import { ours } from './servers/contenders.ts';
import { startServer } from './servers/server-process.ts';
import { startService, type Service } from './service.ts';

export interface BenchOptions {
  readonly entries: number;
  /** Stored results that are simulated over. */
  readonly results: number;
  readonly rounds: number;
  readonly rate: number;
  /** How long each measurement takes; null where the bench has its own idea. */
  readonly seconds: number | null;
  /** How long a server is loaded after its start before anything is measured on it. */
  readonly warmUpSeconds: number;
  /** Numbers of connections to measure; null for those that goals are set for. */
  readonly connections: readonly number[] | null;
  /** A database to use and to keep, or null for one of this run. */
  readonly database: string | null;
}

/** A log as it is after years, and the key it was signed with. */
export interface FilledLog {
  /** With the database in its path. */
  readonly uri: string;
  readonly vkey: string;
}

/** A database of a run, which goes with it. */
export interface BenchDatabase {
  /** With the database in its path. */
  readonly uri: string;
  readonly db: mongo.Db;
  drop(): Promise<void>;
}

/** What every measurement stands on. */
export interface Bench {
  readonly options: BenchOptions;
  /** For files, which go with the run. */
  readonly folder: string;
  /** The process of the embedded mongod; null where another one is used. */
  readonly mongodPid: number | null;
  /** An empty database. */
  newDatabase(): BenchDatabase;
  /** Fills a log with the entries that were asked for, once for all measurements of a run. */
  filledLog(): Promise<FilledLog>;
  /** Starts the service on an empty database of its own, which goes with it. */
  emptyService(): Promise<Service>;
  readonly say: (line: string) => void;
  close(): Promise<void>;
}

const EMBEDDED_CACHE_GIB = 1;

export async function openBench(options: BenchOptions): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'ekyc-ledger-bench-'));
  const dataDir = join(folder, 'mongo');
  const say = (line: string) => void console.error(line);
  const given = process.env['TEST_MONGODB_URI'];
  const embedded =
    given === undefined
      ? await startEmbeddedMongo({
          dataDir,
          cacheSizeGb: EMBEDDED_CACHE_GIB,
          temporary: true,
          env: process.env,
          log: say,
        })
      : null;
  const server = given ?? embedded!.uri;
  // What starts services as the tests do finds the same server.
  process.env['TEST_MONGODB_URI'] = server;
  const client = await mongo.MongoClient.connect(server);
  const own: string[] = [];
  const uriOf = (database: string) => {
    const url = new URL(server);
    url.pathname = `/${database}`;
    return url.href;
  };
  const newName = () => {
    const name = `bench_${randomBytes(6).toString('hex')}`;
    own.push(name);
    return name;
  };
  let filled: Promise<FilledLog> | null = null;

  return {
    options,
    folder,
    mongodPid: embedded === null ? null : ((await findInstance(dataDir))?.mongod.pid ?? null),
    say,
    newDatabase() {
      const name = newName();
      const db = client.db(name);
      return { uri: uriOf(name), db, drop: async () => void (await db.dropDatabase()) };
    },
    filledLog: () =>
      (filled ??= (async () => {
        const name = options.database ?? newName();
        const uri = uriOf(name);
        const files = join(folder, 'filling');
        const service = await startServer(await ours.program(uri, files), files);
        try {
          await fillLog(client.db(name), options.entries, say);
          return { uri, vkey: await publicKeyOf(service.url) };
        } finally {
          // What is measured is measured without it.
          await service.stop();
        }
      })()),
    emptyService: () => startService(uriOf(newName()), folder),
    async close() {
      for (const name of own) await client.db(name).dropDatabase();
      await client.close();
      await embedded?.stop();
      // The guard of the embedded MongoDB clears up in it at the same time.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** As auditors get it. */
async function publicKeyOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/audit/verification`, { headers: ours.reading.headers });
  const { keys } = (await answer.json()) as VerificationResponse;
  return keys[0]!;
}
