import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';

export interface TestDatabase {
  /** Connection string of its replica set, without a database. */
  readonly uri: string;
  /** A name that no other call, worker or run uses. */
  readonly name: string;
  drop(): Promise<void>;
}

/**
 * A fresh database; nothing is created before something is written to it.
 * @param uri of its server; without it the MongoDB of this test run
 */
export function testDatabase(uri = process.env['TEST_MONGODB_URI']): TestDatabase {
  if (uri === undefined) {
    throw new Error('TEST_MONGODB_URI is not set: tests with a database belong to a tier that starts one');
  }
  const worker = process.env['JEST_WORKER_ID'] ?? '0';
  const name = `test_${worker}_${randomBytes(6).toString('hex')}`;
  return {
    uri,
    name,
    async drop() {
      const client = new mongo.MongoClient(uri);
      try {
        await client.db(name).dropDatabase();
      } finally {
        await client.close();
      }
    },
  };
}
