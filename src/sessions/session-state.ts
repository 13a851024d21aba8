import type { LogEntry } from '../audit/format/leaf.ts';
import type { ConclusionGroup } from '../conclusion-rules/engine/evaluate.ts';
import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { FourEyesReason } from '../conclusion-rules/engine/four-eyes.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import type { EvidenceKind } from '../results/normalised-result.ts';
import {
  type EvidenceState,
  evolveEvidence,
  isAboutEvidence,
  NO_EVIDENCE,
  wantEvidence,
} from './evidence-state.ts';
import { evolveReview, type Grounds, NO_REVIEW, reexamine, type ReviewState } from './session-review.ts';
import { moveTo, type SessionStatus } from './session-status.ts';

export type ResultSource = 'CALLBACK' | 'PULL';

/** What the vendor itself said, reduced to codes. */
export interface VendorVerdict {
  readonly code: string | null;
  readonly decision: number | null;
  readonly decisionMessage: string | null;
  readonly riskLevel: number | null;
}

/** What the bank's rules say about one version of the result. */
export interface ResultConclusion {
  readonly decision: Decision;
  readonly riskLevel: number;
  /** How well the result was proven when it was judged. */
  readonly grade: Grade;
  /** Good enough to act on under the confirmation policy of that moment. */
  readonly confirmed: boolean;
  readonly ruleSetVersion: string;
  readonly engineVersion: string;
  /** Keyed digest of everything the rules read, to prove a later replay. */
  readonly inputsDigest: string;
  readonly ruleTable: readonly ConclusionGroup[];
  /** How many rules the table leaves out to stay small. */
  readonly omittedFindings: number;
  /** Why two people must decide on it, by the rule set of that moment; empty where one is enough. */
  readonly fourEyes: readonly FourEyesReason[];
}

/** One distinct result; repeated deliveries of it change nothing. */
export interface SessionResult {
  /** From 1, in the order in which distinct results arrived. */
  readonly version: number;
  readonly source: ResultSource;
  /** Keyed digest of the canonical result; what makes a delivery a duplicate. */
  readonly digest: string;
  readonly receivedAt: string;
  /** Entry that brought it; the vault keeps the bytes under the same id. */
  readonly entryId: string;
  readonly entryIndex: number;
  readonly vendor: VendorVerdict;
  /** null only between two entries of one command, or after a crash between them. */
  readonly conclusion: ResultConclusion | null;
}

/** The registration as it was asked for, to tell a repetition from a contradiction. */
export interface Registration {
  readonly customerRef: string | null;
  readonly channel: string | null;
  readonly expectedWithinSeconds: number | null;
  readonly expiresAfterSeconds: number | null;
}

/** A pulled result held against every callback that had come by then. */
export interface Comparison {
  /** Version of the pulled result. */
  readonly pull: number;
  /** Versions of the callbacks. */
  readonly callbacks: readonly number[];
  readonly grade: 'AGREED' | 'CONFLICT';
  /** Names of the fields in which they differ. */
  readonly differences: readonly string[];
}

/** A session: the fold of its entries. Plain JSON, so that a projection can hold it as it is. */
export interface SessionState {
  readonly uuid: string;
  readonly status: SessionStatus | 'NONE';
  /**
   * Changes with every entry that changes what there is to see of the session; its ETag. Being looked at,
   * claimed, or pulled in vain does not count: whoever decides meanwhile decides on the same thing.
   */
  readonly version: number;
  /** Index of its first entry: the order of sessions. */
  readonly firstIndex: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly registration: Registration | null;
  readonly registeredAt: string | null;
  readonly expectedBy: string | null;
  readonly expiresAt: string | null;
  readonly results: readonly SessionResult[];
  /** Version of the result that the vendor gave when it was last pulled; null before the first. */
  readonly latestPull: number | null;
  /** What came of holding the pulled result against the callbacks; null before the first time. */
  readonly comparison: Comparison | null;
  /**
   * Pulls made since the need for one arose; null before the first. One that somebody wanted before the result
   * was expected stands alone in it.
   */
  readonly pulls: { readonly count: number; readonly lastAt: string } | null;
  /** What the latest pull came to, in one word: RESULT, or as in {@link RetrievalFailedData}; null before the first. */
  readonly lastPullOutcome: string | null;
  /** Its pictures and video. */
  readonly evidence: EvidenceState;
  /** What people are asked for, and what they said. */
  readonly review: ReviewState;
  readonly erasedAt: string | null;
}

export function initialSession(uuid: string): SessionState {
  return {
    uuid,
    status: 'NONE',
    version: 0,
    firstIndex: -1,
    createdAt: '',
    updatedAt: '',
    registration: null,
    registeredAt: null,
    expectedBy: null,
    expiresAt: null,
    results: [],
    latestPull: null,
    comparison: null,
    pulls: null,
    lastPullOutcome: null,
    evidence: NO_EVIDENCE,
    review: NO_REVIEW,
    erasedAt: null,
  };
}

/** Entries after which there is nothing else to see of the session. */
function isUnseen({ action, data }: LogEntry): boolean {
  return (
    action === 'review.claimed' ||
    action === 'review.released' ||
    action === 'review.looked_at_again' ||
    action === 'retrieval.failed' ||
    (action === 'result.retrieved' && (data as unknown as RetrievedData).unchanged)
  );
}

/** The session after one more entry. Pure. Entries of kinds that don't concern the state leave it as it is. */
export function evolveSession(state: SessionState, entry: LogEntry): SessionState {
  if (isAboutEvidence(entry)) return { ...state, evidence: evolveEvidence(state.evidence, entry) };
  const seen: SessionState =
    state.status === 'NONE' ? { ...state, firstIndex: entry.index, createdAt: entry.at } : state;
  const next = apply(seen, entry);
  if (next === seen) return state;
  const tracked = trackReview(state, next, entry);
  return isUnseen(entry) ? tracked : { ...tracked, version: state.version + 1, updatedAt: entry.at };
}

/** Notes since when a person is asked for; once nobody is, claim and proposal are void. */
function trackReview(before: SessionState, after: SessionState, { index, at }: LogEntry): SessionState {
  const { review, status } = after;
  if (status !== 'IN_REVIEW') {
    return { ...after, review: { ...review, since: null, claim: null, proposal: null } };
  }
  return before.status === 'IN_REVIEW' ? after : { ...after, review: { ...review, since: { index, at } } };
}

function apply(state: SessionState, entry: LogEntry): SessionState {
  switch (entry.action) {
    case 'session.registered':
      return applyRegistered(state, entry);
    case 'callback.received':
      return applyResult(state, entry, 'CALLBACK');
    case 'result.retrieved':
      return applyPull(applyResult(state, entry, 'PULL'), entry);
    case 'retrieval.failed':
      return countPull(state, entry, (entry.data as unknown as RetrievalFailedData).outcome);
    case 'results.compared':
      return concludedAnew({ ...state, comparison: entry.data as unknown as Comparison });
    case 'session.expired':
      return { ...state, status: moveTo(state.status, 'EXPIRED') };
    case 'conclusion.reached':
      return applyConclusion(state, entry);
    case 'review.claimed':
    case 'review.released':
    case 'review.proposed':
    case 'review.refused':
    case 'review.decided':
    case 'review.looked_at_again':
      return withStatus({ ...state, review: evolveReview(state.review, entry, groundsOf(state)) });
    case 'personal_data.erased':
      return { ...state, erasedAt: entry.at, evidence: { ...state.evidence, wanted: null, attempts: null } };
    default:
      return state;
  }
}

function applyRegistered(state: SessionState, { data, at }: LogEntry): SessionState {
  if (state.registration !== null) return state;
  const { effective, ...registration } = data as unknown as RegisteredData;
  return {
    ...state,
    status: state.status === 'NONE' ? moveTo('NONE', 'REGISTERED') : state.status,
    registration,
    registeredAt: at,
    expectedBy: secondsAfter(at, effective.expectedWithinSeconds),
    expiresAt: secondsAfter(at, effective.expiresAfterSeconds),
  };
}

function applyResult(state: SessionState, entry: LogEntry, source: ResultSource): SessionState {
  const { digest, vendor } = entry.data as unknown as ResultData;
  if (findResult(state, digest, source) !== undefined) return state;
  const result: SessionResult = {
    version: state.results.length + 1,
    source,
    digest,
    receivedAt: entry.at,
    entryId: entry.id,
    entryIndex: entry.index,
    vendor,
    conclusion: null,
  };
  const reopens = state.status === 'NONE' || state.status === 'REGISTERED' || state.status === 'EXPIRED';
  return {
    ...state,
    status: reopens ? moveTo(state.status, 'RECEIVED') : state.status,
    results: [...state.results, result],
    review: { ...state.review, proposal: null },
    // A new callback is a new need to pull, with a back-off of its own.
    pulls: source === 'CALLBACK' ? null : state.pulls,
  };
}

function applyPull(state: SessionState, entry: LogEntry): SessionState {
  const { digest, media = [] } = entry.data as unknown as RetrievedData;
  const result = findResult(state, digest, 'PULL');
  const counted = { ...countPull(state, entry, 'RESULT'), latestPull: result?.version ?? null };
  // The addresses of an erased result are gone with it.
  if (result === undefined || result.receivedAt <= (state.erasedAt ?? '')) return counted;
  return { ...counted, evidence: wantEvidence(state.evidence, result.version, media, entry.at) };
}

function countPull(state: SessionState, { at }: LogEntry, outcome: string): SessionState {
  const { pulls, expectedBy } = state;
  const isEarly = callbacksOf(state).length === 0 && (pulls?.lastAt ?? '') < (expectedBy ?? '');
  return {
    ...state,
    pulls: { count: (isEarly ? 0 : (pulls?.count ?? 0)) + 1, lastAt: at },
    lastPullOutcome: outcome,
  };
}

function applyConclusion(state: SessionState, { data }: LogEntry): SessionState {
  const { version, fourEyes = [], checkedAt: _, recall: __, ...rest } = data as unknown as ConclusionData;
  const conclusion = { ...rest, fourEyes };
  const results = state.results.map((result) =>
    result.version === version ? { ...result, conclusion } : result,
  );
  return concludedAnew({ ...state, results });
}

/** Another conclusion governs, or the same under another grade: what people said is held against it. */
function concludedAnew(state: SessionState): SessionState {
  const ruled = governingResult(state)?.conclusion?.decision;
  if (ruled === undefined) return state;
  return withStatus({ ...state, review: reexamine(state.review, groundsOf(state), ruled) });
}

/** Moves the session where its governing conclusion, or whoever decided in its place, puts it. */
function withStatus(state: SessionState): SessionState {
  return governingResult(state) ? { ...state, status: moveTo(state.status, statusOf(state)) } : state;
}

function statusOf(state: SessionState): SessionStatus {
  if (state.review.decided !== null) return 'CONCLUDED';
  if (decisionOf(state) === 'NEED_REVIEW') return 'IN_REVIEW';
  return isConfirmed(state) ? 'CONCLUDED' : 'RECEIVED';
}

/**
 * The decision on the session: that of people where they made one, else that of the rules; null without a
 * result. Where something contradicts what people decided, the rules alone don't decide in their place.
 */
export function decisionOf(state: SessionState): Decision | null {
  const { decided, contested } = state.review;
  const ruled = governingResult(state)?.conclusion?.decision ?? null;
  return decided?.first.decision ?? (contested ? 'NEED_REVIEW' : ruled);
}

/** A person can decide: the rules could not, and what there is to look at was not erased. */
export function isReviewable(state: SessionState): boolean {
  return state.status === 'IN_REVIEW' && !isErased(state);
}

/** Nothing is left of what was received. */
export function isErased({ erasedAt, results }: SessionState): boolean {
  return erasedAt !== null && !results.some(({ receivedAt }) => receivedAt > erasedAt);
}

/** What there is to decide on. */
export function groundsOf(state: SessionState): Grounds {
  const conclusion = governingResult(state)?.conclusion;
  const codes = conclusion?.ruleTable.flatMap(({ rules }) => rules.map(({ code }) => code)) ?? [];
  // How many the table leaves out is a finding as well: which ones they are can't be told.
  const omitted = conclusion?.omittedFindings ? [`+${conclusion.omittedFindings}`] : [];
  return {
    results: state.results.length,
    grade: gradeOf(state) ?? 'CALLBACK_ONLY',
    findings: [...codes.toSorted(), ...omitted],
  };
}

/**
 * The decision may be acted on (G7). That of the rules: its result was well enough proven, and nothing has come
 * since that was not compared. That of people: the vendor's own copy was before them or has since said nothing
 * else, so that a forged callback alone leads to nothing.
 */
export function isConfirmed(state: SessionState): boolean {
  const governing = governingResult(state);
  const conclusion = governing?.conclusion ?? null;
  if (governing === undefined || conclusion === null || conclusion.grade !== gradeOf(state)) return false;
  if (!isPullProven(state)) return conclusion.confirmed;
  // Until the newest proof is judged, nobody knows what it proves.
  return governing.version === state.latestPull && (conclusion.confirmed || state.review.decided !== null);
}

/** The result of that content and source, if it came before. */
export function findResult(
  state: SessionState,
  digest: string,
  source: ResultSource,
): SessionResult | undefined {
  return state.results.find((result) => result.digest === digest && result.source === source);
}

/**
 * The result that the session's conclusion rests on. Once the pulled result was held against every callback,
 * it is that one: the vendor gave it to us itself. Until then callbacks are all there is; they are unsigned
 * and may arrive in any order, so of several different ones the strictest counts. Then the order of arrival
 * can't change the outcome, and no later callback can wipe out what an earlier one gave away.
 */
export function governingResult(state: SessionState): SessionResult | undefined {
  const judged = state.results.filter(({ conclusion }) => conclusion !== null);
  const pulled = judged.find(({ version }) => version === state.latestPull);
  return pulled !== undefined && isPullProven(state) ? pulled : judged.toSorted(byStrictness)[0];
}

const STRICTNESS: Readonly<Record<Decision, number>> = { APPROVE: 0, NEED_REVIEW: 1, REJECT: 2 };

function byStrictness(a: SessionResult, b: SessionResult): number {
  if (a.conclusion === null || b.conclusion === null) return 0;
  return (
    STRICTNESS[b.conclusion.decision] - STRICTNESS[a.conclusion.decision] ||
    b.conclusion.riskLevel - a.conclusion.riskLevel ||
    rulesIn(b.conclusion) - rulesIn(a.conclusion) ||
    (a.digest < b.digest ? -1 : 1)
  );
}

function rulesIn({ ruleTable }: ResultConclusion): number {
  return ruleTable.reduce((sum, group) => sum + group.rules.length, 0);
}

/** How well the session's results are proven; null without any. */
export function gradeOf(state: SessionState): Grade | null {
  if (state.results.length === 0) return null;
  if (!isPullProven(state)) return 'CALLBACK_ONLY';
  return callbacksOf(state).length === 0 ? 'PULL_ONLY' : (state.comparison?.grade ?? 'CALLBACK_ONLY');
}

/** There is a pulled result, and every callback was compared with it. */
export function isPullProven(state: SessionState): boolean {
  if (state.latestPull === null) return false;
  const callbacks = callbacksOf(state);
  const { comparison } = state;
  return (
    callbacks.length === 0 ||
    (comparison?.pull === state.latestPull &&
      callbacks.every(({ version }) => comparison.callbacks.includes(version)))
  );
}

/** The distinct results that the vendor has pushed. */
export function callbacksOf(state: SessionState): SessionResult[] {
  return state.results.filter(({ source }) => source === 'CALLBACK');
}

/** Some result waits for its conclusion. */
export function isUnconcluded(state: SessionState): boolean {
  return state.results.some(({ conclusion }) => conclusion === null);
}

function secondsAfter(at: string, seconds: number): string {
  return new Date(Date.parse(at) + seconds * 1000).toISOString();
}

/** `data` of `session.registered`. */
export interface RegisteredData extends Registration {
  /** The seconds that hold, be they asked for or the defaults of that moment. */
  readonly effective: { readonly expectedWithinSeconds: number; readonly expiresAfterSeconds: number };
}

/** `data` of `callback.received`. */
export interface ResultData {
  readonly version: number;
  readonly digest: string;
  /** Length of the body as delivered. */
  readonly bytes: number;
  readonly vendor: VendorVerdict;
}

/** `data` of `conclusion.reached`. */
export interface ConclusionData extends Omit<ResultConclusion, 'fourEyes'> {
  /** The result that was judged. */
  readonly version: number;
  /** Missing in entries from before it was part of a conclusion. */
  readonly fourEyes?: ResultConclusion['fourEyes'];
  /** The time for which the rules were asked, where that wasn't the time of the entry. RFC 3339. */
  readonly checkedAt?: string;
  /** Id of the recall by which it was concluded on anew. */
  readonly recall?: string;
}

/** `data` of `result.retrieved`. */
export interface RetrievedData extends ResultData {
  /** Nothing new: the vendor gave what it gave the last time. */
  readonly unchanged: boolean;
  /** Kinds of media that it gives addresses of; missing in entries from before media were archived. */
  readonly media?: readonly EvidenceKind[];
  /** What each request came to, oldest first. */
  readonly attempts: readonly string[];
}

/** `data` of `retrieval.failed`. */
export interface RetrievalFailedData {
  /** In one word: NOT_FOUND, FORBIDDEN, TIMEOUT, … */
  readonly outcome: string;
  /** Why an answer was of no use, or the code with which the vendor refused; missing where there is none. */
  readonly detail?: string;
  /** What each request came to, oldest first. */
  readonly attempts: readonly string[];
}
