import type { SessionState } from '../sessions/session-state.ts';
import { assertNever } from '../platform/assert-never.ts';

/** What a day began with. */
export const INTAKE_FIGURES = ['registered', 'unregistered'] as const;
/** Where its sessions stand. */
export const OUTCOME_FIGURES = ['concluded', 'inReview', 'awaiting', 'expired', 'exceptions'] as const;
export const FIGURES = [...INTAKE_FIGURES, ...OUTCOME_FIGURES] as const;
export type Figure = (typeof FIGURES)[number];
type Outcome = (typeof OUTCOME_FIGURES)[number];

export type CloseCounts = Readonly<Record<Figure, number>>;

/** A session that the log says was first heard of on the day. */
export interface HeardSession {
  readonly uuid: string;
  readonly registered: boolean;
}

/** The day's sessions behind each figure, and those that keep it from balancing. */
export interface DailyClose {
  readonly figures: Readonly<Record<Figure, readonly string[]>>;
  readonly counts: CloseCounts;
  /** Sessions that are known on one side only. */
  readonly unexplained: readonly string[];
  readonly balanced: boolean;
}

/**
 * Holds what the log heard of on a day against where the sessions stand: registered + unregistered must equal
 * concluded + in review + awaiting + expired + exceptions, session by session. The two sides come from
 * different places, so that a session lost or invented on the way shows.
 * @param heard from the log's entries
 * @param sessions from the projection
 * @param withException uuids of those with an open exception; an exception outranks the status
 */
export function closeOf(
  heard: readonly HeardSession[],
  sessions: readonly Pick<SessionState, 'uuid' | 'status'>[],
  withException: ReadonlySet<string>,
): DailyClose {
  const figures: Record<Figure, string[]> = {
    registered: [],
    unregistered: [],
    concluded: [],
    inReview: [],
    awaiting: [],
    expired: [],
    exceptions: [],
  };
  for (const { uuid, registered } of heard) figures[registered ? 'registered' : 'unregistered'].push(uuid);
  for (const session of sessions) figures[outcomeOf(session, withException)].push(session.uuid);
  const unexplained = onOneSideOnly(
    heard.map(({ uuid }) => uuid),
    sessions.map(({ uuid }) => uuid),
  );
  const counts = Object.fromEntries(FIGURES.map((name) => [name, figures[name].length])) as CloseCounts;
  return { figures, counts, unexplained, balanced: unexplained.length === 0 && addsUp(counts) };
}

/** The one figure under which a session stands. */
function outcomeOf(
  { uuid, status }: Pick<SessionState, 'uuid' | 'status'>,
  withException: ReadonlySet<string>,
): Outcome {
  if (withException.has(uuid)) return 'exceptions';
  switch (status) {
    case 'CONCLUDED':
      return 'concluded';
    case 'IN_REVIEW':
      return 'inReview';
    case 'EXPIRED':
      return 'expired';
    case 'NONE':
    case 'REGISTERED':
    case 'RECEIVED':
      return 'awaiting';
    default:
      return assertNever(status);
  }
}

function addsUp(counts: CloseCounts): boolean {
  const sum = (names: readonly Figure[]) => names.reduce((total, name) => total + counts[name], 0);
  return sum(INTAKE_FIGURES) === sum(OUTCOME_FIGURES);
}

function onOneSideOnly(left: readonly string[], right: readonly string[]): string[] {
  const [ofLeft, ofRight] = [new Set(left), new Set(right)];
  const lost = [...ofLeft].filter((uuid) => !ofRight.has(uuid));
  const invented = [...ofRight].filter((uuid) => !ofLeft.has(uuid));
  return [...lost, ...invented].toSorted();
}

/**
 * Where a close's day begins, in minutes east of UTC. All times of this service are UTC, so with UTC days a
 * close can be checked against the log's own times by anyone. A bank that closes by its local day sets its
 * offset here: +420 in Vietnam, which has no summer time.
 */
const DAY_OFFSET_MINUTES = 0;
const DAY_MS = 86_400_000;

/**
 * The stretch of time that is a day's; `to` is excluded.
 * @param date `yyyy-mm-dd`
 * @returns null if there is no such day
 */
export function dayOf(date: string): { from: Date; to: Date } | null {
  const midnight = Date.parse(`${date}T00:00:00.000Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return null;
  const from = midnight - DAY_OFFSET_MINUTES * 60_000;
  return { from: new Date(from), to: new Date(from + DAY_MS) };
}
