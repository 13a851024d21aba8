import { isSamePerson } from '../access/same-person.ts';
import type { EntryActor, JsonObject } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { Problem } from '../platform/http/problem.ts';
import type { ProgressedData, RecallState, RequestedData } from './recall-state.ts';

/** Asks for a recall; once. */
export function decideRequest(state: RecallState, data: RequestedData): EntryDraft[] {
  if (state.status !== 'NONE') return [];
  return [{ action: 'recall.requested', data: data as unknown as JsonObject }];
}

/**
 * Lets a recall begin in the name of a second person; once.
 * @throws Problem RECALL_NOT_FOUND, FOUR_EYES, RECALL_NOT_REQUESTED
 */
export function decideApproval({ status, request }: RecallState, person: EntryActor): EntryDraft[] {
  if (request === null) throw new Problem('RECALL_NOT_FOUND', 'See the list of recalls for their ids.');
  if (isSamePerson(request.by.id, person.id)) {
    throw new Problem('FOUR_EYES', 'Have it approved by somebody else than whoever asked for it.');
  }
  if (status !== 'REQUESTED') {
    throw new Problem('RECALL_NOT_REQUESTED', 'Read the recall: it was approved before.');
  }
  return [{ action: 'recall.approved', data: {} }];
}

/**
 * Notes what came of a batch. Nothing if the walk is elsewhere by now: another instance has noted the same.
 * @param after index at which the batch began, excluded
 */
export function decideProgress(state: RecallState, after: number, batch: ProgressedData): EntryDraft[] {
  if (state.status !== 'APPROVED' || state.through !== after || batch.through <= after) return [];
  return [{ action: 'recall.progressed', data: batch as unknown as JsonObject }];
}

/** Ends a recall whose frame was walked to its end; once. */
export function decideCompletion({ status, request, through, counts }: RecallState): EntryDraft[] {
  if (status !== 'APPROVED' || request === null || through < request.data.untilIndex - 1) return [];
  return [{ action: 'recall.completed', data: { ...counts } }];
}
