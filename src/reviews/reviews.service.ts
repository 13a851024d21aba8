import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import type { Action } from '../audit/format/leaf.ts';
import { AuditQueries, type ReadEntry } from '../audit/audit-queries.service.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import type { EntityTag } from '../platform/http/entity-tag.ts';
import type { Page } from '../platform/http/paging.ts';
import { invalid } from '../platform/http/validation.ts';
import { decideViewReviews } from '../sessions/session.decider.ts';
import { SESSION } from '../sessions/session.stream.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import type { OpinionData, ReviewDecision, SecondLookData } from '../sessions/session-review.ts';
import type { SessionState } from '../sessions/session-state.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { decideClaim, decideRelease, decideReview } from './review.decider.ts';
import { type Comments, ReviewComments } from './review-comments.service.ts';
import { isReasonFor } from './review-reasons.ts';

export interface ReviewRequest extends Comments {
  readonly decision: ReviewDecision;
  readonly reasonCode: string;
}

/** What became of a person's decision. */
export type ReviewOutcome = 'DECIDED' | 'AWAITING_SECOND' | 'REFUSED';

const OUTCOMES: Partial<Readonly<Record<Action, ReviewOutcome>>> = {
  'review.decided': 'DECIDED',
  'review.proposed': 'AWAITING_SECOND',
  'review.refused': 'REFUSED',
};
const SECOND_LOOK: Action = 'review.looked_at_again';

/** What one person said, with what they wrote. */
export type RecordedOpinion = Recorded<OpinionData, ReviewOutcome> | Recorded<SecondLookData, 'SECOND_LOOK'>;

interface Recorded<Data, Outcome> {
  readonly entry: ReadEntry;
  readonly data: Data;
  readonly outcome: Outcome;
  /** null once the session's personal data was erased. */
  readonly comments: Comments | null;
}

/** Takes people's decisions on sessions that the rules could not decide. */
@Injectable()
export class Reviews {
  constructor(
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly entries: AuditQueries,
    private readonly comments: ReviewComments,
    private readonly config: AppConfig,
  ) {}

  /**
   * Decides in a person's name, or records the half of it that one person can do.
   * @param lookedAt ETags of the session as the person looked at it
   * @throws Problem SESSION_NOT_FOUND, VALIDATION_FAILED and what {@link decideReview} throws
   */
  async decide(
    uuid: string,
    { decision, reasonCode, comment, customerMessage }: ReviewRequest,
    lookedAt: readonly EntityTag[],
    person: Actor,
  ): Promise<{ outcome: ReviewOutcome; state: SessionState }> {
    if (!isReasonFor(decision, reasonCode)) {
      const message = 'must be a code of GET /v1/review-reasons that goes with the decision';
      throw invalid([{ path: 'reasonCode', message }]);
    }
    await this.queries.getOrThrow(uuid);
    const { comments, commentDigest } = this.comments.sealed(uuid, { comment, customerMessage });
    const review = {
      ...{ person, decision, reasonCode, lookedAt, comments, commentDigest },
      hasCustomerMessage: customerMessage !== null,
    };
    const { state, own } = await this.sessions.append(uuid, person, (before, at) =>
      decideReview(before, review, at),
    );
    const outcome = own[0] && OUTCOMES[own[0].action];
    if (outcome === undefined) throw new Error('a committed review is none of its kinds');
    return { outcome, state };
  }

  /** @throws Problem SESSION_NOT_FOUND and what {@link decideClaim} throws */
  async claim(uuid: string, person: Actor): Promise<SessionState> {
    await this.queries.getOrThrow(uuid);
    const { claimTimeoutSeconds } = this.config.reviews;
    const { state } = await this.sessions.append(uuid, person, (before, at) =>
      decideClaim(before, person, claimTimeoutSeconds, at),
    );
    return state;
  }

  /** @throws Problem SESSION_NOT_FOUND and what {@link decideRelease} throws */
  async release(uuid: string, person: Actor): Promise<SessionState> {
    await this.queries.getOrThrow(uuid);
    const { state } = await this.sessions.append(uuid, person, (before, at) =>
      decideRelease(before, person, at),
    );
    return state;
  }

  /**
   * What people said about a session, oldest first. Whoever reads what they wrote leaves an entry.
   * @throws Problem SESSION_NOT_FOUND
   */
  async history(uuid: string, limit: number, cursor: string | undefined, reader: Actor) {
    await this.queries.getOrThrow(uuid);
    const action = [...(Object.keys(OUTCOMES) as Action[]), SECOND_LOOK];
    const page = await this.entries.page({ subject: uuid, subjectType: SESSION, action }, limit, cursor);
    const items = await Promise.all(page.items.map((entry) => this.recorded(uuid, entry)));
    const shown = items.filter(({ comments }) => comments !== null).map(({ entry }) => entry.index);
    if (shown.length > 0) await this.sessions.append(uuid, reader, () => decideViewReviews(shown));
    return { ...page, items } satisfies Page<RecordedOpinion>;
  }

  private async recorded(uuid: string, entry: ReadEntry): Promise<RecordedOpinion> {
    const data = entry.data as unknown as OpinionData | SecondLookData;
    const comments = await this.comments.find(uuid, entry.id, data.commentDigest);
    if ('agrees' in data) return { entry, data, outcome: 'SECOND_LOOK', comments };
    const outcome = OUTCOMES[entry.action];
    if (outcome === undefined) throw new Error(`${entry.action} is no opinion`);
    return { entry, data, outcome, comments };
  }
}
