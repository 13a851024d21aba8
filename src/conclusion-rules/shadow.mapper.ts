import { DECISIONS, type Decision } from './engine/rule-set.ts';
import type { ShadowReport } from './shadow.service.ts';
import type { ShadowResponse } from './shadow.dto.ts';

export function toShadowResponse({ run, isRunning, counts }: ShadowReport): ShadowResponse {
  const matrix = byDecision((active) => byDecision((shadow) => counts.decisions[`${active}/${shadow}`] ?? 0));
  const concluded = Object.values(counts.decisions).reduce((sum, count) => sum + count, 0);
  const agreed = DECISIONS.reduce((sum, decision) => sum + matrix[decision][decision], 0);
  return {
    version: run.version,
    running: isRunning,
    since: run.since,
    concluded,
    agreed,
    differed: concluded - agreed,
    failed: counts.failed,
    matrix,
    differing: counts.differing.map((difference) => ({ ...difference })),
  };
}

function byDecision<T>(of: (decision: Decision) => T): Record<Decision, T> {
  return Object.fromEntries(DECISIONS.map((decision) => [decision, of(decision)])) as Record<Decision, T>;
}
