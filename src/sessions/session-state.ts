import type { LogEntry } from '../audit/format/leaf.ts';
import type { ConclusionGroup } from '../conclusion-rules/engine/evaluate.ts';
import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
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

/** A session: the fold of its entries. Plain JSON, so that a projection can hold it as it is. */
export interface SessionState {
  readonly uuid: string;
  readonly status: SessionStatus | 'NONE';
  /** Changes with every entry that changes the session; its ETag. Being looked at does not count. */
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
  /** Names of the fields in which callback and pull differ. */
  readonly differences: readonly string[];
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
    differences: [],
    erasedAt: null,
  };
}

/** Entries that tell of a session without changing it. */
const OBSERVATIONS: ReadonlySet<string> = new Set(['personal_data.viewed']);

/** The session after one more entry. Pure. Entries of kinds that don't concern the state leave it as it is. */
export function evolveSession(state: SessionState, entry: LogEntry): SessionState {
  if (OBSERVATIONS.has(entry.action)) return state;
  const seen: SessionState =
    state.status === 'NONE' ? { ...state, firstIndex: entry.index, createdAt: entry.at } : state;
  const next = apply(seen, entry);
  return next === seen ? state : { ...next, version: state.version + 1, updatedAt: entry.at };
}

function apply(state: SessionState, entry: LogEntry): SessionState {
  switch (entry.action) {
    case 'session.registered':
      return applyRegistered(state, entry);
    case 'callback.received':
      return applyResult(state, entry, 'CALLBACK');
    case 'conclusion.reached':
      return applyConclusion(state, entry);
    case 'personal_data.erased':
      return { ...state, erasedAt: entry.at };
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
  };
}

function applyConclusion(state: SessionState, { data }: LogEntry): SessionState {
  const { version, ...conclusion } = data as unknown as ConclusionData;
  const results = state.results.map((result) =>
    result.version === version ? { ...result, conclusion } : result,
  );
  const concluded = { ...state, results };
  const governing = governingResult(concluded)?.conclusion;
  return governing ? { ...concluded, status: moveTo(state.status, statusFor(governing)) } : concluded;
}

function statusFor({ decision, confirmed }: ResultConclusion): SessionStatus {
  if (decision === 'NEED_REVIEW') return 'IN_REVIEW';
  return confirmed ? 'CONCLUDED' : 'RECEIVED';
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
 * The result that the session's conclusion rests on. Callbacks are unsigned and may arrive in any order, so
 * of several different ones the strictest counts: then the order of arrival can't change the outcome, and
 * no later callback can wipe out what an earlier one gave away.
 */
export function governingResult(state: SessionState): SessionResult | undefined {
  return state.results.filter(({ conclusion }) => conclusion !== null).toSorted(byStrictness)[0];
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
  return state.results.length === 0 ? null : 'CALLBACK_ONLY';
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
export interface ConclusionData extends ResultConclusion {
  /** The result that was judged. */
  readonly version: number;
}
