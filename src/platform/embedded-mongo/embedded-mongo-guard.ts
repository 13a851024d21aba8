/**
 * Stops the embedded MongoDB of one data directory when its last user died without saying so, by `kill -9` or
 * Ctrl-C. Started by startEmbeddedMongo with the directory as its argument; ends when nobody uses it any more.
 */
import { argv } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetGuard, hasUsers, withDataDirectory } from './data-directory.ts';

const LOOK_EVERY_MS = 500;

async function guard(dataDir: string, temporary: boolean): Promise<void> {
  do {
    await delay(LOOK_EVERY_MS);
  } while ((await hasUsers(dataDir)) || !(await end(dataDir, temporary)));
}

function end(dataDir: string, temporary: boolean): Promise<boolean> {
  return withDataDirectory(dataDir, async () => {
    // Loaded at the end only: the database driver would double this process for as long as it just waits.
    const { stopIfUnused } = await import('./embedded-mongo.ts');
    const stopped = await stopIfUnused(dataDir, temporary);
    if (stopped) {
      // Under the lock, so that no start relies on a guard that is about to go.
      await forgetGuard(dataDir);
    }
    return stopped;
  });
}

const [dataDir] = argv.slice(2);
if (dataDir === undefined) {
  throw new Error('Usage: embedded-mongo-guard <data directory> [--temporary]');
}
await guard(dataDir, argv.includes('--temporary'));
