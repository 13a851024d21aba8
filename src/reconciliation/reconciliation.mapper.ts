import { indexOfCursor, pageOf } from '../platform/http/paging.ts';
import type { Close } from './closes.service.ts';
import type { Figure } from './daily-close.ts';
import type { ExceptionState } from './exception-state.ts';
import type { CloseResponse, ExceptionResponse, RunResponse } from './reconciliation-responses.dto.ts';
import type { Run } from './run.ts';

const MAX_UNEXPLAINED = 1_000;

export function toExceptionResponse(state: ExceptionState, now: Date): ExceptionResponse {
  if (state.status === 'NONE' || state.raised === null) throw new Error('an exception was never raised');
  const { id, status, raised, raisedAt, timesRaised, owner, resolution } = state;
  const until = resolution === null ? now.getTime() : Date.parse(resolution.at);
  return {
    id,
    class: raised.class,
    status,
    subject: { ...raised.about },
    facts: { ...raised.facts },
    raisedAt,
    ageSeconds: Math.max(0, Math.floor((until - Date.parse(raisedAt)) / 1000)),
    timesRaised,
    owner,
    resolution: resolution && { ...resolution, actor: { ...resolution.actor } },
  };
}

export function toRunResponse(run: Run): RunResponse {
  const { id, status, requestedBy, startedAt, endedAt, examined, raised, resolved } = run;
  return {
    id,
    status,
    requestedBy: requestedBy && { ...requestedBy },
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    examined,
    raised,
    resolved,
  };
}

/** @param list which figure's sessions to list, and which page of them */
export function toCloseResponse(
  close: Close,
  list?: { readonly figure: Figure; readonly limit: number; readonly cursor: string | undefined },
): CloseResponse {
  const { date, channel, balanced, provisional, counts, unexplained, signature } = close;
  const page = list && sessionsBehind(close, list);
  return {
    date,
    channel,
    balanced,
    provisional,
    counts: { ...counts },
    unexplained: unexplained.slice(0, MAX_UNEXPLAINED),
    signature: signature && {
      ...signature,
      signedBy: { ...signature.signedBy },
      counts: { ...signature.counts },
    },
    sessions: page?.items ?? null,
    nextCursor: page?.nextCursor ?? null,
  };
}

function sessionsBehind(
  { figures }: Close,
  { figure, limit, cursor }: { figure: Figure; limit: number; cursor: string | undefined },
) {
  const start = cursor === undefined ? 0 : indexOfCursor(cursor) + 1;
  const rows = figures[figure].slice(start, start + limit + 1).map((uuid, offset) => ({ uuid, offset }));
  return pageOf(
    rows,
    limit,
    ({ offset }) => start + offset,
    ({ uuid }) => uuid,
  );
}
