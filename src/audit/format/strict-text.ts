import { DECIMAL_PATTERN, HASH_BYTES, MAX_TREE_SIZE } from './constants.ts';
import { FormatError, quote } from './format.errors.ts';

/**
 * Standard base64 with padding, in its only canonical spelling. `Buffer.from` skips characters it doesn't
 * know and accepts stray bits and the URL alphabet, so the bytes are encoded again and compared.
 *
 * @throws FormatError when another spelling would decode to the same bytes
 */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new FormatError(`${what} in canonical base64`, quote(text));
  }
  return bytes;
}

/** One hash of a proof or a root: 32 bytes in base64. */
export function decodeHash(text: string, what: string): Buffer {
  const bytes = decodeBase64(text, what);
  if (bytes.length !== HASH_BYTES) {
    throw new FormatError(`${what} of ${HASH_BYTES} bytes`, `${bytes.length} bytes`);
  }
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * A tree size or an index. The pattern comes before the conversion because `Number('')` is 0 and
 * `Number('0x10')` is 16.
 */
export function parseDecimal(text: string, what: string): number {
  const value = DECIMAL_PATTERN.test(text) ? Number(text) : NaN;
  if (!(value <= MAX_TREE_SIZE)) {
    throw new FormatError(`${what} as a decimal from 0 to ${MAX_TREE_SIZE}`, quote(text));
  }
  return value;
}

/** Whether a number can be a tree size or an index. */
export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Guards what our own code is about to write, so that an encoder never makes what its parser refuses. */
export function requireTreeSize(value: number, what: string): number {
  if (!isTreeSize(value)) {
    throw new FormatError(`${what} as an integer from 0 to ${MAX_TREE_SIZE}`, String(value));
  }
  return value;
}

const FORBIDDEN_CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of valid UTF-8, a byte order mark kept as a character. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new FormatError(`${what} in valid UTF-8`, `${bytes.length} bytes that are not`);
  }
}

/** Control characters that a note must not have: those below U+0020 but the newline (signed-note, Format). */
export function requireNoControl(text: string): void {
  const at = text.search(FORBIDDEN_CONTROL);
  if (at !== -1) throw new FormatError('no control character but the newline', `one at character ${at}`);
}

/** The lines of a text whose every line, the last one too, ends in a newline and in nothing else. */
export function splitLines(text: string, what: string): string[] {
  requireNoControl(text);
  if (!text.endsWith('\n')) {
    throw new FormatError(`${what} that ends in a newline`, text === '' ? 'nothing' : quote(text.slice(-1)));
  }
  return text.slice(0, -1).split('\n');
}
