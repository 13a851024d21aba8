import { CORRELATION_HEADER } from './correlation-id.ts';
import { type Problem, PROBLEMS } from './problem.ts';

/** An error as it goes over the wire. */
export interface ProblemDocument {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Renders a problem as an RFC 9457 document; the one form in which this service answers an error. */
export function problemDocument(problem: Problem, correlationId: string): ProblemDocument {
  const { code, detail } = problem;
  const { status, title } = PROBLEMS[code];
  const { errors, retryAfterSeconds, members } = problem.extras;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      [CORRELATION_HEADER]: correlationId,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: JSON.stringify({
      type: `urn:ekyc-ledger:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail,
      instance: `urn:ekyc-ledger:request:${correlationId}`,
      code,
      correlationId,
      ...(errors && { errors }),
      ...members,
    }),
  };
}
