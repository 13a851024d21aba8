import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DynamicTokenSettings } from '../platform/config/app-config.ts';

const EXPIRY_BYTES = 6;
const RANDOM_BYTES = 16;
const PAYLOAD_BYTES = EXPIRY_BYTES + RANDOM_BYTES;

/** 54 bytes: without padding or spare bits, so that a token is written in one way only. */
const FORM = /^[A-Za-z0-9_-]{72}$/;

/** By how much the clocks of two instances may differ: beyond it, a token's life is longer than it can be. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Access tokens of the vendor's Dynamic Token mode: base64url of expiry (ms, 48 bit) · 16 random bytes ·
 * HMAC-SHA-256 over both. Nothing is remembered. Whoever has the client secret can check a token, so one that an
 * instance issued is good at every other and after a restart, and a new secret ends all tokens of the old one.
 */
export class CallbackTokens {
  readonly ttlSeconds: number;
  private readonly key: Buffer;

  constructor({ clientId, clientSecret, ttlSeconds }: DynamicTokenSettings) {
    this.ttlSeconds = ttlSeconds;
    this.key = Buffer.from(hkdfSync('sha256', clientSecret, clientId, 'ekyc-ledger callback token v1', 32));
  }

  /** A token that is accepted for `ttlSeconds` from `now` on. */
  issue(now: Date): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUIntBE(now.getTime() + this.ttlSeconds * 1_000, 0, EXPIRY_BYTES);
    randomBytes(RANDOM_BYTES).copy(payload, EXPIRY_BYTES);
    return Buffer.concat([payload, this.macOf(payload)]).toString('base64url');
  }

  /** Whether the token was issued under this secret and its time has not run out, to the millisecond. */
  isValid(token: string, now: Date): boolean {
    if (!FORM.test(token)) return false;
    const bytes = Buffer.from(token, 'base64url');
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    if (!timingSafeEqual(bytes.subarray(PAYLOAD_BYTES), this.macOf(payload))) return false;
    const remainingMs = payload.readUIntBE(0, EXPIRY_BYTES) - now.getTime();
    // Issued by a clock far ahead, or before the lifetime was shortened: it would outlive what was configured.
    return remainingMs > 0 && remainingMs <= this.ttlSeconds * 1_000 + CLOCK_SKEW_MS;
  }

  private macOf(payload: Buffer): Buffer {
    return createHmac('sha256', this.key).update(payload).digest();
  }
}
