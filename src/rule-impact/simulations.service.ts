import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import type { CompiledRuleSet } from '../conclusion-rules/engine/compile.ts';
import { nearestThreshold } from '../conclusion-rules/engine/nearest-threshold.ts';
import { RuleSets } from '../conclusion-rules/rule-sets.service.ts';
import type { Page } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { governingResult, type SessionState } from '../sessions/session-state.ts';
import { inputOf, judgedAgain, verdictOf } from './session-verdict.ts';
import { type ChangedSession, SimulationTally } from './simulation-tally.ts';

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

/** How far a simulation has come. */
export interface SimulationProgress {
  /** Sessions that were looked at, those that were skipped among them. */
  readonly lookedAt: number;
  /** Sessions that there are to look at. */
  readonly of: number;
}

/** What a simulation has found so far, and in the end altogether. */
export interface Simulation {
  readonly tally: SimulationTally;
  /** Sessions that could not be simulated, by why. */
  readonly skipped: { readonly unknown: number; readonly unconcluded: number; readonly erased: number };
  readonly progress: SimulationProgress;
  /** Where to go on; null if every session was looked at. */
  readonly nextCursor: string | null;
}

/** A stretch of a simulation. The last one has the whole. */
export interface SimulationStep {
  readonly soFar: Simulation;
  /** Every session on this stretch whose decision would change. */
  readonly changed: readonly ChangedSession[];
}

export interface SimulationLimits {
  /** No page of sessions is begun after that. */
  readonly maxMs: number;
}

/** What a client that gets nothing before the end may be kept waiting, well within its time-outs. */
const WITHIN_REQUEST: SimulationLimits = { maxMs: 10_000 };
const NO_LIMITS: SimulationLimits = { maxMs: Infinity };
/** Small enough that other requests get their turn between two pages. */
const PAGE = 100;
const MAX_LISTED = 200;

type Steps = AsyncGenerator<SimulationStep, void, undefined>;
type Pages = AsyncIterable<Page<SessionState>> | Iterable<Page<SessionState>>;

/** Says what a rule set would have concluded on sessions of the past. Reads the vault and writes nothing. */
@Injectable()
export class Simulations implements OnModuleDestroy {
  private running = false;
  private stopped = false;

  constructor(
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
    private readonly ruleSets: RuleSets,
    private readonly conclusions: ConclusionService,
  ) {}

  /**
   * Simulates a rule set of any status, for as long as the limits allow.
   * @throws Problem RULE_SET_NOT_FOUND; OVERLOADED while this instance is at another simulation
   */
  async run(
    version: string,
    sessions: SimulatedSessions,
    limits: SimulationLimits = WITHIN_REQUEST,
  ): Promise<Simulation> {
    let last: Simulation | null = null;
    for await (const { soFar } of this.simulate(version, sessions, limits)) last = soFar;
    if (last === null) throw new Error('a simulation has a first step');
    return last;
  }

  /**
   * Like {@link run}, but step by step, to the end, however long that takes, and no faster than the steps are
   * taken. The first one comes before any session is looked at.
   * @param gone ends it when nobody takes its steps any more; until it has ended, no other one can begin
   */
  async start(
    version: string,
    sessions: SimulatedSessions,
    gone: AbortSignal,
  ): Promise<AsyncIterable<SimulationStep>> {
    const steps = this.simulate(version, sessions, NO_LIMITS);
    // What is wrong with the request shows on the first step, while it can still be answered as a problem.
    const first = await steps.next();
    const end = () => void steps.return();
    if (gone.aborted) end();
    else gone.addEventListener('abort', end, { once: true });
    return begunWith(first, steps);
  }

  /** Ends what runs after its page, with what it has, before the HTTP server waits for its requests. */
  onModuleDestroy(): void {
    this.stopped = true;
  }

  private async *simulate(version: string, sessions: SimulatedSessions, { maxMs }: SimulationLimits): Steps {
    const ruleSet = await this.ruleSets.compiled(version);
    if (this.running) {
      throw new Problem('OVERLOADED', 'Another simulation is under way.', { retryAfterSeconds: 5 });
    }
    this.running = true;
    try {
      yield* this.simulatePages(ruleSet, sessions, performance.now() + maxMs);
    } finally {
      this.running = false;
    }
  }

  /** What is in memory at a time is one page of sessions, however many there are. */
  private async *simulatePages(
    ruleSet: CompiledRuleSet,
    sessions: SimulatedSessions,
    deadline: number,
  ): Steps {
    const tally = new SimulationTally(MAX_LISTED);
    const { total, unknown, pages } = await this.find(sessions);
    const skipped = { unknown, unconcluded: 0, erased: 0 };
    let lookedAt = 0;
    const soFar = (nextCursor: string | null): Simulation => {
      return { tally, skipped, progress: { lookedAt, of: total }, nextCursor };
    };
    yield { soFar: soFar(null), changed: [] };
    for await (const { items, nextCursor } of pages) {
      const changed = await this.simulatePage(ruleSet, items, tally, skipped);
      lookedAt += items.length;
      yield { soFar: soFar(nextCursor), changed };
      if (nextCursor !== null && (this.stopped || performance.now() >= deadline)) return;
    }
  }

  private async find(sessions: SimulatedSessions): Promise<{ total: number; unknown: number; pages: Pages }> {
    if ('uuids' in sessions) {
      const found = await this.queries.findMany(sessions.uuids);
      const states = found.map(({ state }) => state);
      const unknown = new Set(sessions.uuids).size - found.length;
      return { total: found.length, unknown, pages: pagesOf(states) };
    }
    const { from, to, limit, cursor } = sessions;
    const { total, pages } = await this.queries.walk({ from, to }, limit, cursor);
    return { total, unknown: 0, pages: pages(PAGE) };
  }

  private async simulatePage(
    ruleSet: CompiledRuleSet,
    states: readonly SessionState[],
    tally: SimulationTally,
    skipped: { unconcluded: number; erased: number },
  ): Promise<ChangedSession[]> {
    const results = await this.personalData.findManyForProcessing(states);
    return states.flatMap((state) => this.simulateOne(ruleSet, state, results, tally, skipped) ?? []);
  }

  /** @returns the session if its decision would change */
  private simulateOne(
    ruleSet: CompiledRuleSet,
    state: SessionState,
    results: ReadonlyMap<string, NormalisedResult>,
    tally: SimulationTally,
    skipped: { unconcluded: number; erased: number },
  ): ChangedSession | null {
    const before = verdictOf(state);
    if (before === null) {
      skipped.unconcluded += 1;
      return null;
    }
    const again = judgedAgain(state, results, (input) => this.conclusions.judgeBy(ruleSet, input));
    const after = again && verdictOf(again);
    if (again === null || after === null) {
      skipped.erased += 1;
      return null;
    }
    return tally.add(state.uuid, before, after, () => {
      const meta = governingResult(again);
      const result = meta && results.get(meta.entryId);
      if (!meta?.conclusion || result === undefined) return null;
      return nearestThreshold(ruleSet, inputOf(meta, meta.conclusion, result));
    });
  }
}

function* pagesOf(states: readonly SessionState[]): Generator<Page<SessionState>> {
  for (let start = 0; start < states.length; start += PAGE) {
    yield { items: states.slice(start, start + PAGE), nextCursor: null };
  }
}

async function* begunWith(
  first: IteratorResult<SimulationStep, void>,
  rest: Steps,
): AsyncGenerator<SimulationStep> {
  if (first.done !== true) yield first.value;
  yield* rest;
}
