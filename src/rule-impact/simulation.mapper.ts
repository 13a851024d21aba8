import { DECISIONS, type Decision } from '../conclusion-rules/engine/rule-set.ts';
import type { Simulation } from './simulations.service.ts';
import type { DecisionCountsResponse, SimulationResponse } from './simulation-responses.dto.ts';

export function toSimulationResponse(
  version: string,
  { tally, skipped, nextCursor }: Simulation,
): SimulationResponse {
  const { matrix } = tally;
  const sum = (of: (decision: Decision, other: Decision) => number): DecisionCountsResponse => {
    const [APPROVE, NEED_REVIEW, REJECT] = DECISIONS.map((decision) =>
      DECISIONS.reduce((total, other) => total + of(decision, other), 0),
    ) as [number, number, number];
    return { APPROVE, NEED_REVIEW, REJECT };
  };
  return {
    version,
    examined: tally.examined,
    skipped: { ...skipped },
    before: sum((decision, other) => matrix[decision][other]),
    after: sum((decision, other) => matrix[other][decision]),
    matrix,
    rules: tally.ruleCounts,
    changedCount: tally.changedCount,
    changed: tally.changed.map((session) => ({ ...session, rules: [...session.rules] })),
    truncated: nextCursor !== null,
    nextCursor,
  };
}
