import type { Action, JsonObject, LogEntry } from '../audit/format/leaf.ts';
import type { PullPolicy } from '../platform/config/app-config.ts';
import { pullDue } from '../sessions/pull-need.ts';
import { missingEvidence } from '../sessions/evidence-state.ts';
import {
  callbacksOf,
  decisionOf,
  governingResult,
  gradeOf,
  isConfirmed,
  type SessionState,
} from '../sessions/session-state.ts';
import type { ExceptionClass } from './exception-class.ts';

/** Something that needs attention now. */
export interface Cause {
  readonly class: ExceptionClass;
  /** The same as long as it is the same occurrence; what a person has settled stays settled by it. */
  readonly fingerprint: string;
  /** What whoever looks at it should know: codes, versions, field names; no personal data. */
  readonly facts: JsonObject;
}

/** How long things may take before they need attention. */
export interface ReconciliationPolicy {
  /** An approval that is not confirmed by then; the first steps of the back-off lie before. */
  readonly unconfirmedAfterMs: number;
  /** An overdue session that was not even pulled by then, which only a missing vendor configuration explains. */
  readonly unpulledAfterMs: number;
  /** A session that was never registered is an exception. */
  readonly expectsRegistration: boolean;
  readonly pulls: PullPolicy;
  /** By when the media of a pulled result are to be archived; null where none are. */
  readonly evidenceDeadlineMs: number | null;
}

/** Everything about a session that needs attention at `now`, at most one cause of each class. */
export function exceptionsOf(state: SessionState, now: Date, policy: ReconciliationPolicy): Cause[] {
  if (state.status === 'NONE') return [];
  return [
    missingCallback(state, now),
    missingResult(state, now, policy),
    conflictingResult(state),
    resultChanged(state),
    unconfirmedApproval(state, now, policy),
    unregisteredSession(state, policy),
    vendorDisagrees(state),
    vendorRefused(state),
    evidenceMissing(state, now, policy),
  ].filter((cause) => cause !== null);
}

/** What may happen to a quarantined delivery that changes whether it needs attention. */
export const QUARANTINE_ACTIONS = [
  'callback.quarantined',
  'callback.replayed',
  'callback.dismissed',
] as const satisfies readonly Action[];

/** A delivery in quarantine needs attention until somebody has replayed or dismissed it. */
export function causesInQuarantine(history: readonly Pick<LogEntry, 'action' | 'data'>[]): Cause[] {
  const kept = history.find(({ action }) => action === 'callback.quarantined');
  const isSettled = history.some(
    ({ action }) => action === 'callback.replayed' || action === 'callback.dismissed',
  );
  if (kept === undefined || isSettled) return [];
  const facts = { reason: kept.data['reason'] ?? null, uuid: kept.data['uuid'] ?? null };
  return [{ class: 'QUARANTINED_CALLBACK', fingerprint: 'kept', facts }];
}

/** When time alone may next change what {@link exceptionsOf} says; null if only an entry can. */
export function nextExaminationAt(state: SessionState, now: Date, policy: ReconciliationPolicy): Date | null {
  const moments = [
    ...(awaitsCallback(state) ? [overdueFrom(state), overdueFrom(state) + policy.unpulledAfterMs] : []),
    ...(isUnconfirmedApproval(state) ? [unconfirmedFrom(state, policy)] : []),
    ...(missingEvidence(state.evidence).length > 0 ? [evidenceMissingFrom(state, policy)] : []),
  ].filter((moment) => moment > now.getTime() && Number.isFinite(moment));
  return moments.length === 0 ? null : new Date(Math.min(...moments));
}

function missingCallback(state: SessionState, now: Date): Cause | null {
  if (!awaitsCallback(state) || state.results.length === 0 || now.getTime() < overdueFrom(state)) return null;
  return { class: 'MISSING_CALLBACK', fingerprint: 'no-callback', facts: { expectedBy: state.expectedBy } };
}

/** An expired session is none: it has its own place in the close. */
function missingResult(state: SessionState, now: Date, policy: ReconciliationPolicy): Cause | null {
  const facts = { pulls: state.pulls?.count ?? 0, lastPullOutcome: state.lastPullOutcome };
  if (callbacksOf(state).length > 0) {
    const isGivenUp =
      state.latestPull === null && state.erasedAt === null && pullDue(state, policy.pulls) === null;
    const fingerprint = `unproven:${state.results.length}`;
    return isGivenUp ? { class: 'MISSING_RESULT', fingerprint, facts } : null;
  }
  if (state.status !== 'REGISTERED') return null;
  const overdueMs = now.getTime() - overdueFrom(state);
  const wasPulled = Date.parse(state.pulls?.lastAt ?? '') >= overdueFrom(state);
  if (overdueMs < 0 || (!wasPulled && overdueMs < policy.unpulledAfterMs)) return null;
  return { class: 'MISSING_RESULT', fingerprint: 'overdue', facts };
}

function conflictingResult(state: SessionState): Cause | null {
  const { comparison } = state;
  if (gradeOf(state) !== 'CONFLICT' || comparison === null) return null;
  const { pull, callbacks, differences } = comparison;
  if (wasSeenByPeople(state, [pull, ...callbacks])) return null;
  const fingerprint = `pull:${pull}/callbacks:${callbacks.join(',')}`;
  return { class: 'CONFLICTING_RESULT', fingerprint, facts: { pull, callbacks, differences } };
}

function resultChanged(state: SessionState): Cause | null {
  const pulled = state.results.filter(({ source }) => source === 'PULL').map(({ version }) => version);
  if (pulled.length < 2 || wasSeenByPeople(state, pulled)) return null;
  return { class: 'RESULT_CHANGED', fingerprint: `pulls:${pulled.join(',')}`, facts: { versions: pulled } };
}

function unconfirmedApproval(state: SessionState, now: Date, policy: ReconciliationPolicy): Cause | null {
  if (!isUnconfirmedApproval(state) || now.getTime() < unconfirmedFrom(state, policy)) return null;
  const version = governingResult(state)?.version ?? 0;
  const facts = { version, pulls: state.pulls?.count ?? 0, lastPullOutcome: state.lastPullOutcome };
  const { decided } = state.review;
  const fingerprint = decided === null ? `version:${version}` : `review:${decided.first.entryIndex}`;
  return { class: 'UNCONFIRMED_APPROVAL', fingerprint, facts };
}

function unregisteredSession(
  { registration }: SessionState,
  { expectsRegistration }: ReconciliationPolicy,
): Cause | null {
  return registration === null && expectsRegistration
    ? { class: 'UNREGISTERED_SESSION', fingerprint: 'unregistered', facts: {} }
    : null;
}

const VENDOR_WORDS: Readonly<Record<string, 'APPROVE' | 'REJECT'>> = {
  APPROVE: 'APPROVE',
  APPROVED: 'APPROVE',
  REJECT: 'REJECT',
  REJECTED: 'REJECT',
};

/**
 * Only the opposite counts: one of the two wanting a person to look is no contradiction, and neither is what
 * people have decided against the vendor.
 */
function vendorDisagrees(state: SessionState): Cause | null {
  const governing = governingResult(state);
  const vendor = VENDOR_WORDS[governing?.vendor.decisionMessage ?? ''];
  const ours = governing?.conclusion?.decision;
  if (vendor === undefined || governing === undefined || state.review.decided !== null) return null;
  if (ours === undefined || ours === 'NEED_REVIEW' || ours === vendor) return null;
  const { version } = governing;
  return { class: 'VENDOR_DISAGREES', fingerprint: `version:${version}`, facts: { version, vendor, ours } };
}

/** People have decided with these versions before them, and nothing has contradicted them since. */
function wasSeenByPeople({ review }: SessionState, versions: readonly number[]): boolean {
  const seen = review.decided?.grounds.results ?? 0;
  return versions.every((version) => version <= seen);
}

function vendorRefused({ lastPullOutcome, results }: SessionState): Cause | null {
  if (lastPullOutcome !== 'FORBIDDEN' && lastPullOutcome !== 'REFUSED') return null;
  const fingerprint = `${lastPullOutcome}/results:${results.length}`;
  return { class: 'VENDOR_REFUSED', fingerprint, facts: { outcome: lastPullOutcome } };
}

/** One cause for all media of a result: it stays the same while they come in one after the other. */
function evidenceMissing(state: SessionState, now: Date, policy: ReconciliationPolicy): Cause | null {
  const { wanted, attempts } = state.evidence;
  const missing = missingEvidence(state.evidence);
  if (wanted === null || missing.length === 0 || now.getTime() < evidenceMissingFrom(state, policy))
    return null;
  const { version } = wanted;
  const facts = { version, missing, attempts: attempts?.count ?? 0, outcomes: { ...attempts?.outcomes } };
  return { class: 'EVIDENCE_MISSING', fingerprint: `version:${version}`, facts };
}

function awaitsCallback(state: SessionState): boolean {
  return state.expectedBy !== null && callbacksOf(state).length === 0;
}

function overdueFrom({ expectedBy }: SessionState): number {
  return expectedBy === null ? Infinity : Date.parse(expectedBy);
}

function isUnconfirmedApproval(state: SessionState): boolean {
  return decisionOf(state) === 'APPROVE' && !isConfirmed(state);
}

function unconfirmedFrom(state: SessionState, { unconfirmedAfterMs }: ReconciliationPolicy): number {
  const receivedAt = governingResult(state)?.receivedAt;
  return receivedAt === undefined ? Infinity : Date.parse(receivedAt) + unconfirmedAfterMs;
}

function evidenceMissingFrom(
  { evidence }: SessionState,
  { evidenceDeadlineMs }: ReconciliationPolicy,
): number {
  const since = evidence.wanted?.since;
  return since === undefined || evidenceDeadlineMs === null
    ? Infinity
    : Date.parse(since) + evidenceDeadlineMs;
}
