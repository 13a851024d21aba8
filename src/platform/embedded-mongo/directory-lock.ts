import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { currentProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

interface LockHolder extends ProcessIdentity {
  readonly acquisition: string;
}

const POLL_MS = 100;

/**
 * Runs `action` while no other caller on this machine, in this process or another, runs one under the same
 * `lockPath`.
 *
 * The lock is a directory that appears with its holder's identity inside by one rename, so a holder that
 * died, by `kill -9` too, is recognised and its lock taken over.
 *
 * @throws when the lock stays with a living process for `timeoutMs`, or the folder that it lies in isn't there.
 */
export async function withDirectoryLock<T>(
  lockPath: string,
  timeoutMs: number,
  action: () => Promise<T>,
): Promise<T> {
  await acquire(lockPath, performance.now() + timeoutMs);
  try {
    return await action();
  } finally {
    // Out of the way first: an emptied but not yet removed lock could be taken by a waiter's rename.
    const released = `${lockPath}.${randomUUID()}`;
    await rename(lockPath, released);
    await rm(released, { recursive: true, force: true });
  }
}

async function acquire(lockPath: string, deadline: number): Promise<void> {
  const holder: LockHolder = { ...currentProcess(), acquisition: randomUUID() };
  const prepared = `${lockPath}.${holder.acquisition}`;
  await mkdir(prepared);
  await writeFile(join(prepared, 'holder.json'), JSON.stringify(holder));
  while (!(await moved(prepared, lockPath))) {
    if (!existsSync(prepared)) throw new Error(`The folder of ${lockPath} was removed`);
    const other = await readHolder(lockPath);
    if (other !== null && !isRunning(other)) {
      // Left in place under the dead holder's name: a second waiter that judged the same holder dead finds
      // the name taken and can't move away the lock of whoever came first.
      await moved(lockPath, `${lockPath}.abandoned-${other.acquisition}`);
      continue;
    }
    if (performance.now() > deadline) {
      await rm(prepared, { recursive: true, force: true });
      throw new Error(`Process ${other?.pid ?? 'unknown'} has held ${lockPath} for too long`);
    }
    await delay(POLL_MS);
  }
}

/** False when someone else was first: a rename never replaces a directory that has content. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM' || code === 'ENOENT') {
      return false;
    }
    throw error;
  }
}

async function readHolder(lockPath: string): Promise<LockHolder | null> {
  try {
    return JSON.parse(await readFile(join(lockPath, 'holder.json'), 'utf8')) as LockHolder;
  } catch {
    return null;
  }
}
