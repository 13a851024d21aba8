import { type Checkpoint, openCheckpoint } from '../audit/format/checkpoint.ts';
import { MEDIA_TYPE } from '../audit/format/constants.ts';
import type { Cosigner } from '../audit/format/cosignature.ts';
import { FormatError } from '../audit/format/format.errors.ts';
import { emptyRoot, verifyConsistency } from '../audit/format/merkle.ts';
import { encodeSignatures, type NoteVerifier, parseNote, signNote } from '../audit/format/signed-note.ts';
import {
  type AddCheckpoint,
  encodeOtherSizeAnswer,
  parseAddCheckpoint,
} from '../audit/format/witness-protocol.ts';

/** The largest tree of a log that the witness has signed for. */
export interface WitnessedTree {
  readonly size: number;
  readonly root: Buffer;
  /** The checkpoint with the log's and the witness's signatures. */
  readonly note: Buffer;
}

/** Where the witness remembers, by origin. `put` MUST be durable when it resolves. */
export interface WitnessState {
  find(origin: string): WitnessedTree | undefined;
  put(origin: string, tree: WitnessedTree): Promise<void>;
}

/** An HTTP answer of the protocol. */
export interface WitnessAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * A witness of C2SP tlog-witness v1.0.0: it signs for a log's checkpoint only if it extends every one that it
 * signed for before. So a log that rewrites its history must also win over its witnesses.
 */
export class Witness {
  /** Each answer waits for the one before: comparing, persisting and replying must not interleave. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly cosigner: Cosigner,
    private readonly logKeys: readonly NoteVerifier[],
    private readonly state: WitnessState,
    private readonly nowSeconds: () => number,
  ) {}

  /** Answers `POST /add-checkpoint`. */
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    const answer = this.turn.then(() => this.decide(body));
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  private async decide(body: Uint8Array): Promise<WitnessAnswer> {
    let request: AddCheckpoint;
    try {
      request = parseAddCheckpoint(body);
    } catch (error) {
      if (error instanceof FormatError) return refusal(400, error.message);
      throw error;
    }
    const { text } = parseNote(request.checkpoint);
    const origin = text.slice(0, text.indexOf('\n'));
    const keys = this.logKeys.filter(({ name }) => name === origin);
    if (keys.length === 0) return refusal(404, 'this log is not known here');
    const verdict = openCheckpoint(request.checkpoint, keys);
    if (verdict.outcome !== 'TRUSTED') return refusal(403, 'the checkpoint is not signed by the log');

    const { checkpoint } = verdict;
    const known = this.state.find(origin);
    if (request.oldSize > checkpoint.size) return refusal(400, 'the old size is larger than the new one');
    if (request.oldSize !== (known?.size ?? 0)) {
      return {
        status: 409,
        contentType: MEDIA_TYPE.TREE_SIZE,
        body: encodeOtherSizeAnswer(known?.size ?? 0),
      };
    }
    if (!extendsKnown(request, checkpoint, known))
      return refusal(422, 'the new tree does not extend the old one');
    return this.cosign(origin, checkpoint, request.checkpoint);
  }

  private async cosign(origin: string, { size, root }: Checkpoint, note: Buffer): Promise<WitnessAnswer> {
    const { text, signatures } = parseNote(note);
    const cosigned = signNote(text, [this.cosigner.at(this.nowSeconds())], signatures);
    // Remembered before it is said: a signature that was given out must never be forgotten.
    await this.state.put(origin, { size, root, note: cosigned });
    const own = parseNote(cosigned).signatures.slice(signatures.length);
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: encodeSignatures(own) };
  }
}

function extendsKnown(
  { oldSize, proof }: AddCheckpoint,
  { size, root }: Checkpoint,
  known: WitnessedTree | undefined,
): boolean {
  if (size === 0 && !root.equals(emptyRoot())) return false;
  return verifyConsistency(oldSize, size, proof, known?.root ?? emptyRoot(), root);
}

function refusal(status: number, reason: string): WitnessAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${reason}\n` };
}
