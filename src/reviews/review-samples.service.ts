import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditQueries, type ReadEntry } from '../audit/audit-queries.service.ts';
import type { EntryActor, JsonObject } from '../audit/format/leaf.ts';
import type { Stream } from '../audit/stream.ts';
import { Problem } from '../platform/http/problem.ts';
import { invalid } from '../platform/http/validation.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import type { OpinionData, SecondLook } from '../sessions/session-review.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { decideSecondLook } from './review.decider.ts';
import { ReviewComments } from './review-comments.service.ts';
import { drawSample, MAX_SAMPLE, type SampleData } from './review-sample.ts';

/** How much of the frame is wanted. */
export type SampleSize = { readonly size: number } | { readonly percent: number };

/** A decided review that was drawn. */
export interface DrawnReview {
  readonly entry: ReadEntry;
  readonly data: OpinionData;
  /** Who decided: one person or two. */
  readonly deciders: readonly EntryActor[];
  /** What the second look came to; null before it. */
  readonly secondLook: SecondLook | null;
}

export interface Sample {
  readonly id: string;
  /** The entry with seed and frame. */
  readonly entry: ReadEntry;
  readonly data: SampleData;
  readonly drawn: readonly DrawnReview[];
}

/** A sample is one entry; what was drawn follows from it. */
const SAMPLE: Stream<null> = {
  subjectType: 'review_sample',
  stateless: true,
  initial: () => null,
  evolve: () => null,
};

/** Draws decided reviews for a second look, in a way that nobody can steer and anybody can repeat. */
@Injectable()
export class ReviewSamples {
  constructor(
    private readonly log: AuditLog,
    private readonly entries: AuditQueries,
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly comments: ReviewComments,
  ) {}

  /**
   * Writes frame and seed to the log, then draws.
   * @throws Problem VALIDATION_FAILED if nothing was decided in that time, or the sample would be too large
   */
  async draw(from: Date, to: Date, wanted: SampleSize, person: Actor): Promise<Sample> {
    const range = {
      first: await this.entries.firstIndexAt(from),
      last: (await this.entries.endIndexAt(to)) - 1,
    };
    const frame = await this.entries.indexesOf('review.decided', range);
    const [firstIndex] = frame;
    const lastIndex = frame.at(-1);
    if (firstIndex === undefined || lastIndex === undefined) {
      throw invalid([{ path: 'from', message: 'must begin a time in which reviews were decided' }]);
    }
    const data: SampleData = {
      seed: randomBytes(32).toString('hex'),
      from: from.toISOString(),
      to: to.toISOString(),
      firstIndex,
      lastIndex,
      count: frame.length,
      size: sizeOf(wanted, frame.length),
    };
    const id = randomUUID();
    await this.log.append({
      stream: SAMPLE,
      subjectId: id,
      actor: person,
      decide: () => [{ action: 'review.sample_seeded', data: data as unknown as JsonObject }],
      answer: () => null,
    });
    return this.getOrThrow(id);
  }

  /**
   * A sample, drawn anew from its entry, with what second looks came to.
   * @throws Problem SAMPLE_NOT_FOUND
   */
  async getOrThrow(id: string): Promise<Sample> {
    const { items } = await this.entries.page({ subject: id, subjectType: SAMPLE.subjectType }, 1);
    const [entry] = items;
    if (entry === undefined) throw new Problem('SAMPLE_NOT_FOUND', 'Check the id that drawing it gave.');
    const data = entry.data as unknown as SampleData;
    const frame = await this.entries.indexesOf('review.decided', {
      first: data.firstIndex,
      last: data.lastIndex,
    });
    return { id, entry, data, drawn: await this.drawnOf(id, drawSample(data.seed, frame, data.size)) };
  }

  /**
   * Records what a second look at a drawn review came to.
   * @throws Problem SAMPLE_NOT_FOUND, and what {@link decideSecondLook} throws
   */
  async record(
    id: string,
    index: number,
    { agrees, comment }: { readonly agrees: boolean; readonly comment: string },
    person: Actor,
  ): Promise<DrawnReview> {
    const drawn = (await this.getOrThrow(id)).drawn.find(({ entry }) => entry.index === index);
    if (drawn === undefined) throw new Problem('SAMPLE_NOT_FOUND', 'Take an index that the sample lists.');
    const uuid = drawn.entry.subject.id;
    const { comments, commentDigest } = this.comments.sealed(uuid, { comment, customerMessage: null });
    const look = { ...{ person, sample: id, review: index, agrees }, comments, commentDigest };
    const { state } = await this.sessions.append(uuid, person, (before) =>
      decideSecondLook(before, look, drawn.deciders),
    );
    return { ...drawn, secondLook: secondLookAt(state.review.secondLooks, id, index) };
  }

  private async drawnOf(id: string, indexes: readonly number[]): Promise<DrawnReview[]> {
    const decided = await this.entries.findEntries(indexes);
    const proposals = await this.entries.findEntries(
      decided.flatMap(({ data }) => (data as unknown as OpinionData).proposal ?? []),
    );
    const proposer = new Map(proposals.map(({ index, actor }) => [index, actor]));
    const sessions = await this.queries.findMany([...new Set(decided.map(({ subject }) => subject.id))]);
    const looks = new Map(sessions.map(({ id: uuid, state }) => [uuid, state.review.secondLooks]));
    return decided.map((entry) => {
      const data = entry.data as unknown as OpinionData;
      const first = data.proposal === null ? undefined : proposer.get(data.proposal);
      return {
        entry,
        data,
        deciders: [...(first === undefined ? [] : [first]), entry.actor],
        secondLook: secondLookAt(looks.get(entry.subject.id) ?? [], id, entry.index),
      };
    });
  }
}

function sizeOf(wanted: SampleSize, count: number): number {
  const size = 'size' in wanted ? wanted.size : Math.ceil((count * wanted.percent) / 100);
  if (Math.min(size, count) > MAX_SAMPLE) {
    throw invalid([{ path: 'percent', message: `must not come to more than ${MAX_SAMPLE} reviews` }]);
  }
  return Math.min(size, count);
}

function secondLookAt(looks: readonly SecondLook[], sample: string, review: number): SecondLook | null {
  return looks.find((look) => look.sample === sample && look.review === review) ?? null;
}
