import { mongo } from 'mongoose';
import { MongoMemoryReplSet } from 'mongodb-memory-server-core';
import { provideMongod } from '../../src/platform/embedded-mongo/mongod-provider.ts';

/** A user with a password, and the database that it is of. */
export interface DatabaseUser {
  readonly name: string;
  readonly password: string;
  readonly home: string;
}

/** A one-node replica set that lets nobody in without a password. */
export interface MongodWithAuth {
  /** The user that may do everything. */
  readonly root: DatabaseUser;
  /** Connection string as a user to a database. */
  uri(user: DatabaseUser, database: string): string;
  /** A client that {@link stop} closes. */
  connect(user: DatabaseUser): Promise<mongo.MongoClient>;
  stop(): Promise<void>;
}

/** A mongod under Wine on a busy machine takes its time. */
const LAUNCH_WITHIN_MS = 120_000;

/**
 * Starts one with a key file and its first user made through the localhost exception. The server of the test
 * run can't be used: it has no access control, so it refuses nobody anything.
 */
export async function startMongodWithAuth(): Promise<MongodWithAuth> {
  const { binary, version } = await provideMongod({ env: process.env, log: () => undefined });
  const root: DatabaseUser = { name: 'root', password: 'root-for-tests', home: 'admin' };
  const server = await MongoMemoryReplSet.create({
    binary: { systemBinary: binary, version, checkMD5: false },
    replSet: {
      count: 1,
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.25'],
      auth: { enable: true, customRootName: root.name, customRootPwd: root.password },
    },
    instanceOpts: [{ launchTimeout: LAUNCH_WITHIN_MS }],
  });
  const clients: mongo.MongoClient[] = [];
  const uri = ({ name, password, home }: DatabaseUser, database: string) => {
    const url = new URL(server.getUri(database));
    url.username = name;
    url.password = password;
    url.searchParams.set('authSource', home);
    return url.href;
  };
  return {
    root,
    uri,
    async connect(user) {
      const client = await mongo.MongoClient.connect(uri(user, user.home));
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await client.close();
      await server.stop();
    },
  };
}
