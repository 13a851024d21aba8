import { Injectable, Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { AppConfig } from '../platform/config/app-config.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { CheckpointsRepository, type StoredCheckpoint } from './checkpoints.repository.ts';
import { ed25519CosignatureVerifier } from './format/cosignature.ts';
import { planConsistencyProof } from './format/merkle.ts';
import {
  encodeSignatures,
  type NoteSignature,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
  verifyNote,
} from './format/signed-note.ts';
import {
  type AddCheckpointAnswer,
  encodeAddCheckpoint,
  parseAddCheckpointAnswer,
} from './format/witness-protocol.ts';
import { Tiles } from './tiles.service.ts';

const TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** A witness that this log asks to sign along. */
interface KnownWitness {
  readonly url: string;
  readonly verifier: NoteVerifier;
  /** Size that it signed for last, as far as this instance knows. */
  size: number;
  busy: boolean;
}

/** Asks witnesses to sign for checkpoints. Nobody waits for them; a slow one is skipped until it answers. */
@Injectable()
export class Witnesses {
  private readonly logger = new Logger(Witnesses.name);
  private readonly witnesses: readonly KnownWitness[];
  private readonly requests: Counter<'witness' | 'outcome'>;

  constructor(
    config: AppConfig,
    private readonly checkpoints: CheckpointsRepository,
    private readonly tiles: Tiles,
    metrics: Metrics,
  ) {
    this.witnesses = config.audit.witnesses.map(({ url, vkey }) => ({
      url,
      verifier: ed25519CosignatureVerifier(parseVerifierKey(vkey)),
      size: 0,
      busy: false,
    }));
    this.requests = metrics.counter({
      name: 'ekyc_witness_requests_total',
      help: 'Requests to sign a checkpoint, by witness and outcome',
      labelNames: ['witness', 'outcome'],
    });
  }

  /** Has every idle witness sign for a checkpoint; resolves when all have answered or failed. */
  async askAll(checkpoint: StoredCheckpoint): Promise<void> {
    await Promise.all(
      this.witnesses.filter(({ busy }) => !busy).map((witness) => this.ask(witness, checkpoint)),
    );
  }

  private async ask(witness: KnownWitness, checkpoint: StoredCheckpoint): Promise<void> {
    witness.busy = true;
    const { name } = witness.verifier;
    try {
      let answer = await this.submit(witness, checkpoint);
      if (answer.outcome === 'OTHER_SIZE' && answer.size <= checkpoint.size) {
        witness.size = answer.size;
        answer = await this.submit(witness, checkpoint);
      }
      this.requests.inc({ witness: name, outcome: answer.outcome });
      if (answer.outcome === 'COSIGNED') await this.keep(witness, checkpoint, answer.signatures);
      else this.logger.warn({ witness: name, ...answer }, 'a witness did not sign');
    } catch (error) {
      this.requests.inc({ witness: name, outcome: 'FAILED' });
      this.logger.warn({ err: error, witness: name }, 'a witness could not be asked');
    } finally {
      witness.busy = false;
    }
  }

  private async submit(
    { url, size: oldSize }: KnownWitness,
    { size, note }: StoredCheckpoint,
  ): Promise<AddCheckpointAnswer> {
    const proof = await this.tiles.prove(planConsistencyProof(oldSize, size), size);
    const response = await fetch(`${url}/add-checkpoint`, {
      method: 'POST',
      body: encodeAddCheckpoint({ oldSize, proof, checkpoint: note }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return parseAddCheckpointAnswer(
      response.status,
      response.headers.get('content-type') ?? undefined,
      await readLimited(response),
    );
  }

  /** Keeps the lines that verify under the witness's pinned key; whatever else it sent is nothing to us. */
  private async keep(
    witness: KnownWitness,
    { number, size, note }: StoredCheckpoint,
    lines: readonly NoteSignature[],
  ): Promise<void> {
    const { text } = parseNote(note);
    const verdict = verifyNote({ text, signatures: lines }, [witness.verifier]);
    if (verdict.outcome !== 'TRUSTED') {
      this.logger.warn(
        { witness: witness.verifier.name, outcome: verdict.outcome },
        'a witness sent a signature that does not verify',
      );
      return;
    }
    witness.size = size;
    await this.checkpoints.addCosignature(
      number,
      witness.verifier.keyId,
      encodeSignatures(verdict.signatures),
    );
  }
}

async function readLimited(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('a witness sent too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
