import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import type { MasterKey } from '../platform/config/app-config.ts';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** What binds a ciphertext to its place: moved to another session or kind, it does not open. */
export interface Binding {
  readonly session: string;
  readonly kind: string;
}

export interface Sealed {
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

/** A data key as it is kept: iv, tag and ciphertext in one, under the master key `keyId`. */
export interface WrappedKey {
  readonly keyId: string;
  readonly wrappedKey: Buffer;
}

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** AES-256-GCM with a fresh 96-bit IV. */
export function seal(key: Buffer, plaintext: Buffer, binding: Binding): Sealed {
  return encrypt(key, plaintext, aadOf(binding));
}

/** @throws Error if key, binding or bytes are not those of {@link seal}. */
export function open(key: Buffer, sealed: Sealed, binding: Binding): Buffer {
  return decrypt(key, sealed, aadOf(binding));
}

/** Wraps a session's data key; bound to the session, so that keys can't be swapped between sessions. */
export function wrapKey(master: MasterKey, dataKey: Buffer, session: string): WrappedKey {
  const { iv, tag, ciphertext } = encrypt(master.key, dataKey, keyAad(session));
  return { keyId: master.id, wrappedKey: Buffer.concat([iv, tag, ciphertext]) };
}

/** @throws Error if no master key of that id is configured or the wrapped key was altered. */
export function unwrapKey(
  masters: readonly MasterKey[],
  { keyId, wrappedKey }: WrappedKey,
  session: string,
): Buffer {
  const master = masters.find(({ id }) => id === keyId);
  if (master === undefined) throw new Error(`VAULT_KEYS lacks the key ${keyId} that data was sealed under`);
  return decrypt(
    master.key,
    {
      iv: wrappedKey.subarray(0, IV_BYTES),
      tag: wrappedKey.subarray(IV_BYTES, IV_BYTES + TAG_BYTES),
      ciphertext: wrappedKey.subarray(IV_BYTES + TAG_BYTES),
    },
    keyAad(session),
  );
}

function encrypt(key: Buffer, plaintext: Buffer, aad: Buffer): Sealed {
  const iv = freshIv();
  const cipher = createCipheriv(ALGORITHM, keyObjectOf(key), iv).setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { iv, tag: cipher.getAuthTag(), ciphertext };
}

function decrypt(key: Buffer, { iv, tag, ciphertext }: Sealed, aad: Buffer): Buffer {
  const decipher = createDecipheriv(ALGORITHM, keyObjectOf(key), iv, { authTagLength: TAG_BYTES })
    .setAAD(aad)
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** Drawn by the hundred, because a draw takes as long for one as for all of them. Each is given out once. */
const ivs = Buffer.allocUnsafe(256 * IV_BYTES);
let nextIv = ivs.length;

function freshIv(): Buffer {
  if (nextIv === ivs.length) {
    randomFillSync(ivs);
    nextIv = 0;
  }
  const iv = Buffer.from(ivs.subarray(nextIv, nextIv + IV_BYTES));
  nextIv += IV_BYTES;
  return iv;
}

/** Node takes much longer with the bare bytes, and a master key is used all the time. */
const keyObjects = new WeakMap<Buffer, KeyObject>();

function keyObjectOf(key: Buffer): KeyObject {
  let keyObject = keyObjects.get(key);
  if (keyObject === undefined) {
    keyObject = createSecretKey(key);
    keyObjects.set(key, keyObject);
  }
  return keyObject;
}

function aadOf({ session, kind }: Binding): Buffer {
  return Buffer.from(`ekyc-ledger/vault/v1\0${kind}\0${session}`);
}

function keyAad(session: string): Buffer {
  return Buffer.from(`ekyc-ledger/vault-key/v1\0${session}`);
}
