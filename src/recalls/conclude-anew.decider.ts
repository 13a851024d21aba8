import type { JsonObject, LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { conclusionOf, type Judge } from '../sessions/session.decider.ts';
import {
  type ConclusionData,
  decisionOf,
  evolveSession,
  governingResult,
  initialSession,
  type SessionState,
} from '../sessions/session-state.ts';
import type { RecallCounts } from './recall-state.ts';

export interface ConcludeAnew {
  /** Id of the recall. */
  readonly recall: string;
  /** The rule set that proved wrong. */
  readonly ruleSetVersion: string;
  /** What there is in the vault, by the id of the entry that brought it. */
  readonly results: ReadonlyMap<string, NormalisedResult>;
  /** The rules that are active at a time, for results of any time. */
  judgeAsOf(time: string): Judge;
}

/** The rule set that proved wrong is the active one again, so concluding anew would change nothing. */
export class RecalledRuleSetActiveError extends Error {
  override readonly name = 'RecalledRuleSetActiveError';
}

/**
 * Concludes anew on every result that still stands as the recalled rule set left it. Only the rules are others:
 * documents are held against the day on which the result came, proof and confirmation stay what they were.
 * What was erased stays as it is, and so does what has been concluded on by other rules since.
 * @throws RecalledRuleSetActiveError
 */
export function decideConcludeAnew(state: SessionState, command: ConcludeAnew, at: string): EntryDraft[] {
  const { recall, ruleSetVersion, results } = command;
  const judge = command.judgeAsOf(at);
  const governing = governingResult(state);
  const standing = state.results.filter(({ conclusion }) => conclusion?.ruleSetVersion === ruleSetVersion);
  // The governing one last: until then no other governs that might contradict what people decided on it.
  const inOrder = [
    ...standing.filter((meta) => meta !== governing),
    ...standing.filter((meta) => meta === governing),
  ];
  return inOrder.flatMap(({ version, entryId, receivedAt, conclusion }): EntryDraft[] => {
    const result = results.get(entryId);
    const isErased = state.erasedAt !== null && receivedAt <= state.erasedAt;
    if (conclusion === null || result === undefined || isErased) return [];
    const { grade, confirmed } = conclusion;
    const concluded = conclusionOf({ result, judge, confirms: () => confirmed }, version, grade, receivedAt);
    if (concluded.ruleSetVersion === ruleSetVersion) {
      throw new RecalledRuleSetActiveError(`rule set ${ruleSetVersion} was recalled and concludes again`);
    }
    const data: ConclusionData = { ...concluded, checkedAt: receivedAt, recall };
    return [{ action: 'conclusion.reached', data: data as unknown as JsonObject }];
  });
}

/**
 * What came of a session, told from its history alone: a batch that is walked again after a crash counts the
 * same.
 */
export function outcomeOf(
  uuid: string,
  history: readonly LogEntry[],
  { recall, ruleSetVersion }: Pick<ConcludeAnew, 'recall' | 'ruleSetVersion'>,
): RecallCounts {
  let state = initialSession(uuid);
  let before: SessionState | null = null;
  let after: SessionState | null = null;
  for (const entry of history) {
    const next = evolveSession(state, entry);
    if (entry.action === 'conclusion.reached' && entry.data['recall'] === recall) {
      before ??= state;
      after = next;
    }
    state = next;
  }
  const isReconcluded = before !== null && after !== null;
  const isChanged = before !== null && after !== null && decisionOf(before) !== decisionOf(after);
  const isLeft = state.results.some(({ conclusion }) => conclusion?.ruleSetVersion === ruleSetVersion);
  return {
    done: 1,
    reconcluded: isReconcluded ? 1 : 0,
    changed: isChanged ? 1 : 0,
    skipped: !isReconcluded && isLeft ? 1 : 0,
  };
}
