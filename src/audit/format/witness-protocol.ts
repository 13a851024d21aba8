import { hash } from 'node:crypto';
import { MAX_ADD_CHECKPOINT_BYTES, MAX_NOTE_BYTES, MAX_PROOF_HASHES, MEDIA_TYPE } from './constants.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { FormatError, quote } from './format.errors.ts';
import { parseNote, parseSignatures, type NoteSignature } from './signed-note.ts';
import {
  decodeHash,
  decodeUtf8,
  encodeBase64,
  parseDecimal,
  requireTreeSize,
  splitLines,
} from './strict-text.ts';

/** What a log asks of a witness: `POST <submission prefix>/add-checkpoint` (tlog-witness). */
export interface AddCheckpoint {
  /** Size that the log believes the witness to have cosigned last; 0 when it never did. */
  readonly oldSize: number;
  /** Consistency proof from that size. */
  readonly proof: readonly Buffer[];
  /** The new signed checkpoint, verbatim. */
  readonly checkpoint: Buffer;
}

/** What a witness answered, without judging the signatures. Its 200 is made by `encodeSignatures`. */
export type AddCheckpointAnswer =
  | { readonly outcome: 'COSIGNED'; readonly signatures: readonly NoteSignature[] }
  /** The witness knows the log at this size; ask again with a proof from there. */
  | { readonly outcome: 'OTHER_SIZE'; readonly size: number }
  | { readonly outcome: 'REFUSED'; readonly status: number };

/** @throws FormatError when a part could not be read back */
export function encodeAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Buffer {
  const head = [`old ${requireTreeSize(oldSize, 'old size')}`, ...proof.map(encodeBase64)];
  const body = Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), checkpoint]);
  parseAddCheckpoint(body);
  return body;
}

/**
 * @throws FormatError for a malformed body, which a witness answers with 400. Whether sizes and proof hold
 *   and whose signatures they are is decided later and has other answers.
 */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > MAX_ADD_CHECKPOINT_BYTES) {
    throw new FormatError(`a body of at most ${MAX_ADD_CHECKPOINT_BYTES} bytes`, `${body.length} bytes`);
  }
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const end = buffer.indexOf('\n\n');
  if (end === -1) throw new FormatError('a blank line before the checkpoint', 'none');
  const [first = '', ...hashes] = decodeUtf8(buffer.subarray(0, end), 'the head of the body').split('\n');
  if (!first.startsWith('old ')) throw new FormatError('a line "old <size>"', quote(first));
  if (hashes.length > MAX_PROOF_HASHES) {
    throw new FormatError(`at most ${MAX_PROOF_HASHES} hashes`, `${hashes.length}`);
  }
  const checkpoint = buffer.subarray(end + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  return {
    oldSize: parseDecimal(first.slice('old '.length), 'the old size'),
    proof: hashes.map((line) => decodeHash(line, 'a hash of the proof')),
    checkpoint,
  };
}

/** Body of a witness's 409, to be sent as MEDIA_TYPE.TREE_SIZE. */
export function encodeOtherSizeAnswer(size: number): string {
  return `${requireTreeSize(size, 'size')}\n`;
}

/**
 * Reads a witness's answer.
 *
 * @param contentType value of the header, if there was one
 * @throws FormatError when a 200 or a 409 that states a size has another body than the protocol gives it
 */
export function parseAddCheckpointAnswer(
  status: number,
  contentType: string | undefined,
  body: Uint8Array,
): AddCheckpointAnswer {
  if (status === 200) {
    if (body.length > MAX_NOTE_BYTES) {
      throw new FormatError(`an answer of at most ${MAX_NOTE_BYTES} bytes`, `${body.length} bytes`);
    }
    return { outcome: 'COSIGNED', signatures: parseSignatures(decodeUtf8(body, 'a witness answer')) };
  }
  if (status === 409 && contentType === MEDIA_TYPE.TREE_SIZE) {
    const [size = '', ...rest] = splitLines(decodeUtf8(body, 'a witness answer'), 'a tree size');
    if (rest.length > 0) throw new FormatError('one line with a tree size', `${rest.length + 1} lines`);
    return { outcome: 'OTHER_SIZE', size: parseDecimal(size, 'the tree size') };
  }
  return { outcome: 'REFUSED', status };
}

/** Path below a witness's monitoring prefix where its latest checkpoint of a log is found. */
export function witnessCheckpointPath(origin: string): string {
  return `${hash('sha256', origin, 'hex')}/checkpoint`;
}
