import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo, type EmbeddedMongo } from '../../src/platform/embedded-mongo/embedded-mongo.ts';

declare global {
  var testMongo: EmbeddedMongo | undefined;
}

/**
 * One MongoDB for the whole run, whatever tiers it has, under TEST_MONGODB_URI. A server named by that
 * variable beforehand is used instead and left alone. After Ctrl-C its guard stops it and removes the data.
 */
export default async function setup(): Promise<void> {
  if (process.env['TEST_MONGODB_URI'] !== undefined) {
    return;
  }
  globalThis.testMongo = await startEmbeddedMongo({
    dataDir: await mkdtemp(join(tmpdir(), 'ekyc-ledger-test-')),
    cacheSizeGb: 0.5,
    temporary: true,
    env: process.env,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.env['TEST_MONGODB_URI'] = globalThis.testMongo.uri;
}
