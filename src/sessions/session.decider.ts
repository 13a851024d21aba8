import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Attachment, EntryDraft } from '../audit/stream.ts';
import type { JsonObject } from '../audit/format/leaf.ts';
import type { EvidenceKind, NormalisedResult } from '../results/normalised-result.ts';
import {
  type ArchivedData,
  type ArchivedEvidence,
  type FailedData,
  missingEvidence,
} from './evidence-state.ts';
import {
  callbacksOf,
  type Comparison,
  type ConclusionData,
  findResult,
  gradeOf,
  isErased,
  type RegisteredData,
  type Registration,
  type RetrievalFailedData,
  type RetrievedData,
  type ResultConclusion,
  type ResultData,
  type SessionState,
  type VendorVerdict,
} from './session-state.ts';

/** Judges one result by the bank's rules. Pure: the same input gives the same conclusion for ever. */
export type Judge = (input: {
  readonly result: NormalisedResult;
  readonly grade: Grade;
  readonly checkedAt: string;
}) => Omit<ResultConclusion, 'grade' | 'confirmed'>;

/** Whether a result of that grade may be acted on; the bank's confirmation policy. */
export type Confirms = (grade: Grade) => boolean;

export interface RegisterSession {
  readonly registration: Registration;
  readonly defaults: { readonly expectedWithinSeconds: number; readonly expiresAfterSeconds: number };
}

/** Registers once; the same registration again gives nothing, a different one is for `answer` to refuse. */
export function decideRegister(
  state: SessionState,
  { registration, defaults }: RegisterSession,
): EntryDraft[] {
  if (state.registration !== null) return [];
  const data: RegisteredData = {
    ...registration,
    effective: {
      expectedWithinSeconds: registration.expectedWithinSeconds ?? defaults.expectedWithinSeconds,
      expiresAfterSeconds: registration.expiresAfterSeconds ?? defaults.expiresAfterSeconds,
    },
  };
  return [{ action: 'session.registered', data: data as unknown as JsonObject }];
}

export interface ReceiveCallback {
  /** Keyed digest of the canonical result. */
  readonly digest: string;
  /** Length of the body as delivered. */
  readonly bytes: number;
  readonly vendor: VendorVerdict;
  readonly result: NormalisedResult;
  readonly judge: Judge;
  readonly confirms: Confirms;
  /** Wraps the delivered bytes for the vault. */
  attachment(hasEarlier: boolean): Attachment;
}

/**
 * A result that is new is received and judged; one that is known gives nothing, unless a crash kept it from
 * being judged.
 */
export function decideReceiveCallback(
  state: SessionState,
  command: ReceiveCallback,
  at: string,
): EntryDraft[] {
  const known = findResult(state, command.digest, 'CALLBACK');
  if (known !== undefined) return decideConclude(state, { ...command, version: known.version }, at);
  const version = state.results.length + 1;
  const data: ResultData = { version, digest: command.digest, bytes: command.bytes, vendor: command.vendor };
  const received: EntryDraft = {
    action: 'callback.received',
    data: data as unknown as JsonObject,
    attachment: command.attachment(state.results.length > 0),
  };
  return [received, concluded(command, version, 'CALLBACK_ONLY', at)];
}

export interface Conclude {
  readonly version: number;
  readonly result: NormalisedResult;
  readonly judge: Judge;
  readonly confirms: Confirms;
}

/** Judges a result that was received but not judged. */
export function decideConclude(state: SessionState, command: Conclude, at: string): EntryDraft[] {
  const result = state.results.find(({ version }) => version === command.version);
  if (result === undefined || result.conclusion !== null) return [];
  const grade = result.source === 'CALLBACK' ? 'CALLBACK_ONLY' : (gradeOf(state) ?? 'CALLBACK_ONLY');
  return [concluded(command, result.version, grade, at)];
}

function concluded(
  command: Pick<Conclude, 'result' | 'judge' | 'confirms'>,
  version: number,
  grade: Grade,
  checkedAt: string,
): EntryDraft {
  const data = conclusionOf(command, version, grade, checkedAt);
  return { action: 'conclusion.reached', data: data as unknown as JsonObject };
}

/**
 * What is concluded of a result. Two copies that contradict each other can't both be true, so no rule may decide
 * on either: a person must.
 */
export function conclusionOf(
  { result, judge, confirms }: Pick<Conclude, 'result' | 'judge' | 'confirms'>,
  version: number,
  grade: Grade,
  checkedAt: string,
): ConclusionData {
  const judged = judge({ result, grade, checkedAt });
  const decision = grade === 'CONFLICT' ? 'NEED_REVIEW' : judged.decision;
  return { version, ...judged, decision, grade, confirmed: confirms(grade) };
}

export interface ReceivePull extends Omit<ReceiveCallback, 'attachment'> {
  /** Digests of the callbacks with which the pulled result was compared: all there were when it was. */
  readonly comparedWith: readonly string[];
  /** Names of the fields in which it differs from any of them. */
  readonly differences: readonly string[];
  /** Kinds of media that it gives addresses of. */
  readonly media: readonly EvidenceKind[];
  /** What each request came to, oldest first. */
  readonly attempts: readonly string[];
  /** Wraps the vendor's answer for the vault. */
  attachment(hasEarlier: boolean): Attachment;
}

/** Another callback came while the pulled result was compared; it must be compared again. */
export class StaleComparisonError extends Error {
  override readonly name = 'StaleComparisonError';
}

/**
 * Takes a pulled result in: received, compared with every callback, judged. What is already known is only
 * noted as an attempt.
 * @throws StaleComparisonError if the callbacks are not those that it was compared with
 */
export function decideReceivePull(state: SessionState, command: ReceivePull, at: string): EntryDraft[] {
  const callbacks = callbacksOf(state);
  const compared = new Set(command.comparedWith);
  if (callbacks.length !== compared.size || callbacks.some(({ digest }) => !compared.has(digest))) {
    throw new StaleComparisonError('another callback came in between');
  }
  const known = findResult(state, command.digest, 'PULL');
  const version = known?.version ?? state.results.length + 1;
  const comparison: Comparison | null =
    callbacks.length === 0
      ? null
      : {
          pull: version,
          callbacks: callbacks.map((callback) => callback.version),
          grade: command.differences.length === 0 ? 'AGREED' : 'CONFLICT',
          differences: command.differences,
        };
  const grade = comparison?.grade ?? 'PULL_ONLY';
  const entries = [retrieved(state, command, version, known !== undefined)];
  if (comparison !== null && !sameComparison(comparison, state.comparison)) {
    entries.push({ action: 'results.compared', data: comparison as unknown as JsonObject });
  }
  if (known?.conclusion?.grade !== grade) entries.push(concluded(command, version, grade, at));
  return entries;
}

function retrieved(state: SessionState, command: ReceivePull, version: number, isKnown: boolean): EntryDraft {
  const { digest, bytes, vendor, media, attempts } = command;
  const unchanged = isKnown && state.latestPull === version;
  const data: RetrievedData = { version, digest, bytes, vendor, media, unchanged, attempts };
  return {
    action: 'result.retrieved',
    data: data as unknown as JsonObject,
    ...(!isKnown && { attachment: command.attachment(state.results.length > 0) }),
  };
}

function sameComparison(a: Comparison, b: Comparison | null): boolean {
  return b !== null && a.pull === b.pull && a.callbacks.length === b.callbacks.length && a.grade === b.grade;
}

/** Notes that a pull gave no result. That is never a decision about the customer. */
export function decideRetrievalFailed(data: RetrievalFailedData): EntryDraft[] {
  return [{ action: 'retrieval.failed', data: data as unknown as JsonObject }];
}

/**
 * Notes media that were stored. Nothing where they are not missing any more: another instance was faster, a
 * later result wants others, or the session's personal data was erased.
 */
export function decideArchiveEvidence({ evidence }: SessionState, data: ArchivedData): EntryDraft[] {
  if (evidence.wanted?.version !== data.version || !missingEvidence(evidence).includes(data.kind)) return [];
  return [{ action: 'evidence.archived', data: data as unknown as JsonObject }];
}

/** Notes that an attempt did not bring all media that are wanted. */
export function decideEvidenceFailed({ evidence }: SessionState, data: FailedData): EntryDraft[] {
  if (evidence.wanted?.version !== data.version) return [];
  return [{ action: 'evidence.failed', data: data as unknown as JsonObject }];
}

/** Ends a session that never got a result, once its time is over. */
export function decideExpire(state: SessionState, at: string): EntryDraft[] {
  if (state.status !== 'REGISTERED' || state.expiresAt === null || state.expiresAt > at) return [];
  return [{ action: 'session.expired', data: { expiresAt: state.expiresAt } }];
}

/** Leaves a trace of who saw personal data, in which form. */
export function decideView(version: number, form: 'NORMALISED' | 'RAW'): EntryDraft[] {
  return [{ action: 'personal_data.viewed', data: { version, form } }];
}

/** Leaves a trace of who saw which media. */
export function decideViewEvidence({ version, kind }: ArchivedEvidence): EntryDraft[] {
  return [{ action: 'personal_data.viewed', data: { version, form: 'EVIDENCE', kind } }];
}

/** Leaves a trace of who saw what reviewers wrote. */
export function decideViewReviews(entries: readonly number[]): EntryDraft[] {
  return [{ action: 'personal_data.viewed', data: { form: 'REVIEW_COMMENTS', entries } }];
}

/** Records that the session's personal data is gone; once. */
export function decideErase(state: SessionState, legalBasis: string): EntryDraft[] {
  if (isErased(state)) return [];
  return [{ action: 'personal_data.erased', data: { legalBasis, results: state.results.length } }];
}
