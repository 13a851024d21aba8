import type {
  RecallPreviewResponse,
  RecallResponse,
  RequestedRecallResponse,
} from './recall-responses.dto.ts';
import type { RecallState, RequestedData } from './recall-state.ts';
import type { RecallPreview } from './recalls.service.ts';

export function toRecallResponse(state: RecallState): RecallResponse {
  const { id, status, request, approval, counts, completedAt } = state;
  if (status === 'NONE' || request === null) throw new Error('a recall was never asked for');
  return {
    id,
    status,
    ...frameOf(request.data),
    progress: { of: request.data.sessions, ...counts },
    requestedBy: request.by.id,
    requestedAt: request.at,
    approvedBy: approval?.by.id ?? null,
    approvedAt: approval?.at ?? null,
    completedAt,
  };
}

export function toRequestedRecallResponse(
  state: RecallState,
  sample: readonly string[],
): RequestedRecallResponse {
  return { ...toRecallResponse(state), sample: [...sample] };
}

export function toRecallPreviewResponse({ data, sample }: RecallPreview): RecallPreviewResponse {
  return { ...frameOf(data), sample: [...sample] };
}

function frameOf({ ruleSetVersion, from, to, ruleCode, reason, sessions }: RequestedData) {
  return { ruleSetVersion, from, to, ruleCode, reason, sessions };
}
