import { ApiHeader } from '@nestjs/swagger';

/** Documents the header that names the person behind an API client. */
export const ApiOnBehalfOf = (need: 'required' | 'optional') =>
  ApiHeader({
    name: 'x-on-behalf-of',
    required: need === 'required',
    description: 'The person behind the call, 1–128 printable characters; recorded in the audit log.',
    schema: { type: 'string', example: 'reviewer-7' },
  });

/** Documents the header by which whoever decides says on what. */
export const ApiIfMatch = () =>
  ApiHeader({
    name: 'if-match',
    required: true,
    description:
      'The ETag of the session as it was looked at (RFC 9110). Weak tags never match; `*` names nothing that was looked at and is refused like a missing header.',
    schema: { type: 'string', example: '"3"' },
  });
