import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDirectoryLock } from './directory-lock.ts';
import { currentProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** What processes that share an embedded MongoDB leave for each other in its data directory. */

/** The mongod that was started last on the directory. */
export interface MongodInstance {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly mongod: ProcessIdentity;
}

const LOCK_WITHIN_MS = 300_000;

export const databasePath = (dataDir: string): string => join(dataDir, 'db');
export const logPath = (dataDir: string): string => join(dataDir, 'mongod.log');
export const previousLogPath = (dataDir: string): string => join(dataDir, 'mongod.previous.log');

const instancePath = (dataDir: string): string => join(dataDir, 'instance.json');
const guardPath = (dataDir: string): string => join(dataDir, 'guard.json');
const usersPath = (dataDir: string): string => join(dataDir, 'users');

/** Every start, stop and take-over holds this lock. It lies beside the directory, which may be removed in it. */
export function withDataDirectory<T>(dataDir: string, action: () => Promise<T>): Promise<T> {
  return withDirectoryLock(`${dataDir}.lock`, LOCK_WITHIN_MS, action);
}

/** The instance started last, running or not; null when there was none. */
export function findInstance(dataDir: string): Promise<MongodInstance | null> {
  return readRecord<MongodInstance>(instancePath(dataDir));
}

export function recordInstance(dataDir: string, instance: MongodInstance): Promise<void> {
  return writeRecord(instancePath(dataDir), instance);
}

/** True while the process that stops mongod after its users' death is there. */
export async function hasGuard(dataDir: string): Promise<boolean> {
  const guard = await readRecord<ProcessIdentity>(guardPath(dataDir));
  return guard !== null && isRunning(guard);
}

export function recordGuard(dataDir: string, guard: ProcessIdentity): Promise<void> {
  return writeRecord(guardPath(dataDir), guard);
}

export function forgetGuard(dataDir: string): Promise<void> {
  return rm(guardPath(dataDir), { force: true });
}

/** Enters the calling process as a user of the database and gives the function that strikes it off again. */
export async function registerUser(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(usersPath(dataDir), { recursive: true });
  const entry = join(usersPath(dataDir), `${process.pid}-${randomUUID()}.json`);
  await writeRecord(entry, currentProcess());
  return () => rm(entry, { force: true });
}

/** True while a registered process lives. Entries of processes that were killed are removed. */
export async function hasUsers(dataDir: string): Promise<boolean> {
  let found = false;
  for (const name of await listUsers(dataDir)) {
    const entry = join(usersPath(dataDir), name);
    const user = await readRecord<ProcessIdentity>(entry);
    if (user !== null && isRunning(user)) {
      found = true;
    } else {
      await rm(entry, { force: true });
    }
  }
  return found;
}

async function listUsers(dataDir: string): Promise<string[]> {
  try {
    return (await readdir(usersPath(dataDir))).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

/** Null when there is none, or one that a crash of the machine left unreadable. */
async function readRecord<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** By a rename, so that a reader sees the whole record or none. */
async function writeRecord(path: string, record: unknown): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(record));
  await rename(draft, path);
}
