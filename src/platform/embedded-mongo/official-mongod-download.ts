/**
 * Fetches the official MongoDB binary with mongodb-memory-server-core. A program of its own, because the
 * library reads its settings (`MONGOMS_*`, proxies, whether to verify certificates) from the environment and
 * prints progress, neither of which belongs in a service's process.
 *
 * Run by mongod-provider with `--probe` where no proxy is configured; answers by messages to its parent.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { argv } from 'node:process';

export type OfficialDownloadMessage =
  | { readonly kind: 'DOWNLOADING'; readonly from: string }
  | { readonly kind: 'READY'; readonly binary: string }
  | { readonly kind: 'FAILED'; readonly reason: string };

/** The library alone takes up to minutes to give up on a closed network. */
const REACHABLE_WITHIN_MS = 5_000;

async function fetchOfficialBinary(): Promise<string> {
  const { DryMongoBinary, MongoBinary } = await import('mongodb-memory-server-core');
  const { MongoBinaryDownloadUrl } =
    await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js');
  const options = await DryMongoBinary.generateOptions();
  const present = await DryMongoBinary.locateBinary(options);
  if (present !== undefined) {
    return present;
  }
  const url = new URL(await new MongoBinaryDownloadUrl(options).getDownloadUrl());
  if (argv.includes('--probe')) {
    await assertReachable(url);
  }
  tellParent({ kind: 'DOWNLOADING', from: url.host });
  return MongoBinary.download({ ...options, checkMD5: true });
}

/** Any answer will do; what it means is for the library to judge. */
function assertReachable(url: URL): Promise<void> {
  const request = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const probe = request(url, { method: 'HEAD', timeout: REACHABLE_WITHIN_MS }, (response) => {
      response.destroy();
      resolve();
    });
    probe.on('timeout', () => probe.destroy(new Error(`no answer within ${REACHABLE_WITHIN_MS} ms`)));
    probe.on('error', (error) => reject(new Error(`${url.host} can't be reached: ${error.message}`)));
    probe.end();
  });
}

function tellParent(message: OfficialDownloadMessage): void {
  process.send?.(message);
}

try {
  tellParent({ kind: 'READY', binary: await fetchOfficialBinary() });
} catch (error) {
  tellParent({ kind: 'FAILED', reason: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
