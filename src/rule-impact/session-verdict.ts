import type { ConclusionInput } from '../conclusion-rules/engine/fact.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { conclusionOf, type Judge } from '../sessions/session.decider.ts';
import {
  governingResult,
  type ResultConclusion,
  type SessionResult,
  type SessionState,
} from '../sessions/session-state.ts';
import type { Verdict } from './simulation-tally.ts';

/** What the rules say of a session, people's decisions apart; null if nothing was concluded on. */
export function verdictOf(state: SessionState): Verdict | null {
  const conclusion = governingResult(state)?.conclusion;
  if (!conclusion) return null;
  const { decision, ruleTable } = conclusion;
  return { decision, rules: ruleTable.flatMap(({ rules }) => rules.map(({ code }) => code)) };
}

/** What a judge reads of a result that was concluded on, as it was read then. */
export function inputOf(
  { receivedAt }: SessionResult,
  { grade }: ResultConclusion,
  result: NormalisedResult,
): ConclusionInput {
  return { result, grade, checkedAt: receivedAt };
}

/**
 * The session as it would be, had another judge concluded on all of its results. All, because of several results
 * the one that governs may be another then.
 * @param results by the id of their entry
 * @returns null if one of the results was erased
 */
export function judgedAgain(
  state: SessionState,
  results: ReadonlyMap<string, NormalisedResult>,
  judge: Judge,
): SessionState | null {
  const judged: SessionResult[] = [];
  for (const meta of state.results) {
    const { conclusion, entryId, version } = meta;
    if (conclusion === null) {
      judged.push(meta);
      continue;
    }
    const result = results.get(entryId);
    if (result === undefined) return null;
    const { grade, checkedAt } = inputOf(meta, conclusion, result);
    const confirms = () => conclusion.confirmed;
    const {
      version: _,
      fourEyes = [],
      ...again
    } = conclusionOf({ result, judge, confirms }, version, grade, checkedAt);
    judged.push({ ...meta, conclusion: { ...again, fourEyes } });
  }
  return { ...state, results: judged };
}
