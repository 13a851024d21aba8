import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { type ProblemCode, PROBLEMS } from '../http/problem.ts';
import { type FieldErrorResponse, ProblemResponse } from './problem.dto.ts';

/** Documents the errors that a route may answer with besides those that every route shares. */
export function ApiProblems(...codes: ProblemCode[]): MethodDecorator & ClassDecorator {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return applyDecorators(
    ApiExtraModels(ProblemResponse),
    ...[...byStatus].map(([status, sameStatus]) =>
      ApiResponse({
        status,
        description: sameStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        content: {
          'application/problem+json': {
            schema: { $ref: getSchemaPath(ProblemResponse) },
            examples: Object.fromEntries(sameStatus.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      }),
    ),
  );
}

function exampleOf(code: ProblemCode): ProblemResponse {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:ekyc-ledger:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: 'One sentence that says what to do.',
    instance: 'urn:ekyc-ledger:request:5f1c9a8e-0b62-4a57-9a60-6f0c6a7b1c11',
    code,
    correlationId: '5f1c9a8e-0b62-4a57-9a60-6f0c6a7b1c11',
    ...(status === 400 && { errors: [errorOf(code)] }),
  };
}

function errorOf(code: ProblemCode): FieldErrorResponse {
  return code === 'ON_BEHALF_OF_REQUIRED'
    ? { path: 'x-on-behalf-of', message: 'must name a person' }
    : { path: 'uuid', message: 'must be 1 to 128 of A-Z a-z 0-9 . _ -' };
}
