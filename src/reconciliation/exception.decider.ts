import type { JsonObject, Subject } from '../audit/format/leaf.ts';
import type { Attachment, EntryDraft } from '../audit/stream.ts';
import type { Cause } from './exception-causes.ts';
import {
  type AssignedData,
  CAUSE_GONE,
  type ExceptionState,
  type RaisedData,
  type ResolvedData,
} from './exception-state.ts';

/**
 * Brings an exception to what causes it now: raises it once for each cause, resolves it when the cause is
 * gone, and leaves alone what a person has settled. Asking again changes nothing.
 * @param cause null if there is none
 */
export function decideReconcile(state: ExceptionState, about: Subject, cause: Cause | null): EntryDraft[] {
  if (cause === null || state.settled.includes(cause.fingerprint)) {
    return state.status === 'OPEN' ? [resolved(state, CAUSE_GONE)] : [];
  }
  if (state.status === 'OPEN' && state.raised?.fingerprint === cause.fingerprint) return [];
  const { class: exceptionClass, fingerprint, facts } = cause;
  const data: RaisedData = { class: exceptionClass, about, fingerprint, facts };
  return [{ action: 'exception.raised', data: data as unknown as JsonObject }];
}

/** Makes somebody the owner of an open exception, or nobody; nothing if that is so already or it is not open. */
export function decideAssign(state: ExceptionState, owner: string | null): EntryDraft[] {
  if (state.status !== 'OPEN' || state.owner === owner) return [];
  const data: AssignedData = { owner };
  return [{ action: 'exception.assigned', data: data as unknown as JsonObject }];
}

/** Settles an open exception for the cause that it has now; nothing if it is not open. */
export function decideResolve(
  state: ExceptionState,
  resolutionCode: string,
  comment: Attachment,
): EntryDraft[] {
  return state.status === 'OPEN' ? [{ ...resolved(state, resolutionCode), attachment: comment }] : [];
}

function resolved(state: ExceptionState, resolutionCode: string): EntryDraft {
  const data: ResolvedData = { resolutionCode, fingerprint: state.raised?.fingerprint ?? '' };
  return { action: 'exception.resolved', data: data as unknown as JsonObject };
}
