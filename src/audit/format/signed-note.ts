import { hash } from 'node:crypto';
import {
  ED25519_KEY_BYTES,
  EM_DASH,
  KEY_ID_BYTES,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  SIGNATURE_TYPE,
} from './constants.ts';
import { ed25519Check, ed25519KeyPair } from './ed25519.ts';
import { FormatError, quote } from './format.errors.ts';
import { decodeBase64, decodeUtf8, encodeBase64, requireNoControl, splitLines } from './strict-text.ts';

/** A public key as it is handed out and pinned: `<name>+<key id>+<base64 of type and key>`. */
export interface VerifierKey {
  /** Recommended is an address without scheme, such as `audit.example.com/log1`. */
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** One of SIGNATURE_TYPE; a type that this code doesn't know is kept, so that it can be refused by name. */
  readonly type: number;
  readonly publicKey: Buffer;
}

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  /** What follows the key id; its form depends on the key's type. */
  readonly signature: Buffer;
}

/** Text and signature lines, taken apart but not yet believed. */
export interface Note {
  /** What is signed, its final newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Signs note texts under one key. Each algorithm of SIGNATURE_TYPE is one implementation. */
export interface NoteSigner {
  readonly name: string;
  readonly keyId: string;
  /** @param text the note's text in UTF-8, its final newline included */
  sign(text: Uint8Array): Buffer;
}

/** Checks the signatures of one trusted key. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: string;
  verify(text: Uint8Array, signature: Uint8Array): boolean;
}

/** What became of a well-formed note under a set of trusted keys. */
export type NoteVerdict =
  /** At least one trusted key signed; one signature for each such key. */
  | { readonly outcome: 'TRUSTED'; readonly note: Note; readonly signatures: readonly NoteSignature[] }
  | { readonly outcome: 'NO_TRUSTED_SIGNATURE' }
  /** A line under a trusted name and key id doesn't verify, so nothing of the note counts. */
  | { readonly outcome: 'BAD_SIGNATURE'; readonly name: string; readonly keyId: string };

const KEY_NAME_PATTERN = /^[^\p{White_Space}\p{Cc}+]+$/u;
/** SHA-256(name || "\n" || type || public key), its first four bytes, as hex (signed-note, Signatures). */
export function keyIdOf(name: string, type: number, publicKey: Uint8Array): string {
  const digest = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]), 'hex');
  return digest.slice(0, 2 * KEY_ID_BYTES);
}

/** @throws FormatError when the name could not stand in a signature line */
export function encodeVerifierKey(name: string, type: number, publicKey: Uint8Array): string {
  requireKeyName(name);
  return `${name}+${keyIdOf(name, type, publicKey)}+${encodeBase64(Buffer.concat([Buffer.of(type), publicKey]))}`;
}

/** @throws FormatError when any part is malformed or the key id isn't the one of the key */
export function parseVerifierKey(vkey: string): VerifierKey {
  // The base64 part may contain "+" itself, so only the first two separate.
  const [, name, keyId, material] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(vkey) ?? [];
  if (name === undefined || keyId === undefined || material === undefined) {
    throw new FormatError('a verifier key <name>+<key id>+<key>', quote(vkey));
  }
  requireKeyName(name);
  const bytes = decodeBase64(material, 'the key of a verifier key');
  const type = bytes[0];
  if (type === undefined || bytes.length < 2) {
    throw new FormatError('a type byte and a public key', `${bytes.length} bytes`);
  }
  const publicKey = bytes.subarray(1);
  if (isEd25519(type) && publicKey.length !== ED25519_KEY_BYTES) {
    throw new FormatError(`an Ed25519 public key of ${ED25519_KEY_BYTES} bytes`, `${publicKey.length} bytes`);
  }
  const expectedId = keyIdOf(name, type, publicKey);
  if (keyId !== expectedId) throw new FormatError(`key id ${expectedId}`, quote(keyId));
  return { name, keyId, type, publicKey };
}

/** Signs as a log does (type 01): the signature is over the text itself. */
export function ed25519Signer(name: string, seed: Uint8Array): NoteSigner & { readonly vkey: string } {
  const pair = ed25519KeyPair(seed);
  const vkey = encodeVerifierKey(name, SIGNATURE_TYPE.ED25519, pair.publicKey);
  const keyId = keyIdOf(name, SIGNATURE_TYPE.ED25519, pair.publicKey);
  return { name, keyId, vkey, sign: (text) => pair.sign(text) };
}

/** @throws FormatError unless the key is one of type 01 */
export function ed25519Verifier(key: VerifierKey): NoteVerifier {
  requireType(key, SIGNATURE_TYPE.ED25519);
  return { name: key.name, keyId: key.keyId, verify: ed25519Check(key.publicKey) };
}

/**
 * The bytes of a signed note.
 *
 * @param keep signatures that the text already has, such as a log's when a witness adds its own
 * @throws FormatError when the text could not be read back
 */
export function signNote(
  text: string,
  signers: readonly NoteSigner[],
  keep: readonly NoteSignature[] = [],
): Buffer {
  const bytes = Buffer.from(text);
  const added = signers.map((signer) => ({
    name: signer.name,
    keyId: signer.keyId,
    signature: signer.sign(bytes),
  }));
  return encodeNote({ text, signatures: [...keep, ...added] });
}

export function encodeNote({ text, signatures }: Note): Buffer {
  const note = Buffer.from(`${text}\n${encodeSignatures(signatures)}`);
  const back = parseNote(note);
  if (back.text !== text) throw new FormatError('a note text that ends in one newline', 'another end');
  return note;
}

/** Signature lines alone, as a witness answers them. */
export function encodeSignatures(signatures: readonly NoteSignature[]): string {
  return signatures
    .map(({ name, keyId, signature }) => {
      const bytes = Buffer.concat([Buffer.from(keyId, 'hex'), signature]);
      return `${EM_DASH} ${name} ${encodeBase64(bytes)}\n`;
    })
    .join('');
}

/**
 * Takes a note apart. Every line must be well formed, also those of keys that nobody here knows.
 *
 * @throws FormatError when it isn't a note in the sense of signed-note, or larger than what is read
 */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) {
    throw new FormatError(`a note of at most ${MAX_NOTE_BYTES} bytes`, `${bytes.length} bytes`);
  }
  const note = decodeUtf8(bytes, 'a note');
  requireNoControl(note);
  // The text may have blank lines of its own; signature lines have none, so the last one separates.
  const end = note.lastIndexOf('\n\n');
  if (end === -1) throw new FormatError('a blank line before the signatures', 'none');
  return { text: note.slice(0, end + 1), signatures: parseSignatures(note.slice(end + 2)) };
}

/** @throws FormatError unless the text is one or more signature lines and nothing else */
export function parseSignatures(text: string): NoteSignature[] {
  const lines = splitLines(text, 'signature lines');
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw new FormatError(`at most ${MAX_NOTE_SIGNATURES} signature lines`, `${lines.length}`);
  }
  return lines.map(parseSignature);
}

/**
 * Checks a note against trusted keys by the rules of signed-note: a line is of a trusted key when name and
 * key id both match; other lines are ignored; one bad line of a trusted key spoils the note.
 */
export function verifyNote(note: Note, trusted: readonly NoteVerifier[]): NoteVerdict {
  const text = Buffer.from(note.text);
  const good = new Map<NoteVerifier, NoteSignature>();
  for (const line of note.signatures) {
    const key = trusted.find(({ name, keyId }) => name === line.name && keyId === line.keyId);
    if (key === undefined) continue;
    if (!key.verify(text, line.signature)) {
      return { outcome: 'BAD_SIGNATURE', name: line.name, keyId: line.keyId };
    }
    // A key counts once however many lines it signed, or one witness could make a quorum.
    good.set(key, line);
  }
  if (good.size === 0) return { outcome: 'NO_TRUSTED_SIGNATURE' };
  return { outcome: 'TRUSTED', note, signatures: [...good.values()] };
}

/** `parseNote`, then `verifyNote`. @throws FormatError when the note is malformed */
export function openNote(bytes: Uint8Array, trusted: readonly NoteVerifier[]): NoteVerdict {
  return verifyNote(parseNote(bytes), trusted);
}

/** Refuses a key of another algorithm, so that its signatures are never checked the wrong way. */
export function requireType(key: VerifierKey, type: number): void {
  if (key.type !== type) {
    throw new FormatError(`a verifier key of type ${hexByte(type)}`, `type ${hexByte(key.type)}`);
  }
}

function parseSignature(line: string): NoteSignature {
  const [dash, name, base64, ...rest] = line.split(' ');
  if (dash !== EM_DASH || name === undefined || base64 === undefined || rest.length > 0) {
    throw new FormatError(`a signature line "${EM_DASH} <name> <base64>"`, quote(line));
  }
  requireKeyName(name);
  const bytes = decodeBase64(base64, 'a signature');
  if (bytes.length <= KEY_ID_BYTES) {
    throw new FormatError('a key id and a signature', `${bytes.length} bytes`);
  }
  return {
    name,
    keyId: bytes.toString('hex', 0, KEY_ID_BYTES),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}

function requireKeyName(name: string): void {
  if (!KEY_NAME_PATTERN.test(name)) {
    throw new FormatError('a key name without spaces, control characters and "+"', quote(name));
  }
}

function isEd25519(type: number): boolean {
  return type === SIGNATURE_TYPE.ED25519 || type === SIGNATURE_TYPE.ED25519_COSIGNATURE;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
