import { Injectable } from '@nestjs/common';
import { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import type { CompiledRuleSet } from '../conclusion-rules/engine/compile.ts';
import { nearestThreshold } from '../conclusion-rules/engine/nearest-threshold.ts';
import { RuleSets } from '../conclusion-rules/rule-sets.service.ts';
import { Problem } from '../platform/http/problem.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { governingResult, type SessionState } from '../sessions/session-state.ts';
import { inputOf, judgedAgain, verdictOf } from './session-verdict.ts';
import { SimulationTally } from './simulation-tally.ts';

/** Which sessions are simulated. */
export type SimulatedSessions =
  | { readonly uuids: readonly string[] }
  | {
      /** First seen at or after; RFC 3339 in a Date. */
      readonly from: Date | undefined;
      /** First seen before. */
      readonly to: Date | undefined;
      /** Where an earlier simulation was cut off. */
      readonly cursor: string | undefined;
      readonly limit: number;
    };

export interface Simulation {
  readonly tally: SimulationTally;
  /** Sessions that could not be simulated, by why. */
  readonly skipped: { readonly unknown: number; readonly unconcluded: number; readonly erased: number };
  /** Where to go on; null if every session was looked at. */
  readonly nextCursor: string | null;
}

export interface SimulationLimits {
  /** No page of sessions is begun after that. */
  readonly maxMs: number;
}

/** The most that one request may take, well within the time-outs of those who ask. */
const WITHIN_REQUEST: SimulationLimits = { maxMs: 10_000 };
/** Small enough that other requests get their turn between two pages. */
const PAGE = 100;
const MAX_LISTED = 200;

/** Says what a rule set would have concluded on sessions of the past. Reads the vault and writes nothing. */
@Injectable()
export class Simulations {
  private running = false;

  constructor(
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
    private readonly ruleSets: RuleSets,
    private readonly conclusions: ConclusionService,
  ) {}

  /**
   * Simulates a rule set of any status, for as long as the limits allow. What is read at a time is one page of
   * sessions, so memory doesn't depend on how many there are.
   * @throws Problem RULE_SET_NOT_FOUND; OVERLOADED while this instance is at another simulation
   */
  async run(
    version: string,
    sessions: SimulatedSessions,
    { maxMs }: SimulationLimits = WITHIN_REQUEST,
  ): Promise<Simulation> {
    const ruleSet = await this.ruleSets.compiled(version);
    if (this.running) {
      throw new Problem('OVERLOADED', 'Another simulation is under way.', { retryAfterSeconds: 5 });
    }
    this.running = true;
    try {
      return await this.simulate(ruleSet, sessions, performance.now() + maxMs);
    } finally {
      this.running = false;
    }
  }

  private async simulate(
    ruleSet: CompiledRuleSet,
    sessions: SimulatedSessions,
    deadline: number,
  ): Promise<Simulation> {
    const tally = new SimulationTally(MAX_LISTED);
    const skipped = { unknown: 0, unconcluded: 0, erased: 0 };
    if ('uuids' in sessions) {
      const found = await this.queries.findMany(sessions.uuids);
      skipped.unknown = new Set(sessions.uuids).size - found.length;
      await this.simulateAll(
        ruleSet,
        found.map(({ state }) => state),
        tally,
        skipped,
      );
      return { tally, skipped, nextCursor: null };
    }
    const { from, to, limit } = sessions;
    let cursor = sessions.cursor;
    for (let left = limit; ;) {
      const page = await this.queries.list({ from, to }, Math.min(PAGE, left), cursor);
      await this.simulateAll(ruleSet, page.items, tally, skipped);
      left -= page.items.length;
      const isCut = left <= 0 || performance.now() >= deadline;
      if (page.nextCursor === null || isCut) return { tally, skipped, nextCursor: page.nextCursor };
      cursor = page.nextCursor;
    }
  }

  private async simulateAll(
    ruleSet: CompiledRuleSet,
    states: readonly SessionState[],
    tally: SimulationTally,
    skipped: { unconcluded: number; erased: number },
  ): Promise<void> {
    for (let start = 0; start < states.length; start += PAGE) {
      const page = states.slice(start, start + PAGE);
      const results = await this.personalData.findManyForProcessing(page);
      for (const state of page) this.simulateOne(ruleSet, state, results, tally, skipped);
    }
  }

  private simulateOne(
    ruleSet: CompiledRuleSet,
    state: SessionState,
    results: ReadonlyMap<string, NormalisedResult>,
    tally: SimulationTally,
    skipped: { unconcluded: number; erased: number },
  ): void {
    const before = verdictOf(state);
    if (before === null) {
      skipped.unconcluded += 1;
      return;
    }
    const again = judgedAgain(state, results, (input) => this.conclusions.judgeBy(ruleSet, input));
    const after = again && verdictOf(again);
    if (again === null || after === null) {
      skipped.erased += 1;
      return;
    }
    tally.add(state.uuid, before, after, () => {
      const meta = governingResult(again);
      const result = meta && results.get(meta.entryId);
      if (!meta?.conclusion || result === undefined) return null;
      return nearestThreshold(ruleSet, inputOf(meta, meta.conclusion, result));
    });
  }
}
