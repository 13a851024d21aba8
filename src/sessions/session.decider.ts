import type { ProvenanceGrade as Grade } from '../conclusion-rules/engine/fact.ts';
import type { Attachment, EntryDraft } from '../audit/stream.ts';
import type { JsonObject } from '../audit/format/leaf.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import {
  type ConclusionData,
  findResult,
  gradeOf,
  type RegisteredData,
  type Registration,
  type ResultConclusion,
  type ResultData,
  type SessionResult,
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
  return [received, concluded(command, version, gradeWith(state), at)];
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
  return [concluded(command, result.version, gradeWith(state), at)];
}

function concluded(
  { result, judge, confirms }: Pick<Conclude, 'result' | 'judge' | 'confirms'>,
  version: number,
  grade: Grade,
  checkedAt: string,
): EntryDraft {
  const data: ConclusionData = {
    version,
    ...judge({ result, grade, checkedAt }),
    grade,
    confirmed: confirms(grade),
  };
  return { action: 'conclusion.reached', data: data as unknown as JsonObject };
}

function gradeWith(state: SessionState): Grade {
  return gradeOf(state) ?? 'CALLBACK_ONLY';
}

/** Leaves a trace of who saw personal data, in which form. */
export function decideView(version: number, form: 'NORMALISED' | 'RAW'): EntryDraft[] {
  return [{ action: 'personal_data.viewed', data: { version, form } }];
}

/** Records that the session's personal data is gone; once. */
export function decideErase(state: SessionState, legalBasis: string): EntryDraft[] {
  if (state.erasedAt !== null && !hasResultAfter(state, state.erasedAt)) return [];
  return [{ action: 'personal_data.erased', data: { legalBasis, results: state.results.length } }];
}

function hasResultAfter(state: SessionState, time: string): boolean {
  return state.results.some(({ receivedAt }: SessionResult) => receivedAt > time);
}
