import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInstance } from '../../../src/platform/embedded-mongo/data-directory.ts';
import {
  type EmbeddedMongo,
  startEmbeddedMongo,
} from '../../../src/platform/embedded-mongo/embedded-mongo.ts';
import { isRunning } from '../../../src/platform/embedded-mongo/process-identity.ts';
import { eventually } from '../../support/eventually.ts';

/** A one-node replica set of the test's own, whose data outlives its process. */
export interface CrashingMongod {
  readonly uri: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port; resolves when it takes writes. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export async function startCrashingMongod(): Promise<CrashingMongod> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ekyc-ledger-crash-'));
  const start = (port?: number): Promise<EmbeddedMongo> =>
    startEmbeddedMongo({
      dataDir,
      cacheSizeGb: 0.25,
      temporary: true,
      env: process.env,
      log: () => undefined,
      ...(port !== undefined && { port }),
    });
  // The first start stays a user of the directory throughout, so that nobody clears it up between two lives.
  const lives = [await start()];
  const { uri } = lives[0]!;
  const port = Number(new URL(uri).port);
  return {
    uri,
    async kill() {
      const { mongod } = (await findInstance(dataDir))!;
      process.kill(mongod.pid, 'SIGKILL');
      await eventually(() => !isRunning(mongod));
    },
    async restart() {
      lives.push(await start(port));
    },
    async stop() {
      for (const life of lives) await life.stop();
    },
  };
}
