import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import {
  databasePath,
  findInstance,
  hasGuard,
  hasUsers,
  recordGuard,
  registerUser,
  withDataDirectory,
  type MongodInstance,
} from './data-directory.ts';
import {
  becomePrimary,
  isReady,
  launchMongod,
  PortTakenError,
  REPLICA_SET,
  stopMongod,
} from './mongod-instance.ts';
import { provideMongod } from './mongod-provider.ts';
import type { Environment } from './mongod-source.ts';
import { findProcess, isRunning } from './process-identity.ts';
import { siblingProgram } from '../sibling-program.ts';

export interface EmbeddedMongoOptions {
  /** Directory of the database, its log and its records; made if missing. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; without it the one used last on this directory, or any free one. */
  readonly port?: number;
  /** Upper bound of WiredTiger's cache in GiB, at least 0.25. Its default is half of the machine's memory. */
  readonly cacheSizeGb: number;
  /** True removes `dataDir` with everything in it once the last user has gone: for tests. */
  readonly temporary?: boolean;
  /** Where to look for a mongod, see provideMongod. */
  readonly env: Environment;
  readonly log: (line: string) => void;
}

export interface EmbeddedMongo {
  /** Connection string of the one-node replica set, without a database. */
  readonly uri: string;
  /** Leaves the database; the last one to leave stops it cleanly. May be called again. */
  stop(): Promise<void>;
}

const RECOVERS_WITHIN_MS = 30_000;

/**
 * A real mongod as a one-node replica set with persistent data, for development and tests.
 *
 * Several processes may start it on one `dataDir` and share it, so it belongs to none of them: it runs on
 * when one of them is killed, and a guard process stops it when none is left. What a `kill -9` left behind,
 * a running mongod included, is taken over by the next start.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const dataDir = resolve(options.dataDir);
  const { temporary = false } = options;
  await mkdir(databasePath(dataDir), { recursive: true });
  return withDataDirectory(dataDir, async () => {
    const unregister = await registerUser(dataDir);
    try {
      await ensureGuard(dataDir, temporary);
      const instance = (await adopt(dataDir, options)) ?? (await launch(dataDir, options));
      await becomePrimary(instance);
      return {
        uri: `mongodb://127.0.0.1:${instance.port}/?replicaSet=${REPLICA_SET}`,
        stop: () => leave(dataDir, unregister, temporary),
      };
    } catch (error) {
      await unregister();
      throw error;
    }
  });
}

/**
 * Stops the mongod of the directory and clears up if nobody uses it. The caller holds the directory's lock.
 *
 * @returns false when somebody does.
 */
export async function stopIfUnused(dataDir: string, temporary: boolean): Promise<boolean> {
  if (await hasUsers(dataDir)) {
    return false;
  }
  const instance = await findInstance(dataDir);
  if (instance !== null) {
    await stopMongod(instance);
  }
  if (temporary) {
    await rm(dataDir, { recursive: true, force: true });
  }
  return true;
}

async function leave(dataDir: string, unregister: () => Promise<void>, temporary: boolean): Promise<void> {
  await unregister();
  await withDataDirectory(dataDir, () => stopIfUnused(dataDir, temporary));
}

/** Takes over the mongod that runs on the directory, whether another process shares it or lost it. */
async function adopt(dataDir: string, { log }: EmbeddedMongoOptions): Promise<MongodInstance | null> {
  const instance = await findInstance(dataDir);
  if (instance === null || !isRunning(instance.mongod)) {
    return null;
  }
  if (await isReady(instance, dataDir, RECOVERS_WITHIN_MS)) {
    log(`Embedded MongoDB runs already in ${dataDir} on port ${instance.port}; using it`);
    return instance;
  }
  log(`Embedded MongoDB in ${dataDir} does not answer; starting it anew`);
  await stopMongod(instance);
  return null;
}

async function launch(dataDir: string, options: EmbeddedMongoOptions): Promise<MongodInstance> {
  const { env, log, cacheSizeGb } = options;
  const { binary } = await provideMongod({ env, log });
  const wanted = options.port ?? (await findInstance(dataDir))?.port;
  const started = await launchOnFreePort(
    { binary, dataDir, cacheSizeGb },
    wanted,
    options.port !== undefined,
  );
  log(`Embedded MongoDB started in ${dataDir} on port ${started.port}`);
  return started;
}

/** A port can be lost between finding it free and binding it; only a port that was asked for is insisted on. */
async function launchOnFreePort(
  parameters: { readonly binary: string; readonly dataDir: string; readonly cacheSizeGb: number },
  wanted: number | undefined,
  insist: boolean,
): Promise<MongodInstance> {
  for (let attempt = 1; ; attempt += 1) {
    const port = attempt === 1 && wanted !== undefined ? wanted : await findFreePort();
    try {
      return await launchMongod({ ...parameters, port });
    } catch (error) {
      if (!(error instanceof PortTakenError) || insist || attempt === 5) {
        throw error;
      }
    }
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') {
          reject(new Error('The system gave no port'));
        } else {
          resolvePort(address.port);
        }
      });
    });
  });
}

/** One guard serves all users; it is there before the mongod that it guards. */
async function ensureGuard(dataDir: string, temporary: boolean): Promise<void> {
  if (await hasGuard(dataDir)) {
    return;
  }
  const program = siblingProgram(import.meta.url, 'embedded-mongo-guard');
  const guard = spawn(process.execPath, [program, dataDir, ...(temporary ? ['--temporary'] : [])], {
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  });
  guard.unref();
  const identity = guard.pid === undefined ? null : findProcess(guard.pid);
  if (identity === null) {
    throw new Error('The guard of the embedded MongoDB could not be started');
  }
  await recordGuard(dataDir, identity);
}
