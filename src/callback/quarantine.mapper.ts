import type { QuarantinedDeliveryResponse } from './quarantine-responses.dto.ts';
import type { QuarantineState } from './quarantine-state.ts';

export function toQuarantinedDeliveryResponse(state: QuarantineState): QuarantinedDeliveryResponse {
  const { id, status, kept, replay, dismissal } = state;
  if (status === 'NONE' || kept === null) throw new Error('a delivery was never quarantined');
  return {
    receiptId: id,
    status,
    receivedAt: kept.at,
    reason: kept.reason,
    bytes: kept.bytes,
    uuid: kept.uuid,
    replay: replay && { ...replay, by: { ...replay.by } },
    dismissal: dismissal && { ...dismissal, by: { ...dismissal.by } },
  };
}
