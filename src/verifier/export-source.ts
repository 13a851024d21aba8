import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MAX_LEAF_BYTES } from '../audit/format/constants.ts';
import { SourceError, type LogSource, type SourceEntry } from './source.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 20;

/**
 * An exported log: one leaf a line, verbatim, the whole log from its first entry on. Canonical JSON has no
 * line breaks, so lines are leaves; an entry's index is its position.
 *
 * @param checkpointPath a saved checkpoint; without one the trusted state is what the log is held against
 */
export function exportSource(path: string, checkpointPath: string | null): LogSource {
  return {
    entries: () => readLeaves(path),
    ...(checkpointPath === null ? {} : { newestCheckpoint: () => readBytes(checkpointPath) }),
  };
}

/** @throws SourceError when the file can't be read */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SourceError(`${path} could not be read`, { cause: error });
  }
}

async function* readLeaves(path: string): AsyncGenerator<readonly SourceEntry[]> {
  let index = 0;
  let rest: Buffer = Buffer.alloc(0);
  const entry = (leaf: Buffer) => ({ index: index++, leaf });
  for await (const chunk of readChunks(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const batch: SourceEntry[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      batch.push(entry(bytes.subarray(start, end)));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    // A line that is too long to be a leaf is given as it is, to be refused, instead of being gathered.
    if (rest.length > MAX_LEAF_BYTES) {
      batch.push(entry(rest));
      rest = Buffer.alloc(0);
    }
    yield batch;
  }
  if (rest.length > 0) yield [entry(rest)];
}

async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw new SourceError(`${path} could not be read`, { cause: error });
  }
}
