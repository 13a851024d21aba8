import { DECIMAL_PATTERN, HASH_BYTES } from '../audit/format/constants.ts';
import { strictBase64 } from './note.ts';
import { Divergence } from './verdict.ts';

/**
 * What the last successful verification saw. Only with it can a log be caught that was shortened or
 * rewritten and signed again, so it must be kept where those who run the log can't change it.
 */
export interface TrustedState {
  readonly origin: string;
  /** The pinned key under which the checkpoint was believed. */
  readonly vkey: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed note itself: with a second one that contradicts it, proof for anyone who has the key. */
  readonly note?: Buffer;
}

/** @throws Divergence TRUSTED_STATE_UNUSABLE */
export function parseTrustedState(text: string): TrustedState {
  const unusable = (found: string) =>
    new Divergence('TRUSTED_STATE_UNUSABLE', { expected: 'origin, vkey, size and root in JSON', found });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable('no JSON');
  }
  const { origin, vkey, size, root, checkpoint } = (value ?? {}) as Record<string, unknown>;
  const hash = typeof root === 'string' ? strictBase64(root) : null;
  if (typeof origin !== 'string' || origin === '') throw unusable('no origin');
  if (typeof vkey !== 'string') throw unusable('no vkey');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || !DECIMAL_PATTERN.test(String(size))) {
    throw unusable('no size');
  }
  if (hash?.length !== HASH_BYTES) throw unusable('no root of 32 bytes in base64');
  if (checkpoint !== undefined && typeof checkpoint !== 'string')
    throw unusable('a checkpoint that is no text');
  return {
    origin,
    vkey,
    size,
    root: hash,
    ...(checkpoint === undefined ? {} : { note: Buffer.from(checkpoint) }),
  };
}

export function formatTrustedState({ origin, vkey, size, root, note }: TrustedState): string {
  const json = { origin, vkey, size, root: root.toString('base64'), checkpoint: note?.toString() };
  return `${JSON.stringify(json, null, 2)}\n`;
}
