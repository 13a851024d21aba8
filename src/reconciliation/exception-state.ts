import { createHash } from 'node:crypto';
import type { EntryActor, JsonObject, LogEntry, Subject } from '../audit/format/leaf.ts';
import type { ExceptionClass } from './exception-class.ts';

export const EXCEPTION_STATUSES = ['OPEN', 'RESOLVED'] as const;
export type ExceptionStatus = (typeof EXCEPTION_STATUSES)[number];

/** The resolution code that is ours alone: what raised the exception is no more. */
export const CAUSE_GONE = 'CAUSE_GONE';

/** An exception: the fold of its entries. */
export interface ExceptionState {
  readonly id: string;
  readonly status: ExceptionStatus | 'NONE';
  /** null only before the first entry. */
  readonly raised: RaisedData | null;
  /** Index of its first entry: the order of exceptions. */
  readonly firstIndex: number;
  /** When it was raised last, RFC 3339. */
  readonly raisedAt: string;
  /** How often it was raised: once for each cause, and again when a cause that was gone has come back. */
  readonly timesRaised: number;
  /** Id of the person who takes care of it, or did when it was resolved; null while nobody does. */
  readonly owner: string | null;
  readonly resolution: { readonly code: string; readonly at: string; readonly actor: EntryActor } | null;
  /** Fingerprints of causes that a person has settled; they are not raised again. */
  readonly settled: readonly string[];
}

/** `data` of `exception.raised`. */
export interface RaisedData {
  readonly class: ExceptionClass;
  /** What it is about: a session, or a quarantined delivery. */
  readonly about: Subject;
  readonly fingerprint: string;
  readonly facts: JsonObject;
}

const MAX_ID = 128;

/**
 * The id of the one exception of a class about a subject. A subject id that leaves no room is replaced by its
 * digest, behind a second colon, which no session's uuid can have.
 */
export function exceptionId(exceptionClass: ExceptionClass, subjectId: string): string {
  const id = `${exceptionClass}:${subjectId}`;
  if (id.length <= MAX_ID) return id;
  return `${exceptionClass}:sha256:${createHash('sha256').update(subjectId).digest('hex')}`;
}

export function initialException(id: string): ExceptionState {
  return {
    id,
    status: 'NONE',
    raised: null,
    firstIndex: -1,
    raisedAt: '',
    timesRaised: 0,
    owner: null,
    resolution: null,
    settled: [],
  };
}

/** The exception after one more entry. Pure. */
export function evolveException(state: ExceptionState, entry: LogEntry): ExceptionState {
  switch (entry.action) {
    case 'exception.raised':
      return {
        ...state,
        status: 'OPEN',
        raised: entry.data as unknown as RaisedData,
        firstIndex: state.status === 'NONE' ? entry.index : state.firstIndex,
        raisedAt: entry.at,
        timesRaised: state.timesRaised + 1,
        // Another cause of an open one stays with whoever is at it.
        owner: state.status === 'OPEN' ? state.owner : null,
        resolution: null,
      };
    case 'exception.assigned':
      return { ...state, owner: (entry.data as unknown as AssignedData).owner };
    case 'exception.resolved': {
      const { resolutionCode, fingerprint } = entry.data as unknown as ResolvedData;
      return {
        ...state,
        status: 'RESOLVED',
        resolution: { code: resolutionCode, at: entry.at, actor: entry.actor },
        settled: entry.actor.type === 'person' ? [...state.settled, fingerprint] : state.settled,
      };
    }
    default:
      return state;
  }
}

/** `data` of `exception.assigned`. */
export interface AssignedData {
  /** Id of a person; null where nobody is to take care of it any more. */
  readonly owner: string | null;
}

/** `data` of `exception.resolved`. */
export interface ResolvedData {
  readonly resolutionCode: string;
  /** Of the cause that was resolved. */
  readonly fingerprint: string;
}
