import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';
import type { VendorBodyProblem } from '../results/vendor-body.ts';
import type { Receipt } from '../sessions/sessions.service.ts';

/** Why a delivery can't be used: what the reader found, a fault of our own, or sheer size. */
export type QuarantineReason = VendorBodyProblem | 'PROCESSING_FAILED' | 'TOO_LARGE';

export const QUARANTINE_REASONS = [
  'EMPTY',
  'INVALID_UTF8',
  'NOT_JSON',
  'TOO_DEEP',
  'TOO_MANY_VALUES',
  'AMBIGUOUS_JSON',
  'NOT_AN_OBJECT',
  'NO_UUID',
  'BAD_UUID',
  'PROCESSING_FAILED',
  'TOO_LARGE',
] as const satisfies readonly QuarantineReason[];

/** `OPEN` waits for a person, `REPLAYED` has become a result of its session, `DISMISSED` is of no use. */
export const QUARANTINE_STATUSES = ['OPEN', 'REPLAYED', 'DISMISSED'] as const;
export type QuarantineStatus = (typeof QUARANTINE_STATUSES)[number];

/** `data` of `callback.quarantined`. */
export interface QuarantinedData {
  readonly reason: QuarantineReason;
  /** Length of the body; of one that was never read, as it was announced, or null. */
  readonly bytes: number | null;
  /** Session, where the body names one. */
  readonly uuid: string | null;
}

/** `data` of `callback.replayed`: what became of the delivery when it was read again. */
export interface ReplayedData extends Receipt {
  readonly uuid: string;
}

/** `data` of `callback.dismissed`. */
export interface DismissedData {
  readonly reasonCode: string;
}

/** What a person did, and when. */
type Act<Data> = Data & {
  readonly by: EntryActor;
  /** RFC 3339. */
  readonly at: string;
};

/** What keeps a delivery. */
interface Kept extends QuarantinedData {
  /** Id of the entry, under which the vault has the bytes. */
  readonly entryId: string;
  /** RFC 3339. */
  readonly at: string;
}

/** A delivery in quarantine: the fold of its entries. */
export interface QuarantineState {
  /** Receipt id. */
  readonly id: string;
  readonly status: QuarantineStatus | 'NONE';
  /** Index of its first entry: the order of deliveries. */
  readonly firstIndex: number;
  /** null only before the first entry. */
  readonly kept: Kept | null;
  readonly replay: Act<ReplayedData> | null;
  readonly dismissal: Act<DismissedData> | null;
}

export function initialQuarantine(id: string): QuarantineState {
  return { id, status: 'NONE', firstIndex: -1, kept: null, replay: null, dismissal: null };
}

/** The delivery after one more entry. Pure. */
export function evolveQuarantine(state: QuarantineState, entry: LogEntry): QuarantineState {
  const { action, index, id, at, actor: by, data } = entry;
  switch (action) {
    case 'callback.quarantined':
      return {
        ...state,
        status: 'OPEN',
        firstIndex: index,
        kept: { ...(data as unknown as QuarantinedData), entryId: id, at },
      };
    case 'callback.replayed':
      return { ...state, status: 'REPLAYED', replay: { ...(data as unknown as ReplayedData), by, at } };
    case 'callback.dismissed':
      return { ...state, status: 'DISMISSED', dismissal: { ...(data as unknown as DismissedData), by, at } };
    default:
      return state;
  }
}
