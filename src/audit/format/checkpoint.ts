import { FormatError, quote } from './format.errors.ts';
import { HASH_BYTES } from './constants.ts';
import {
  parseNote,
  signNote,
  verifyNote,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
} from './signed-note.ts';
import { decodeHash, encodeBase64, parseDecimal, requireTreeSize, splitLines } from './strict-text.ts';

/** What a log says of itself at one size (tlog-checkpoint). It has no time; that comes from cosignatures. */
export interface Checkpoint {
  /** Names the log; equal to the name of its key. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** 32 bytes, RFC 6962. */
  readonly root: Buffer;
  /** Lines after the root. Kept and signed, never interpreted. */
  readonly extensions: readonly string[];
}

/** Whether a well-formed checkpoint can be believed. */
export type CheckpointVerdict =
  | {
      readonly outcome: 'TRUSTED';
      readonly checkpoint: Checkpoint;
      /** The verified signatures of the log's keys, one for each key. */
      readonly signatures: readonly NoteSignature[];
      /** The verified signatures of trusted witnesses, one for each witness key. */
      readonly cosignatures: readonly NoteSignature[];
    }
  /** Signed by a trusted log key, but for a log of another name. */
  | { readonly outcome: 'FOREIGN_ORIGIN'; readonly origin: string }
  | { readonly outcome: 'NO_TRUSTED_SIGNATURE' }
  | { readonly outcome: 'BAD_SIGNATURE'; readonly name: string; readonly keyId: string };

/** The text that is signed. @throws FormatError when a part could not be read back */
export function encodeCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  requireTreeSize(size, 'tree size');
  if (root.length !== HASH_BYTES) throw new FormatError(`a root of ${HASH_BYTES} bytes`, `${root.length}`);
  const lines = [origin, String(size), encodeBase64(root), ...extensions];
  const bad = lines.find((line) => line === '' || line.includes('\n'));
  if (bad !== undefined) throw new FormatError('non-empty lines without newlines', quote(bad));
  return `${lines.join('\n')}\n`;
}

/** @throws FormatError unless the text is origin, size, root and at most non-empty extension lines */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = splitLines(text, 'a checkpoint');
  const [origin, size, root, ...extensions] = lines;
  if (origin === undefined || size === undefined || root === undefined) {
    throw new FormatError('a checkpoint of at least 3 lines', `${lines.length}`);
  }
  if (lines.includes('')) throw new FormatError('non-empty checkpoint lines', 'an empty one');
  return {
    origin,
    size: parseDecimal(size, 'the tree size'),
    root: decodeHash(root, 'the root hash'),
    extensions,
  };
}

/**
 * A checkpoint as a signed note. The caller MUST have made sure that it extends every checkpoint signed
 * before: a log that signs two inconsistent ones is broken for good.
 */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): Buffer {
  return signNote(encodeCheckpoint(checkpoint), signers);
}

/**
 * Reads a signed checkpoint and decides whether it may be believed: signed by one of the log's keys, whose
 * name is the origin line. Signatures of witnesses are checked too but never make up for the log's.
 *
 * @throws FormatError when note or checkpoint is malformed
 */
export function openCheckpoint(
  note: Uint8Array,
  logKeys: readonly NoteVerifier[],
  witnesses: readonly NoteVerifier[] = [],
): CheckpointVerdict {
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  const verdict = verifyNote(parsed, [...logKeys, ...witnesses]);
  if (verdict.outcome !== 'TRUSTED') return verdict;

  const isLog = ({ name, keyId }: NoteSignature) =>
    logKeys.some((key) => key.name === name && key.keyId === keyId);
  const signatures = verdict.signatures.filter(isLog);
  if (signatures.length === 0) return { outcome: 'NO_TRUSTED_SIGNATURE' };
  if (!signatures.some(({ name }) => name === checkpoint.origin)) {
    return { outcome: 'FOREIGN_ORIGIN', origin: checkpoint.origin };
  }
  const cosignatures = verdict.signatures.filter((line) => !isLog(line));
  return { outcome: 'TRUSTED', checkpoint, signatures, cosignatures };
}
