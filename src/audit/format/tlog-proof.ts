import { MAX_PROOF_HASHES, TLOG_PROOF_HEADER } from './constants.ts';
import { openCheckpoint, parseCheckpoint, type Checkpoint, type CheckpointVerdict } from './checkpoint.ts';
import { FormatError, quote } from './format.errors.ts';
import { verifyInclusion } from './merkle.ts';
import { parseNote, type NoteVerifier } from './signed-note.ts';
import {
  decodeBase64,
  decodeHash,
  decodeUtf8,
  encodeBase64,
  parseDecimal,
  requireTreeSize,
} from './strict-text.ts';

/** An offline receipt: proves with public keys alone that an entry stands in the log (tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** The leaf's sibling first. */
  readonly hashes: readonly Buffer[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: Buffer;
  /** Opaque bytes that travel along. Nothing authenticates them. */
  readonly extra?: Buffer;
}

/** Whom a receipt must convince. */
export interface TlogProofPolicy {
  readonly logKeys: readonly NoteVerifier[];
  readonly witnesses: readonly NoteVerifier[];
  /** How many of the witnesses must have cosigned; 0 for none. */
  readonly quorum: number;
}

export type TlogProofVerdict =
  | { readonly outcome: 'INCLUDED'; readonly index: number; readonly checkpoint: Checkpoint }
  | Exclude<CheckpointVerdict, { outcome: 'TRUSTED' }>
  | { readonly outcome: 'TOO_FEW_WITNESSES'; readonly found: number; readonly required: number }
  /** The checkpoint is good, but the leaf isn't the one that it covers at this index. */
  | { readonly outcome: 'NOT_INCLUDED'; readonly index: number; readonly checkpoint: Checkpoint };

/** @throws FormatError when a part could not be read back */
export function encodeTlogProof({ index, hashes, checkpoint, extra }: TlogProof): Buffer {
  const head = [
    TLOG_PROOF_HEADER,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${requireTreeSize(index, 'index')}`,
    ...hashes.map(encodeBase64),
  ];
  const bytes = Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), checkpoint]);
  parseTlogProof(bytes);
  return bytes;
}

/** @throws FormatError unless the bytes are a receipt with a checkpoint in it, believed or not */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf('\n\n');
  if (end === -1) throw new FormatError('a blank line before the checkpoint', 'none');
  const lines = decodeUtf8(buffer.subarray(0, end), 'a receipt').split('\n');

  const header = lines.shift() ?? '';
  if (header !== TLOG_PROOF_HEADER) throw new FormatError(TLOG_PROOF_HEADER, quote(header));
  const extra = takeField(lines, 'extra');
  const index = takeField(lines, 'index');
  if (index === undefined) throw new FormatError('a line "index <n>"', quote(lines[0] ?? ''));
  if (lines.length > MAX_PROOF_HASHES) {
    throw new FormatError(`at most ${MAX_PROOF_HASHES} hashes`, `${lines.length}`);
  }
  const checkpoint = buffer.subarray(end + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  if (extra === '') throw new FormatError('no "extra" line where there is no extra', 'an empty one');
  return {
    index: parseDecimal(index, 'the index'),
    hashes: lines.map((line) => decodeHash(line, 'a hash of the proof')),
    checkpoint,
    ...(extra === undefined ? {} : { extra: decodeBase64(extra, 'the extra data') }),
  };
}

/**
 * Decides about a receipt in the order of tlog-proof: log key and origin, witnesses, inclusion.
 *
 * @param leaf the leaf hash of the entry that the receipt is said to cover
 */
export function verifyTlogProof(
  proof: TlogProof,
  leaf: Uint8Array,
  policy: TlogProofPolicy,
): TlogProofVerdict {
  const opened = openCheckpoint(proof.checkpoint, policy.logKeys, policy.witnesses);
  if (opened.outcome !== 'TRUSTED') return opened;
  const { checkpoint, cosignatures } = opened;
  if (cosignatures.length < policy.quorum) {
    return { outcome: 'TOO_FEW_WITNESSES', found: cosignatures.length, required: policy.quorum };
  }
  const included = verifyInclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root);
  return { outcome: included ? 'INCLUDED' : 'NOT_INCLUDED', index: proof.index, checkpoint };
}

function takeField(lines: string[], name: string): string | undefined {
  if (lines[0]?.startsWith(`${name} `) !== true) return undefined;
  return lines.shift()?.slice(name.length + 1);
}
