import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CallbackTokens } from './callback-tokens.ts';

const SETTINGS = { clientId: 'fpt', clientSecret: 'a-secret-of-the-vendor', ttlSeconds: 300 };
const NOW = new Date('2026-03-01T08:00:00.000Z');
const after = (ms: number) => new Date(NOW.getTime() + ms);

describe(CallbackTokens.name, () => {
  const tokens = new CallbackTokens(SETTINGS);
  const token = tokens.issue(NOW);

  it('accepts its token from the first to the last millisecond of its life, and not one longer', () => {
    expect(tokens.isValid(token, NOW)).toBe(true);
    expect(tokens.isValid(token, after(299_999))).toBe(true);
    expect(tokens.isValid(token, after(300_000))).toBe(false);
  });

  it('accepts what another instance with the same secret issued, and what was issued before a restart', () => {
    expect(new CallbackTokens(SETTINGS).isValid(token, NOW)).toBe(true);
  });

  it.each([
    ['another secret', { clientSecret: 'a-secret-of-the-vendoR' }],
    ['another client', { clientId: 'fpt-2' }],
  ])('refuses a token that was issued under %s', (_, other) => {
    expect(new CallbackTokens({ ...SETTINGS, ...other }).isValid(token, NOW)).toBe(false);
  });

  it('issues a different token every time, in characters that a header and a form carry as they are', () => {
    const issued = Array.from({ length: 50 }, () => tokens.issue(NOW));
    expect(new Set(issued).size).toBe(50);
    for (const each of issued) expect(each).toMatch(/^[\w-]{72}$/);
  });

  it('refuses a token in which any one bit was changed', () => {
    fc.assert(
      fc.property(fc.nat(54 * 8 - 1), (bit) => {
        const bytes = Buffer.from(token, 'base64url');
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(tokens.isValid(bytes.toString('base64url'), NOW)).toBe(false);
      }),
    );
  });

  it('refuses every beginning and end of a token', () => {
    for (let length = 0; length < token.length; length += 1) {
      expect(tokens.isValid(token.slice(0, length), NOW)).toBe(false);
      expect(tokens.isValid(token.slice(token.length - length), NOW)).toBe(false);
    }
  });

  it.each([
    ['padded', `${token}=`],
    ['with a blank', ` ${token}`],
    ['with a line break', `${token}\n`],
    ['twice', token + token],
    ['in other letters', token.toUpperCase()],
    ['of zeros', 'A'.repeat(72)],
  ])('refuses a token %s', (_, spoiled) => {
    expect(tokens.isValid(spoiled, NOW)).toBe(false);
  });

  it('refuses whatever else may stand in the header', () => {
    fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => !tokens.isValid(text, NOW)));
  });

  it('bears with an instance whose clock is a minute behind, and with no more than that', () => {
    expect(tokens.isValid(token, after(-60_000))).toBe(true);
    expect(tokens.isValid(token, after(-60_001))).toBe(false);
  });

  it('holds tokens that are out to a lifetime that was shortened', () => {
    const shortened = new CallbackTokens({ ...SETTINGS, ttlSeconds: 60 });
    expect(shortened.isValid(token, NOW)).toBe(false);
    expect(shortened.isValid(token, after(240_000))).toBe(true);
  });
});
