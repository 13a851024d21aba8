import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { Problem } from '../platform/http/problem.ts';
import type { EvidenceKind } from '../results/normalised-result.ts';
import { type ArchivedEvidence, currentEvidence } from '../sessions/evidence-state.ts';
import { decideViewEvidence } from '../sessions/session.decider.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import type { ByteRange } from '../vault/chunk-cipher.ts';
import { EvidenceStore } from '../vault/evidence-store.service.ts';

/** Shows archived media; nobody sees any without an entry that says so. */
@Injectable()
export class EvidenceViews {
  constructor(
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly store: EvidenceStore,
  ) {}

  /**
   * What is known of a session's media of a kind.
   * @throws Problem SESSION_NOT_FOUND, EVIDENCE_NOT_FOUND
   */
  async getOrThrow(uuid: string, kind: EvidenceKind): Promise<ArchivedEvidence> {
    const { evidence } = await this.queries.getOrThrow(uuid);
    const archived = currentEvidence(evidence, kind);
    if (archived === undefined) {
      throw new Problem(
        'EVIDENCE_NOT_FOUND',
        'Ask again later: it is archived soon after a result was pulled.',
      );
    }
    return archived;
  }

  /**
   * Opens a part of the media. Each call leaves an entry before it gives a byte, whatever part it is of: what a
   * viewer has seen can't be told from where his requests begin.
   * @throws Problem PERSONAL_DATA_ERASED; Error if the media were altered
   */
  async view(
    uuid: string,
    evidence: ArchivedEvidence,
    range: ByteRange,
    actor: Actor,
  ): Promise<AsyncIterable<Buffer>> {
    const bytes = await this.store.open(evidence, range);
    const first = await bytes?.next();
    if (bytes === null || first === undefined) {
      throw new Problem('PERSONAL_DATA_ERASED', 'The timeline says when and on what legal basis.');
    }
    await this.sessions.append(uuid, actor, () => decideViewEvidence(evidence));
    return goOn(first, bytes);
  }
}

async function* goOn(first: IteratorResult<Buffer>, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
