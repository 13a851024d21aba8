import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseOutage } from '../mongo/database-outage.ts';
import { problemDocument } from './problem-document.ts';
import { Problem, type ProblemCode } from './problem.ts';
import { malformedJson } from './validation.ts';
import { VendorFormatError } from './vendor-format.errors.ts';

/** Turns whatever was thrown into an RFC 9457 document. What is not a {@link Problem} shows nothing of itself. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    if (error instanceof VendorFormatError) {
      void reply.status(error.status).send({ message: error.message });
      return;
    }
    const problem = toProblem(error);
    if (problem.code === 'INTERNAL')
      this.logger.error({ err: error, correlationId: request.id }, 'request failed');

    const { status, headers, body } = problemDocument(problem, request.id);
    void reply.status(status).headers(headers).send(body);
  }
}

const BY_STATUS: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  404: ['NOT_FOUND', 'See /docs for the addresses that exist.'],
  413: ['BODY_TOO_LARGE', 'Send at most 1 MiB; a callback may have 4 MiB.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Send the header content-type: application/json.'],
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseOutage(error)) {
    return new Problem(
      'DATABASE_UNAVAILABLE',
      'Try again shortly.',
      { retryAfterSeconds: 2 },
      { cause: error },
    );
  }
  const status = statusOf(error);
  if (status === 400) return malformedJson();
  const known = BY_STATUS[status];
  if (known) return new Problem(known[0], known[1]);
  return new Problem('INTERNAL', 'Report the correlation id to the team that runs the service.');
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}
