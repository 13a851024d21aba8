import { DECISIONS, type Decision } from '../conclusion-rules/engine/rule-set.ts';
import type { Simulation, SimulationStep } from './simulations.service.ts';
import type {
  ChangedSessionResponse,
  DecisionCountsResponse,
  SimulationLineResponse,
  SimulationResponse,
} from './simulation-responses.dto.ts';
import type { ChangedSession } from './simulation-tally.ts';

export function toSimulationResponse(
  version: string,
  { tally, skipped, progress, nextCursor }: Simulation,
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
    progress: { ...progress },
    examined: tally.examined,
    skipped: { ...skipped },
    before: sum((decision, other) => matrix[decision][other]),
    after: sum((decision, other) => matrix[other][decision]),
    matrix,
    rules: tally.ruleCounts,
    changedCount: tally.changedCount,
    changed: tally.changed.map(toChangedSession),
    truncated: nextCursor !== null,
    nextCursor,
  };
}

/** Enough that a slow simulation doesn't look dead, and few enough to be read by people. */
const PROGRESS_EVERY = 1_000;

/**
 * A simulation as NDJSON while it goes on: how far it is, from the beginning on and with every thousandth session,
 * each session that changes, and on the last line the whole. Without that line the answer is incomplete.
 */
export async function* toSimulationLines(
  version: string,
  steps: AsyncIterable<SimulationStep>,
): AsyncGenerator<string> {
  let told = -1;
  let whole: SimulationStep['soFar'] | null = null;
  for await (const { soFar, changed } of steps) {
    const lines: SimulationLineResponse[] = changed.map((session) => ({
      changed: toChangedSession(session),
    }));
    const { lookedAt, of } = soFar.progress;
    const thousands = Math.floor(lookedAt / PROGRESS_EVERY);
    if (thousands > told) lines.push({ progress: { lookedAt, of } });
    told = thousands;
    whole = soFar;
    if (lines.length > 0) yield lines.map(toLine).join('');
  }
  if (whole !== null) yield toLine({ simulation: toSimulationResponse(version, whole) });
}

function toLine(line: SimulationLineResponse): string {
  return `${JSON.stringify(line)}\n`;
}

function toChangedSession(session: ChangedSession): ChangedSessionResponse {
  return { ...session, rules: [...session.rules] };
}
