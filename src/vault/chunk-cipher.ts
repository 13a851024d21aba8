import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Binding } from './envelope.ts';

/*
 * The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", 2015), in the form that Tink uses as AES-GCM-HKDF: each chunk is sealed by
 * itself under a key of the file's own, and its nonce says which chunk it is and whether it is the last. So any
 * part can be opened and authenticated alone, and chunks can't be swapped, dropped, repeated or cut off.
 */

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const PREFIX_BYTES = 7;
const TAG_BYTES = 16;
const SALT_BYTES = 32;
const KEY_PURPOSE = 'ekyc-ledger/evidence-key/v1';

/** Plain bytes of every chunk but the last, which may have less. */
export const CHUNK_BYTES = 64 * 1024;
/** The same chunk sealed. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** What binds a file to its place: under another session, kind or file id its chunks don't open. */
export interface FileBinding extends Binding {
  readonly file: string;
}

/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is needed to open the chunks of one file, and to seal them once. */
export interface FileKey {
  readonly key: Buffer;
  readonly noncePrefix: Buffer;
  readonly aad: Buffer;
}

/** Kept beside the file; a fresh one for each gives each a key and nonces of its own. */
export function newSalt(): Buffer {
  return randomBytes(SALT_BYTES);
}

/** The key of one file, derived from the data key of its session. */
export function fileKeyOf(dataKey: Buffer, salt: Buffer, { session, kind, file }: FileBinding): FileKey {
  const derived = Buffer.from(hkdfSync('sha256', dataKey, salt, KEY_PURPOSE, KEY_BYTES + PREFIX_BYTES));
  return {
    key: derived.subarray(0, KEY_BYTES),
    noncePrefix: derived.subarray(KEY_BYTES),
    aad: Buffer.from(`ekyc-ledger/evidence/v1\0${kind}\0${session}\0${file}`),
  };
}

/** How many chunks a file of so many plain bytes has; an empty one has an empty chunk. */
export function chunkCountOf(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
}

/** The length of a file of so many plain bytes once it is sealed. */
export function sealedLengthOf(plainBytes: number): number {
  return plainBytes + chunkCountOf(plainBytes) * TAG_BYTES;
}

/** Which sealed bytes hold a range of plain ones: the whole chunks that the range touches. */
export function sealedRangeOf({ start, end }: ByteRange, plainBytes: number): ByteRange {
  const lastChunk = Math.floor(end / CHUNK_BYTES);
  return {
    start: Math.floor(start / CHUNK_BYTES) * SEALED_CHUNK_BYTES,
    end: Math.min((lastChunk + 1) * SEALED_CHUNK_BYTES, sealedLengthOf(plainBytes)) - 1,
  };
}

/** Seals bytes as they come, whatever their pieces; holds one chunk at a time. */
export async function* sealChunks(key: FileKey, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  let index = 0;
  for await (const piece of plain) {
    for (let taken = 0; taken < piece.length;) {
      // Only now is it known that the full chunk is not the last one.
      if (filled === CHUNK_BYTES) {
        yield seal(key, index++, false, chunk);
        filled = 0;
      }
      const copied = piece.copy(chunk, filled, taken);
      filled += copied;
      taken += copied;
    }
  }
  yield seal(key, index, true, chunk.subarray(0, filled));
}

/**
 * Opens a range of the plain bytes.
 * @param sealed exactly the bytes of {@link sealedRangeOf}
 * @param plainBytes length of the whole file, from where an attacker on the storage can't change it
 * @throws Error if any chunk is missing, altered, of another place or of another file; what was yielded before
 *   is authentic all the same
 */
export async function* openChunks(
  key: FileKey,
  sealed: AsyncIterable<Buffer>,
  { start, end }: ByteRange,
  plainBytes: number,
): AsyncGenerator<Buffer> {
  const lastOfFile = chunkCountOf(plainBytes) - 1;
  let index = Math.floor(start / CHUNK_BYTES);
  const lastOfRange = Math.floor(end / CHUNK_BYTES);
  for await (const chunk of inPieces(sealed, SEALED_CHUNK_BYTES)) {
    if (index > lastOfRange) throw new Error('a sealed file has more bytes than were asked for');
    const plain = open(key, index, index === lastOfFile, chunk);
    const offset = index * CHUNK_BYTES;
    yield plain.subarray(Math.max(0, start - offset), end - offset + 1);
    index += 1;
  }
  if (index <= lastOfRange) throw new Error('a sealed file ends too early');
}

/** The same bytes in pieces of one length, the last one perhaps shorter. */
async function* inPieces(source: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  const piece = Buffer.alloc(length);
  let filled = 0;
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length;) {
      const copied = bytes.copy(piece, filled, taken);
      filled += copied;
      taken += copied;
      if (filled === length) {
        yield piece;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

function seal(key: FileKey, index: number, isLast: boolean, plain: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, key.key, nonceOf(key, index, isLast)).setAAD(key.aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: FileKey, index: number, isLast: boolean, sealed: Buffer): Buffer {
  const tagAt = sealed.length - TAG_BYTES;
  if (tagAt < 0) throw new Error('a sealed chunk is too short');
  const decipher = createDecipheriv(ALGORITHM, key.key, nonceOf(key, index, isLast), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(key.aad)
    .setAuthTag(sealed.subarray(tagAt));
  return Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
}

function nonceOf({ noncePrefix }: FileKey, index: number, isLast: boolean): Buffer {
  const counter = Buffer.alloc(5);
  counter.writeUInt32BE(index);
  counter.writeUInt8(isLast ? 1 : 0, 4);
  return Buffer.concat([noncePrefix, counter]);
}
