import { MongoMemoryReplSet } from 'mongodb-memory-server-core';
import { mongo } from 'mongoose';
import { provideMongod } from '../../../src/platform/embedded-mongo/mongod-provider.ts';

/** What a command of the service meets: see "failCommand" in MongoDB's source. */
export interface Failure {
  /** Names of commands. */
  readonly failCommands: readonly string[];
  /** `<database>.<collection>`. */
  readonly namespace: string;
  /** Answered in place of doing it. */
  readonly errorCode?: number;
  readonly errorLabels?: readonly string[];
  /** Answered after doing it. */
  readonly writeConcernError?: { readonly code: number; readonly errmsg: string };
  /** The connection is closed in place of doing it. */
  readonly closeConnection?: boolean;
  /** It is held up for that long before it is done; the server answers everything else. */
  readonly blockConnection?: boolean;
  readonly blockTimeMS?: number;
}

/** A one-node replica set that fails when it is told to. */
export interface FailingMongod {
  readonly uri: string;
  /** Lets the next `times` such commands fail. Gives the function that ends it and tells how many did. */
  fail(failure: Failure, times: number): Promise<() => Promise<number>>;
  /** Has the primary step down, whoever is writing; it comes back by its own election. */
  stepDown(): Promise<void>;
  stop(): Promise<void>;
}

/** A mongod under Wine on a busy machine takes its time. */
const LAUNCH_WITHIN_MS = 120_000;

export async function startFailingMongod(): Promise<FailingMongod> {
  const { binary, version } = await provideMongod({ env: process.env, log: () => undefined });
  const server = await MongoMemoryReplSet.create({
    binary: { systemBinary: binary, version, checkMD5: false },
    replSet: {
      count: 1,
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.25', '--setParameter', 'enableTestCommands=1'],
    },
    instanceOpts: [{ launchTimeout: LAUNCH_WITHIN_MS }],
  });
  const client = await mongo.MongoClient.connect(server.getUri());
  const admin = client.db('admin');
  const failPoint = (more: mongo.Document) => admin.command({ configureFailPoint: 'failCommand', ...more });
  return {
    uri: server.getUri(),
    async fail(data, times) {
      const { count: before } = await failPoint({ mode: { times }, data });
      return async () => Number((await failPoint({ mode: 'off' }))['count']) - Number(before);
    },
    async stepDown() {
      await admin.command({ replSetStepDown: 2, secondaryCatchUpPeriodSecs: 0, force: true });
    },
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}
