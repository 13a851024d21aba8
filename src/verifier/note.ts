import { isUtf8 } from 'node:buffer';
import { createPublicKey, hash, verify } from 'node:crypto';
import {
  COSIGNATURE_HEADER,
  COSIGNATURE_TIME_BYTES,
  ED25519_KEY_BYTES,
  ED25519_SPKI_PREFIX_HEX,
  HASH_BYTES,
  KEY_ID_BYTES,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  MAX_TREE_SIZE,
  SIGNATURE_TYPE,
} from '../audit/format/constants.ts';
import { Divergence, quoted } from './verdict.ts';

/** A public key that the person who verifies got from somewhere else than the log. */
export interface PinnedKey {
  readonly vkey: string;
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** Whether the bytes are a signature of the text; for a witness also the time that it states. */
  readonly check: (text: Buffer, signature: Buffer) => { readonly good: boolean; readonly time?: number };
}

/** A checkpoint that a pinned key signed. */
export interface SignedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The note, verbatim: the evidence if it contradicts another. */
  readonly note: Buffer;
  /** The pinned key of the log that signed it. */
  readonly signedBy: PinnedKey;
  /** POSIX seconds at which witnesses saw it, by witness. */
  readonly witnessedAt: ReadonlyMap<PinnedKey, number>;
}

const VKEY = /^([^+\s\p{Cc}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u;
const SIGNATURE_LINE = /^\u2014 ([^ +\s\p{Cc}]+) ([A-Za-z0-9+/]+={0,2})$/u;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** @throws RangeError with a reason, when the text is no key of the log's kind */
export function pinLogKey(vkey: string): PinnedKey {
  const { name, keyId, type, check } = readKey(vkey);
  if (type !== SIGNATURE_TYPE.ED25519) throw new RangeError('the key is not a log key (Ed25519, type 01)');
  return { vkey, name, keyId, check: (text, signature) => ({ good: check(text, signature) }) };
}

/** @throws RangeError with a reason, when the text is no key of a witness's kind */
export function pinWitnessKey(vkey: string): PinnedKey {
  const { name, keyId, type, check } = readKey(vkey);
  if (type !== SIGNATURE_TYPE.ED25519_COSIGNATURE) {
    throw new RangeError('the key is not a witness key (Ed25519, type 04)');
  }
  return {
    vkey,
    name,
    keyId,
    check: (text, signature) => {
      if (signature.length < COSIGNATURE_TIME_BYTES) return { good: false };
      const time = signature.readBigUInt64BE();
      const message = Buffer.concat([Buffer.from(`${COSIGNATURE_HEADER}\ntime ${time}\n`), text]);
      return { good: check(message, signature.subarray(COSIGNATURE_TIME_BYTES)), time: Number(time) };
    },
  };
}

/**
 * Reads a signed checkpoint and believes it or not.
 *
 * @throws Divergence with one of the CHECKPOINT cases or FOREIGN_ORIGIN
 */
export function openSignedCheckpoint(
  note: Buffer,
  logKeys: readonly PinnedKey[],
  witnesses: readonly PinnedKey[],
): SignedCheckpoint {
  const { text, lines } = splitNote(note);
  const textBytes = Buffer.from(text);
  let signedBy: PinnedKey | undefined;
  const witnessedAt = new Map<PinnedKey, number>();
  for (const { name, keyId, signature } of lines) {
    const sameKey = (key: PinnedKey) => key.name === name && key.keyId === keyId;
    const key = logKeys.find(sameKey) ?? witnesses.find(sameKey);
    if (key === undefined) continue;
    const { good, time } = key.check(textBytes, signature);
    if (!good) {
      throw new Divergence('CHECKPOINT_FORGED', {
        expected: `a signature of ${name} that verifies`,
        found: 'one that does not',
      });
    }
    if (time === undefined) signedBy ??= key;
    else witnessedAt.set(key, time);
  }
  if (signedBy === undefined) {
    throw new Divergence('CHECKPOINT_UNSIGNED', {
      expected: `a signature of ${logKeys.map(({ name, keyId }) => `${name} (${keyId})`).join(' or ')}`,
      found: lines.map(({ name, keyId }) => `${quoted(name)} (${keyId})`).join(', '),
    });
  }
  return { ...readCheckpoint(text, signedBy.name), note, signedBy, witnessedAt };
}

/** Bytes of canonical base64, or null: `Buffer.from` alone would skip what it doesn't understand. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function readCheckpoint(text: string, name: string): { origin: string; size: number; root: Buffer } {
  const [, origin, digits, base64] = CHECKPOINT.exec(text) ?? [];
  const root = strictBase64(base64 ?? '');
  const size = Number(digits);
  if (origin === undefined || root?.length !== HASH_BYTES || size > MAX_TREE_SIZE) {
    throw malformed('an origin, a size and a root', quoted(text));
  }
  if (origin !== name) {
    throw new Divergence('FOREIGN_ORIGIN', { expected: `a checkpoint of ${name}`, found: quoted(origin) });
  }
  return { origin, size, root };
}

function splitNote(note: Buffer) {
  if (note.length > MAX_NOTE_BYTES || !isUtf8(note)) {
    throw malformed(`UTF-8 of at most ${MAX_NOTE_BYTES} bytes`, `${note.length} bytes`);
  }
  const whole = note.toString('utf8');
  // Signature lines are never empty, so whatever the text holds, the last blank line separates them.
  const blank = whole.lastIndexOf('\n\n');
  if (blank === -1 || !whole.endsWith('\n') || CONTROL.test(whole)) {
    throw malformed('text, a blank line and signature lines', quoted(whole));
  }
  const text = whole.slice(0, blank + 1);
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw malformed(`at most ${MAX_NOTE_SIGNATURES} signatures`, `${lines.length}`);
  }
  return { text, lines: lines.map(readSignatureLine) };
}

function readSignatureLine(line: string): { name: string; keyId: string; signature: Buffer } {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = strictBase64(base64 ?? '');
  if (name === undefined || bytes === null || bytes.length <= KEY_ID_BYTES) {
    throw malformed('a signature line', quoted(line));
  }
  return {
    name,
    keyId: bytes.subarray(0, KEY_ID_BYTES).toString('hex'),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}

function readKey(vkey: string) {
  const [, name, keyId, base64] = VKEY.exec(vkey) ?? [];
  const bytes = strictBase64(base64 ?? '');
  if (name === undefined || keyId === undefined || bytes?.length !== 1 + ED25519_KEY_BYTES) {
    throw new RangeError('the key is not of the form <name>+<8 hex digits>+<base64 of type and key>');
  }
  const named = Buffer.concat([Buffer.from(`${name}\n`), bytes]);
  if (!hash('sha256', named, 'hex').startsWith(keyId)) {
    throw new RangeError('the key was copied wrong: its id does not fit its name and bytes');
  }
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from(ED25519_SPKI_PREFIX_HEX, 'hex'), bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return {
    name,
    keyId,
    type: bytes[0],
    check: (message: Buffer, signature: Buffer) => verify(null, message, key, signature),
  };
}

function malformed(expected: string, found: string): Divergence {
  return new Divergence('CHECKPOINT_MALFORMED', { expected, found });
}
