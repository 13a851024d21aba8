import type { AuditEntryResponse } from '../../../src/audit/audit.dto.ts';
import { backOffMs, type BackOffPolicy } from '../../../src/retrieval/back-off.ts';
import type { Pull } from '../../simulator/vendor-sessions.ts';

/** What the service promises the vendor. */
export interface PacePromise {
  readonly backOff: BackOffPolicy;
  /** Requests that one pull may make while the vendor is unavailable. */
  readonly attemptsPerPull: number;
  /** A pull that left no entry, because its instance was killed, is repeated no sooner than this after it. */
  readonly abandonedMs: number;
}

/** Requests by session in the vendor's own record, in the order in which they came. */
export function requestsBySession(pulls: readonly Pull[]): Map<string, Pull[]> {
  return Map.groupBy(
    pulls.toSorted((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1)),
    ({ uuid }) => uuid ?? '',
  );
}

/** Requests that came while another one for the same session was under way. */
export function overlapping(requests: readonly Pull[]): Pull[] {
  return requests.filter(({ receivedAt }, n) => n > 0 && receivedAt < (requests[n - 1]!.endedAt ?? '~'));
}

/** A request that came too soon, what came before it, and from when on it would have been in time. */
export interface HastyPull {
  readonly request: Pull;
  readonly before: Pull;
  readonly allowedFrom: string;
  /** What the log had of the session until then. */
  readonly known: readonly string[];
}

/**
 * Requests that came sooner than the session's back-off allows. The log tells how many pulls were made since
 * the need arose; a callback is a new need, with a back-off of its own.
 * @param requests for one session, in order
 * @param entries about that session, in order
 */
export function hasty(
  requests: readonly Pull[],
  entries: readonly AuditEntryResponse[],
  promise: PacePromise,
): HastyPull[] {
  let attempts = 1;
  let abandoned = 0;
  return requests.slice(1).flatMap((request, n) => {
    const before = requests[n]!;
    const known = entries.filter(({ at }) => at <= request.receivedAt);
    // By number: a vendor that stalls sees requests long after they were made, and given up.
    const isRecorded = attemptsIn(known) + abandoned > n;
    const isRepetition =
      before.outcome === 'UNAVAILABLE' &&
      !isRecorded &&
      attempts < promise.attemptsPerPull &&
      request.receivedAt < later(before.receivedAt, promise.abandonedMs);
    if (!isRecorded && !isRepetition) abandoned += attempts;
    attempts = isRepetition ? attempts + 1 : 1;
    const allowed = isRepetition ? '' : allowedFrom(before, isRecorded, known, promise);
    if (request.receivedAt >= allowed) return [];
    const told = known.map(({ action, at }) => `${at} ${action}`);
    return [{ request, before, allowedFrom: allowed, known: told }];
  });
}

/** Requests whose pull left no entry. */
export function unrecorded(requests: readonly Pull[], entries: readonly AuditEntryResponse[]): number {
  return requests.length - attemptsIn(entries);
}

function attemptsIn(entries: readonly AuditEntryResponse[]): number {
  return entries.flatMap(({ data }) => (data['attempts'] as readonly string[] | undefined) ?? []).length;
}

function allowedFrom(
  before: Pull,
  isRecorded: boolean,
  known: readonly AuditEntryResponse[],
  { backOff, abandonedMs }: PacePromise,
): string {
  if (!isRecorded) return later(before.receivedAt, abandonedMs);
  const need = known.findLastIndex(({ action }) => action === 'callback.received');
  const made = known.slice(need + 1).filter(isPull);
  const last = made.at(-1);
  if (last === undefined) return '';
  const afterBackOff = later(last.at, backOffMs(backOff, before.uuid ?? '', made.length));
  const lastChance = need < 0 ? lastChanceOf(known, backOff) : null;
  return lastChance === null || lastChance > afterBackOff ? afterBackOff : lastChance;
}

/** A session that is about to expire is pulled once more, whatever its back-off says. */
function lastChanceOf(known: readonly AuditEntryResponse[], backOff: BackOffPolicy): string | null {
  const registered = known.find(({ action }) => action === 'session.registered');
  if (registered === undefined) return null;
  const { expiresAfterSeconds } = registered.data['effective'] as { expiresAfterSeconds: number };
  return later(registered.at, expiresAfterSeconds * 1_000 - backOff.lastPullLeadMs);
}

function isPull({ action }: AuditEntryResponse): boolean {
  return action === 'result.retrieved' || action === 'retrieval.failed';
}

function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}
