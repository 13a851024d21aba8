import type { JsonObject } from '../audit/format/leaf.ts';
import type { Attachment, EntryDraft } from '../audit/stream.ts';
import { Problem } from '../platform/http/problem.ts';
import type { QuarantinedData, QuarantineState, ReplayedData } from './quarantine-state.ts';

/** Keeps a delivery; the same bytes once, however often they come. */
export function decideKeep(
  { status }: QuarantineState,
  data: QuarantinedData,
  attachment?: Attachment,
): EntryDraft[] {
  if (status !== 'NONE') return [];
  return [
    {
      action: 'callback.quarantined',
      data: data as unknown as JsonObject,
      ...(attachment && { attachment }),
    },
  ];
}

/** Notes what became of a delivery that was read again; once. One that was dismissed may be, too. */
export function decideReplay({ status }: QuarantineState, data: ReplayedData): EntryDraft[] {
  if (status === 'REPLAYED') return [];
  return [{ action: 'callback.replayed', data: data as unknown as JsonObject }];
}

/**
 * Takes a delivery off the list of those that wait for a person; once.
 * @throws Problem DELIVERY_REPLAYED
 */
export function decideDismiss({ status }: QuarantineState, reasonCode: string): EntryDraft[] {
  if (status === 'REPLAYED') {
    throw new Problem('DELIVERY_REPLAYED', 'Read the session that its replay names.');
  }
  return status === 'DISMISSED' ? [] : [{ action: 'callback.dismissed', data: { reasonCode } }];
}

/** Leaves a trace of who saw the bytes. */
export function decideViewBytes(): EntryDraft[] {
  return [{ action: 'personal_data.viewed', data: { form: 'QUARANTINED' } }];
}
