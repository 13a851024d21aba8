import { isMainThread } from 'node:worker_threads';

/** Preloaded into a service under test: a test run that is killed takes its services with it. */
if (isMainThread) {
  process.stdin.on('end', () => process.exit(1)).resume();
  (process.stdin as NodeJS.ReadStream & { unref(): void }).unref();
}
