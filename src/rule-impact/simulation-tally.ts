import type { NearestThreshold } from '../conclusion-rules/engine/nearest-threshold.ts';
import { DECISIONS, type Decision } from '../conclusion-rules/engine/rule-set.ts';

/** What the rules say of a session: its decision, and the codes of the rules that speak against it. */
export interface Verdict {
  readonly decision: Decision;
  readonly rules: readonly string[];
}

/** A session whose decision would change. */
export interface ChangedSession {
  readonly uuid: string;
  readonly before: Decision;
  readonly after: Decision;
  /** Codes of the rules that would speak against it. */
  readonly rules: readonly string[];
  /** The bound that one of its scores lies next to, in the simulated rule set. */
  readonly nearest: NearestThreshold | null;
}

/** In how many sessions a rule spoke against the person, and in how many it would. */
export interface RuleCount {
  readonly code: string;
  readonly before: number;
  readonly after: number;
}

export type DecisionCounts = Readonly<Record<Decision, number>>;
/** By the decision before, then by the decision after. */
export type DecisionMatrix = Readonly<Record<Decision, DecisionCounts>>;

/** Adds sessions up in memory that doesn't grow with their number. */
export class SimulationTally {
  examined = 0;
  changedCount = 0;
  readonly changed: ChangedSession[] = [];
  private readonly cells = new Map<string, number>();
  private readonly rules = new Map<string, { before: number; after: number }>();
  private readonly maxListed: number;

  /** @param maxListed how many changed sessions are named; all are counted */
  constructor(maxListed: number) {
    this.maxListed = maxListed;
  }

  /**
   * @param nearest is asked for only where the decision changes
   * @returns the session if its decision changes, listed or not
   */
  add(
    uuid: string,
    before: Verdict,
    after: Verdict,
    nearest: () => NearestThreshold | null,
  ): ChangedSession | null {
    this.examined += 1;
    const cell = `${before.decision}/${after.decision}`;
    this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1);
    this.count(before.rules, 'before');
    this.count(after.rules, 'after');
    if (before.decision === after.decision) return null;
    const { decision, rules } = after;
    const session = { uuid, before: before.decision, after: decision, rules, nearest: nearest() };
    this.changedCount += 1;
    if (this.changed.length < this.maxListed) this.changed.push(session);
    return session;
  }

  get matrix(): DecisionMatrix {
    return byDecision((before) => byDecision((after) => this.cells.get(`${before}/${after}`) ?? 0));
  }

  /** In the order of their codes. */
  get ruleCounts(): RuleCount[] {
    return [...this.rules]
      .map(([code, counts]) => ({ code, ...counts }))
      .toSorted((a, b) => (a.code < b.code ? -1 : 1));
  }

  private count(codes: readonly string[], when: 'before' | 'after'): void {
    for (const code of codes) {
      const counts = this.rules.get(code) ?? { before: 0, after: 0 };
      counts[when] += 1;
      this.rules.set(code, counts);
    }
  }
}

function byDecision<T>(of: (decision: Decision) => T): Record<Decision, T> {
  return Object.fromEntries(DECISIONS.map((decision) => [decision, of(decision)])) as Record<Decision, T>;
}
