import { registerDecorator } from 'class-validator';

const REFERENCE = /^[A-Za-z0-9._-]{1,64}$/;
/** Citizen and identity card numbers have 12 and 9 digits, Vietnamese phone numbers 10 or 11 from 0 or 84. */
const LOOKS_PERSONAL = /^(?:\d{9}|\d{12}|0\d{9,10}|84\d{9,10})$/;

/** 1–64 of `A-Z a-z 0-9 . _ -`, and nothing that looks like an ID or phone number: it ends in the audit log. */
export function isOpaqueReference(value: unknown): boolean {
  return (
    typeof value === 'string' && REFERENCE.test(value) && !LOOKS_PERSONAL.test(value.replace(/[._-]/g, ''))
  );
}

/** Validates a field by {@link isOpaqueReference}. */
export function IsOpaqueReference(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isOpaqueReference',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: isOpaqueReference,
        defaultMessage: () =>
          'must be an opaque reference of 1 to 64 of A-Z a-z 0-9 . _ - that does not look like an ID or phone number',
      },
    });
  };
}
