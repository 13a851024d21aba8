import { parentPort, workerData } from 'node:worker_threads';
import { MongoSource } from '../verifier/mongo-source.ts';
import { pinLogKey } from '../verifier/note.ts';
import { Divergence } from '../verifier/verdict.ts';
import { verifyLog } from '../verifier/verify-log.ts';
import type { SelfCheckFinding, SelfCheckTask } from './self-check-result.ts';

/**
 * Runs in a thread of its own, so that hashing a million entries delays no request. Reads the database with
 * the verifier's code, which shares none with the writer.
 */
const { uri, vkeys, trusted } = workerData as SelfCheckTask;

async function check(): Promise<SelfCheckFinding> {
  const source = await MongoSource.connect(uri);
  try {
    const { size, root } = await verifyLog(source, {
      logKeys: vkeys.map(pinLogKey),
      trusted: trusted && { ...trusted, root: Buffer.from(trusted.root, 'base64') },
      witnesses: [],
      quorum: 0,
      maxAgeSeconds: null,
      now: Math.floor(Date.now() / 1000),
    });
    return { outcome: 'VERIFIED', size, root: root.toString('base64') };
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const { index, expected, found } = error.finding;
    return { outcome: 'DIVERGED', case: error.case, index: index ?? null, expected, found };
  } finally {
    await source.close();
  }
}

parentPort?.postMessage(await check());
