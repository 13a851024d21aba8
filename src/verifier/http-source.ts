import { setTimeout as wait } from 'node:timers/promises';
import {
  ENTRIES_LEVEL,
  ENTRY_LENGTH_BYTES,
  HASH_BYTES,
  MAX_ENTRY_BYTES,
  MAX_NOTE_BYTES,
  TILE_WIDTH,
} from '../audit/format/constants.ts';
import { SourceError, type LogSource } from './source.ts';
import { pathOfTile, splitBundle, tilesAcross } from './tile-layout.ts';

/** How a log is reached over HTTP. */
export interface HttpAccess {
  /** Base address of the service; the log is below `/tlog`. */
  readonly url: string;
  /** Key of an API client, where the service asks for one. */
  readonly apiKey: string | null;
}

const TIMEOUT_MS = 30_000;
/** A busy server is asked again more often than one that isn't there. */
const MAX_TRIES = { ANSWERED: 10, UNREACHED: 3 };
const LONGEST_WAIT_S = 60;
/** Requests under way at once; enough to hide the network, few enough not to be a load. */
const IN_FLIGHT = 8;

/** A log served as C2SP tiles, read with the requests that any tile client would make. */
export function httpSource(access: HttpAccess): LogSource {
  const maxBundleBytes = TILE_WIDTH * (ENTRY_LENGTH_BYTES + MAX_ENTRY_BYTES);
  return {
    newestCheckpoint: () => get(access, 'checkpoint', MAX_NOTE_BYTES),
    async *entries(size) {
      const bundles = inOrder(tilesAcross(0, size), ({ index, width }) =>
        getTile(access, ENTRIES_LEVEL, index, width, maxBundleBytes),
      );
      let index = 0;
      for await (const bundle of bundles) {
        // Without the bundle there are no more entries to be read: the log ends here.
        if (bundle === null) return;
        const width = Math.min(TILE_WIDTH, size - index);
        yield splitBundle(bundle, index, width);
        index += width;
      }
    },
    async *tiles(level, size) {
      yield* inOrder(tilesAcross(level, size), async ({ index, width }) => {
        const bytes = await getTile(access, level, index, width, TILE_WIDTH * HASH_BYTES);
        const isFull = bytes?.length === TILE_WIDTH * HASH_BYTES;
        return bytes && { hashes: isFull ? bytes.subarray(0, width * HASH_BYTES) : bytes };
      });
    },
  };
}

/** Loads ahead, gives in order. */
async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  load: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for (const item of items) {
    const loading = load(item);
    // Whoever stops reading early leaves requests behind; their failure is nobody's any more.
    loading.catch(() => undefined);
    pending.push(loading);
    if (pending.length < IN_FLIGHT) continue;
    const [first] = pending.splice(0, 1);
    if (first !== undefined) yield await first;
  }
  for (const loading of pending) yield await loading;
}

async function getTile(
  access: HttpAccess,
  level: number | string,
  index: number,
  width: number,
  maxBytes: number,
): Promise<Buffer | null> {
  const exact = await get(access, pathOfTile(level, index, width), maxBytes);
  if (exact !== null || width === TILE_WIDTH) return exact;
  // A log may drop a partial tile once the full one is there (tlog-tiles, Partial Tiles).
  return get(access, pathOfTile(level, index, TILE_WIDTH), maxBytes);
}

/** The body, at most one byte longer than allowed; null for 404. */
async function get({ url, apiKey }: HttpAccess, path: string, maxBytes: number): Promise<Buffer | null> {
  const address = `${url.replace(/\/+$/, '')}/tlog/${path}`;
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(address, apiKey, maxBytes);
    if (!('failure' in answer)) return answer.body;
    if (attempt >= answer.tries) throw new SourceError(`${address}: ${answer.failure}`);
    await wait(1000 * Math.min(answer.retryAfterS ?? 2 ** (attempt - 2), LONGEST_WAIT_S));
  }
}

type Answer =
  | { readonly body: Buffer | null }
  | { readonly failure: string; readonly tries: number; readonly retryAfterS?: number };

async function ask(address: string, apiKey: string | null, maxBytes: number): Promise<Answer> {
  try {
    const response = await fetch(address, {
      headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { body: await readBody(response, maxBytes) };
    await response.body?.cancel();
    if (response.status === 404) return { body: null };
    const mayPass = response.status === 429 || response.status >= 500;
    const retryAfterS = Number(response.headers.get('retry-after') ?? NaN);
    return {
      failure: `status ${response.status}`,
      tries: mayPass ? MAX_TRIES.ANSWERED : 1,
      ...(retryAfterS >= 0 ? { retryAfterS } : {}),
    };
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
    return { failure: reason, tries: MAX_TRIES.UNREACHED };
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1);
}
