import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { currentProcess } from '../../src/platform/embedded-mongo/process-identity.ts';
import { withDirectoryLock } from '../../src/platform/embedded-mongo/directory-lock.ts';
import { eventually } from '../support/eventually.ts';

describe(withDirectoryLock.name, () => {
  let directory: string;
  let lockPath: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ekyc-ledger-lock-'));
    lockPath = join(directory, 'lock');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('lets one caller in at a time', async () => {
    const counter = join(directory, 'counter');
    await writeFile(counter, '0');

    await Promise.all(
      Array.from({ length: 8 }, () =>
        withDirectoryLock(lockPath, 30_000, async () => {
          const value = Number(await readFile(counter, 'utf8'));
          await nextTurn();
          await writeFile(counter, String(value + 1));
        }),
      ),
    );

    expect(await readFile(counter, 'utf8')).toBe('8');
    expect(await readdir(directory)).toEqual(['counter']);
  });

  it('takes over from a holder that died, even if its pid was used again', async () => {
    await hold({ pid: process.pid, startedAt: 'another time' });

    expect(await withDirectoryLock(lockPath, 30_000, () => Promise.resolve('in'))).toBe('in');
  });

  it('gives up on a living holder after the time allowed and names it', async () => {
    await withDirectoryLock(lockPath, 30_000, async () => {
      await expect(withDirectoryLock(lockPath, 0, () => Promise.resolve())).rejects.toThrow(
        `Process ${process.pid} has held ${lockPath} for too long`,
      );
    });
  });

  it('is released when the action fails', async () => {
    await expect(
      withDirectoryLock(lockPath, 30_000, () => Promise.reject(new Error('failed inside'))),
    ).rejects.toThrow('failed inside');

    expect(await withDirectoryLock(lockPath, 0, () => Promise.resolve('in'))).toBe('in');
  });

  it('gives up at once when its folder is removed', async () => {
    await hold(currentProcess());
    const refused = expect(withDirectoryLock(lockPath, 30_000, () => Promise.resolve())).rejects.toThrow(
      `The folder of ${lockPath} was removed`,
    );
    await eventually(async () => (await readdir(directory, { recursive: true })).length === 4);

    await rm(directory, { recursive: true });

    await refused;
    await expect(withDirectoryLock(lockPath, 30_000, () => Promise.resolve())).rejects.toThrow('ENOENT');
  });

  async function hold(holder: { pid: number; startedAt: string }): Promise<void> {
    await mkdir(lockPath);
    await writeFile(join(lockPath, 'holder.json'), JSON.stringify({ ...holder, acquisition: 'earlier' }));
  }
});
