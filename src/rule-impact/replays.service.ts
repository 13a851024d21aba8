import { Injectable } from '@nestjs/common';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import { ENGINE_VERSION } from '../conclusion-rules/engine/evaluate.ts';
import { RuleSets } from '../conclusion-rules/rule-sets.service.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { conclusionOf } from '../sessions/session.decider.ts';
import { type ConclusionData, evolveSession, initialSession } from '../sessions/session-state.ts';
import { SESSION } from '../sessions/session.stream.ts';
import { type Difference, firstDifference } from './first-difference.ts';

/** What came of concluding once more as it was concluded then. */
export type ReplayOutcome =
  | { readonly kind: 'REPRODUCED' }
  | { readonly kind: 'DIFFERS'; readonly difference: Difference }
  /** The result is gone for good, and with it what the rules read. */
  | { readonly kind: 'ERASED' }
  /** This installation can't conclude as it was concluded then. */
  | { readonly kind: 'NOT_REPLAYABLE'; readonly reason: string };

export interface Replay {
  /** Index of the entry `conclusion.reached`. */
  readonly entryIndex: number;
  readonly recorded: ConclusionData;
  readonly outcome: ReplayOutcome;
}

const PAGE = 200;

/** Proves conclusions: reads what they rested on and concludes again by the rules that they name. */
@Injectable()
export class Replays {
  constructor(
    private readonly entries: AuditQueries,
    private readonly personalData: PersonalData,
    private readonly ruleSets: RuleSets,
    private readonly conclusions: ConclusionService,
  ) {}

  /**
   * Replays the conclusions of a session, oldest first. Reads the log and the vault and writes nothing.
   * @param version of the result; null for every one
   * @returns null if the log knows no such session
   */
  async ofSession(uuid: string, version: number | null): Promise<Replay[] | null> {
    const entries = await this.readAll(uuid);
    if (entries.length === 0) return null;
    const { results } = entries.reduce(evolveSession, initialSession(uuid));
    const replays: Replay[] = [];
    for (const { index, at, action, data } of entries) {
      if (action !== 'conclusion.reached') continue;
      const recorded = data as unknown as ConclusionData;
      if (version !== null && recorded.version !== version) continue;
      const meta = results.find((result) => result.version === recorded.version);
      const result = meta === undefined ? null : await this.personalData.findForProcessing(uuid, meta);
      const outcome: ReplayOutcome =
        result === null
          ? { kind: 'ERASED' }
          : await this.conclude(recorded, result, recorded.checkedAt ?? at);
      replays.push({ entryIndex: index, recorded, outcome });
    }
    return replays;
  }

  private async conclude(
    recorded: ConclusionData,
    result: NormalisedResult,
    checkedAt: string,
  ): Promise<ReplayOutcome> {
    // When and why it was concluded is no part of what was concluded.
    const { checkedAt: _, recall: __, ...concluded } = recorded;
    const { ruleSetVersion, engineVersion, version, grade, confirmed } = concluded;
    if (engineVersion !== ENGINE_VERSION) {
      return {
        kind: 'NOT_REPLAYABLE',
        reason: `it was concluded by engine ${engineVersion}, and this release has engine ${ENGINE_VERSION}`,
      };
    }
    const ruleSet = await this.ruleSets.findPinned(ruleSetVersion);
    if (ruleSet === null) {
      return { kind: 'NOT_REPLAYABLE', reason: `the rule set ${ruleSetVersion} is not kept here` };
    }
    const replayed = conclusionOf(
      {
        result,
        judge: (input) => this.conclusions.judgeBy(ruleSet, input),
        // The bank's policy of that moment is no part of the rules.
        confirms: () => confirmed,
      },
      version,
      grade,
      checkedAt,
    );
    const difference = firstDifference(concluded, replayed);
    return difference === null ? { kind: 'REPRODUCED' } : { kind: 'DIFFERS', difference };
  }

  private async readAll(uuid: string): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.entries.page({ subject: uuid, subjectType: SESSION }, PAGE, cursor);
      entries.push(...page.items);
      if (page.nextCursor === null) return entries;
      cursor = page.nextCursor;
    }
  }
}
