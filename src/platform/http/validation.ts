import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldError, Problem } from './problem.ts';

/** Validates and transforms every DTO; unknown fields are errors, and no message repeats a value. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalid(errors.flatMap((error) => flatten(error, ''))),
  });
}

/** A 400 that names each field and what is expected of it. */
export function invalid(errors: FieldError[]): Problem {
  const [first] = errors;
  const detail = first ? `Correct ${first.path}: ${first.message}.` : 'Compare the request with /docs.';
  return new Problem('VALIDATION_FAILED', detail, { errors });
}

/** A 400 for a body that can't be read at all. */
export function malformedJson(): Problem {
  return new Problem('MALFORMED_JSON', 'Send a body that is one JSON document in UTF-8.', {
    errors: [{ path: 'body', message: 'must be one JSON document in UTF-8' }],
  });
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

function flatten(error: ValidationError, parent: string): FieldError[] {
  // An unknown field is named by the caller, so its name could carry anything.
  const unknownField = error.constraints?.['whitelistValidation'] !== undefined;
  const name = !unknownField || NAME.test(error.property) ? error.property : '*';
  const path = parent === '' ? name : `${parent}.${name}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({
    path,
    message: unknownField ? 'is not a known field' : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, path))];
}
