import { ApiHeader } from '@nestjs/swagger';

/** Documents the header that names the person behind an API client. */
export const ApiOnBehalfOf = (need: 'required' | 'optional') =>
  ApiHeader({
    name: 'x-on-behalf-of',
    required: need === 'required',
    description: 'The person behind the call, 1–128 printable characters; recorded in the audit log.',
    schema: { type: 'string', example: 'reviewer-7' },
  });
