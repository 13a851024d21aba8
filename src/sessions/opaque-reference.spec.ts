import { describe, expect, it } from '@jest/globals';
import { isOpaqueReference } from './opaque-reference.ts';

describe(isOpaqueReference.name, () => {
  it.each(['cust-20931', 'A', 'a.b_c-D9', '12345678', '1234567890', 'x'.repeat(64)])('takes %s', (value) => {
    expect(isOpaqueReference(value)).toBe(true);
  });

  it.each([
    ['a 9-digit ID number', '123456789'],
    ['a 12-digit ID number', '001099012345'],
    ['an ID number in groups', '001-099-012-345'],
    ['a phone number', '0912345678'],
    ['a phone number with its country', '84912345678'],
    ['a phone number in groups', '0912.345.678'],
    ['blanks', 'a b'],
    ['letters beyond ASCII', 'Nguyễn'],
    ['nothing', ''],
    ['more than 64 characters', 'x'.repeat(65)],
    ['something that is no text', 20931],
  ])('refuses %s', (_, value) => {
    expect(isOpaqueReference(value)).toBe(false);
  });
});
