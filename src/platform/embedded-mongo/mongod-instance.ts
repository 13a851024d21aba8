import { spawn } from 'node:child_process';
import { readFile, rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { mongo } from 'mongoose';
import {
  databasePath,
  logPath,
  previousLogPath,
  recordInstance,
  type MongodInstance,
} from './data-directory.ts';
import { findProcess, isRunning } from './process-identity.ts';

export const REPLICA_SET = 'embedded';

const ADDRESS_IN_USE = 48;
const POLL_MS = 50;
/** Opening a database after a crash replays its journal; Wine on a busy machine multiplies that. */
const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 2_000;

/** The port was taken between looking for a free one and starting. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/**
 * Starts mongod in a session of its own with its log in a file, so that it neither ends nor blocks when the
 * process that started it does, and records it before anything else can go wrong.
 *
 * @throws PortTakenError; any other failure comes with the end of mongod's log.
 */
export async function launchMongod(options: {
  readonly binary: string;
  readonly dataDir: string;
  readonly port: number;
  readonly cacheSizeGb: number;
}): Promise<MongodInstance> {
  const { binary, dataDir, port, cacheSizeGb } = options;
  await keepPreviousLog(dataDir);
  const child = spawn(
    binary,
    [
      ...['--dbpath', databasePath(dataDir), '--logpath', logPath(dataDir)],
      ...['--bind_ip', '127.0.0.1', '--port', String(port)],
      ...['--replSet', REPLICA_SET, '--storageEngine', 'wiredTiger'],
      ...['--wiredTigerCacheSizeGB', String(cacheSizeGb)],
    ],
    { detached: true, stdio: 'ignore', windowsHide: true },
  );
  const ended = new Promise<string | number>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const mongod = child.pid === undefined ? null : findProcess(child.pid);
  if (mongod !== null) {
    const instance = { port, mongod };
    await recordInstance(dataDir, instance);
    if (await isReady(instance, dataDir, START_WITHIN_MS)) {
      child.unref();
      return instance;
    }
    await stopMongod(instance);
  }
  const outcome = await ended;
  if (outcome === ADDRESS_IN_USE) {
    throw new PortTakenError(`Port ${port} is taken`);
  }
  throw new Error(`mongod did not start (${outcome}). The end of its log:\n${await logTail(dataDir)}`);
}

/** Waits until the instance answers and serves this very directory; false when it ended or took too long. */
export async function isReady(instance: MongodInstance, dataDir: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(instance.mongod) && performance.now() < deadline) {
    if ((await servedPath(instance.port)) === databasePath(dataDir)) {
      return true;
    }
    await delay(POLL_MS);
  }
  return false;
}

/**
 * Makes the instance the writable primary of a one-node replica set, step by step until it is.
 *
 * The stored configuration names host and port. A database that comes up on another port first tries to reach
 * itself under the old one, for half a minute if something silent listens there, and claims meanwhile to have
 * no configuration; then it drops all connections, finds itself in no set and needs its new address by force.
 * So no single answer is final here.
 */
export async function becomePrimary({ port, mongod }: MongodInstance): Promise<void> {
  const host = `127.0.0.1:${port}`;
  const deadline = performance.now() + START_WITHIN_MS;
  let obstacle: unknown;
  while (isRunning(mongod) && performance.now() < deadline) {
    try {
      if (await withAdmin(port, ANSWER_WITHIN_MS, (admin) => isPrimaryAfterNextStep(admin, host))) {
        return;
      }
    } catch (error) {
      if (!(error instanceof mongo.MongoError)) {
        throw error;
      }
      obstacle = error;
    }
    await delay(POLL_MS);
  }
  throw new Error(`The embedded MongoDB on ${host} did not become primary`, { cause: obstacle });
}

async function isPrimaryAfterNextStep(admin: mongo.Db, host: string): Promise<boolean> {
  const hello = await admin.command({ hello: 1 });
  if (hello['isWritablePrimary'] === true && hello['me'] === host) {
    return true;
  }
  const stored = await storedConfiguration(admin);
  if (stored === null) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
  } else if (stored.members[0]?.host !== host) {
    const members = [{ ...stored.members[0], _id: 0, host }];
    await admin.command({ replSetReconfig: { ...stored, members }, force: true });
  }
  return false;
}

/** Shuts the instance down cleanly and waits until it is gone; kills it if it doesn't obey. */
export async function stopMongod({ port, mongod }: MongodInstance): Promise<void> {
  if (isRunning(mongod)) {
    try {
      await withAdmin(port, ANSWER_WITHIN_MS, (admin) =>
        admin.command({ shutdown: 1, force: true, timeoutSecs: 0 }),
      );
    } catch (error) {
      // The connection breaks as mongod goes down. One that doesn't answer at all is dealt with below.
      if (!(error instanceof mongo.MongoError)) {
        throw error;
      }
    }
  }
  const deadline = performance.now() + STOP_WITHIN_MS;
  while (isRunning(mongod)) {
    if (performance.now() > deadline) {
      process.kill(mongod.pid, 'SIGKILL');
    }
    await delay(POLL_MS);
  }
}

interface ReplicaSetConfiguration {
  readonly members: readonly { readonly host: string }[];
}

async function storedConfiguration(admin: mongo.Db): Promise<ReplicaSetConfiguration | null> {
  try {
    const answer = await admin.command({ replSetGetConfig: 1 });
    return answer['config'] as ReplicaSetConfiguration;
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.codeName === 'NotYetInitialized') {
      return null;
    }
    throw error;
  }
}

/** The data directory of whatever MongoDB answers on the port, or null when none does. */
async function servedPath(port: number): Promise<string | null> {
  try {
    return await withAdmin(port, ANSWER_WITHIN_MS, async (admin) => {
      const { parsed } = (await admin.command({ getCmdLineOpts: 1 })) as {
        parsed?: { storage?: { dbPath?: string } };
      };
      return parsed?.storage?.dbPath ?? null;
    });
  } catch (error) {
    if (error instanceof mongo.MongoError) {
      return null;
    }
    throw error;
  }
}

async function withAdmin<T>(
  port: number,
  timeoutMs: number,
  use: (admin: mongo.Db) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
  });
  try {
    return await use(client.db('admin'));
  } finally {
    await client.close();
  }
}

/** One older log is kept; it is the one that tells of a crash. */
async function keepPreviousLog(dataDir: string): Promise<void> {
  try {
    await rename(logPath(dataDir), previousLogPath(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}

async function logTail(dataDir: string): Promise<string> {
  try {
    return (await readFile(logPath(dataDir), 'utf8')).trimEnd().split('\n').slice(-5).join('\n');
  } catch {
    return '(none was written)';
  }
}
