import type { mongo } from 'mongoose';
import { compileRuleSet, type CompiledRuleSet } from '../src/conclusion-rules/engine/compile.ts';
import { evaluate } from '../src/conclusion-rules/engine/evaluate.ts';
import type { Decision, RuleSet } from '../src/conclusion-rules/engine/rule-set.ts';
import { normaliseResult } from '../src/results/normalise-result.ts';
import { type SessionDocument, stateOf } from '../src/sessions/session.schema.ts';
import type { SessionState } from '../src/sessions/session-state.ts';
import { numberOf, storedSession } from './stored-results.ts';

const TOLD_EVERY = 20_000;
const STRICTNESS = ['APPROVE', 'NEED_REVIEW', 'REJECT'];

/** What a simulation over all sessions has to come to. */
export interface OneByOne {
  readonly examined: number;
  readonly skipped: number;
  readonly matrix: Record<string, Record<string, number>>;
  readonly rules: Record<string, { before: number; after: number }>;
  readonly changedCount: number;
  /** Uuids in their order. */
  readonly changed: string[];
}

/** The strictest that a rule set says of any result of a session. */
interface Verdict {
  readonly decision: Decision;
  readonly rules: readonly string[];
}

/**
 * Evaluates the results of each session by both rule sets, in a plain loop that shares nothing with the simulation
 * but the evaluation: results are made again instead of read from the vault, and counted as they come.
 */
export async function simulateOneByOne(
  sessions: mongo.Collection<SessionDocument>,
  before: RuleSet,
  after: RuleSet,
  say: (line: string) => void,
): Promise<OneByOne> {
  const [old, proposed] = [compileRuleSet(before), compileRuleSet(after)];
  const matrix = byDecision(() => byDecision(() => 0));
  const rules: OneByOne['rules'] = {};
  const changed: string[] = [];
  let examined = 0;
  for await (const document of sessions.find().sort({ _id: 1 })) {
    const uuid = document._id;
    const { results } = stateOf(document);
    const was = verdictOf(old, uuid, results);
    const would = verdictOf(proposed, uuid, results);
    examined += 1;
    matrix[was.decision]![would.decision]! += 1;
    for (const code of was.rules) (rules[code] ??= { before: 0, after: 0 }).before += 1;
    for (const code of would.rules) (rules[code] ??= { before: 0, after: 0 }).after += 1;
    if (was.decision !== would.decision) changed.push(uuid);
    if (examined % TOLD_EVERY === 0) say(`evaluated ${examined} sessions one by one`);
  }
  return { examined, skipped: 0, matrix, rules, changedCount: changed.length, changed: changed.toSorted() };
}

function verdictOf(ruleSet: CompiledRuleSet, uuid: string, results: SessionState['results']): Verdict {
  const { bodies } = storedSession(numberOf(uuid));
  if (bodies.length !== results.length) throw new Error(`${uuid} has ${results.length} results`);
  const [strictest] = bodies
    .map((body, place) => {
      const { receivedAt: checkedAt, digest } = results[place]!;
      const result = normaliseResult(uuid, body);
      const { decision, riskLevel, ruleTable } = evaluate(ruleSet, {
        result,
        grade: 'CALLBACK_ONLY',
        checkedAt,
      });
      const rules = ruleTable.flatMap((group) => group.rules.map(({ code }) => code));
      return { decision, riskLevel, rules, digest };
    })
    .toSorted(
      (a, b) =>
        STRICTNESS.indexOf(b.decision) - STRICTNESS.indexOf(a.decision) ||
        b.riskLevel - a.riskLevel ||
        b.rules.length - a.rules.length ||
        (a.digest < b.digest ? -1 : 1),
    );
  return strictest!;
}

function byDecision<T>(of: () => T): Record<string, T> {
  return Object.fromEntries(STRICTNESS.map((decision) => [decision, of()]));
}
