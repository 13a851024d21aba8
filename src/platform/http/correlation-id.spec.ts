import { describe, expect, it } from '@jest/globals';
import { correlationIdOf } from './correlation-id.ts';

const UUID = /^[0-9a-f-]{36}$/;

describe(correlationIdOf.name, () => {
  it("takes the caller's id over if it is well-formed", () => {
    expect(correlationIdOf({ headers: { 'x-correlation-id': 'order-4711.a_b' } })).toBe('order-4711.a_b');
  });

  it.each([
    undefined,
    '',
    'short',
    'has blank inside',
    'x'.repeat(129),
    'line\nbreak-1234',
    ['twice-1234', 'twice-5678'],
  ])('makes a new one instead of %p', (given) => {
    const headers = given === undefined ? {} : { 'x-correlation-id': given };
    expect(correlationIdOf({ headers: headers })).toMatch(UUID);
  });
});
