import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { canonicalResultBytes } from '../results/canonical-result.ts';
import { compareResults } from '../results/compare-results.ts';
import type { JsonObject } from '../results/json-text.ts';
import { normaliseResult } from '../results/normalise-result.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { StaleComparisonError } from '../sessions/session.decider.ts';
import { callbacksOf, type SessionState } from '../sessions/session-state.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { detailOf, outcomeOf, type VendorAnswer } from './vendor-answer.ts';
import { VendorClient } from './vendor-client.service.ts';

/** What a pull came to, in the words of the HTTP contract. */
export type PullOutcome = 'RETRIEVED' | 'UNCHANGED' | 'NOT_FOUND' | 'FORBIDDEN' | 'UNAVAILABLE';

/** More callbacks than this within one comparison mean a vendor gone wild; the next pull tries again. */
const MAX_COMPARISONS = 5;

/** Fetches a session's result from the vendor and proves the callbacks by it (G7). */
@Injectable()
export class RetrievalService {
  constructor(
    private readonly client: VendorClient,
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
  ) {}

  /**
   * Pulls a session's result now. Every pull leaves an entry, whatever it came to.
   * @param actor who wanted it
   * @throws Problem SESSION_NOT_FOUND, or what the log throws
   */
  async pull(uuid: string, actor: Actor): Promise<{ outcome: PullOutcome; state: SessionState }> {
    await this.queries.getOrThrow(uuid);
    const answer = await this.client.fetchResult(uuid);
    if (answer.kind === 'RESULT') return this.takeIn(uuid, answer, actor);
    const detail = detailOf(answer);
    const failure = {
      outcome: outcomeOf(answer),
      ...(detail !== null && { detail }),
      attempts: answer.attempts,
    };
    const state = await this.sessions.recordFailedPull(uuid, failure, actor);
    const outcome = answer.kind === 'NOT_FOUND' || answer.kind === 'FORBIDDEN' ? answer.kind : 'UNAVAILABLE';
    return { outcome, state };
  }

  private async takeIn(
    uuid: string,
    { raw, body, attempts }: VendorAnswer & { kind: 'RESULT' },
    actor: Actor,
  ): Promise<{ outcome: PullOutcome; state: SessionState }> {
    const canonical = canonicalResultBytes(body);
    const result = normaliseResult(uuid, body);
    for (let comparison = 1; ; comparison += 1) {
      const compared = await this.compareWithCallbacks(uuid, body);
      try {
        return await this.sessions.receivePull({
          uuid,
          raw,
          canonical,
          result,
          attempts,
          actor,
          ...compared,
        });
      } catch (error) {
        if (!(error instanceof StaleComparisonError) || comparison === MAX_COMPARISONS) throw error;
      }
    }
  }

  /** Holds the pulled result against every callback, so that their order can't matter. */
  private async compareWithCallbacks(
    uuid: string,
    pulled: JsonObject,
  ): Promise<{ comparedWith: string[]; differences: string[] }> {
    const callbacks = callbacksOf(await this.queries.getOrThrow(uuid));
    const differences = new Set<string>();
    for (const callback of callbacks) {
      const body = await this.personalData.findBody(callback);
      for (const path of body === null ? [] : compareResults(body, pulled)) differences.add(path);
    }
    return {
      comparedWith: callbacks.map(({ digest }) => digest),
      differences: [...differences].toSorted().slice(0, 100),
    };
  }
}
