import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type EntityTag, parseIfMatch } from './entity-tag.ts';
import { Problem } from './problem.ts';
import { invalid } from './validation.ts';

/**
 * Injects the tags of `If-Match` (RFC 9110, 13.1.1) into a handler where a person decides.
 * @throws Problem IF_MATCH_REQUIRED without the header, and for `*`, which names nothing that was looked at;
 *   VALIDATION_FAILED for anything that is no list of entity tags.
 */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): readonly EntityTag[] => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (header === undefined || header.trim() === '*') {
    throw new Problem('IF_MATCH_REQUIRED', 'Send the header if-match with the ETag of what was looked at.');
  }
  const tags = parseIfMatch(header);
  if (tags === null)
    throw invalid([{ path: 'if-match', message: 'must be the ETag that was read, in quotes' }]);
  return tags;
});
