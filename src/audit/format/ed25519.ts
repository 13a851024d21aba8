import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { ED25519_KEY_BYTES, ED25519_PKCS8_PREFIX_HEX, ED25519_SPKI_PREFIX_HEX } from './constants.ts';
import { FormatError } from './format.errors.ts';

/** Ed25519 key pair of a raw seed. */
export interface Ed25519KeyPair {
  /** 32 bytes (RFC 8032, 5.1.5). */
  readonly publicKey: Buffer;
  /** 64-byte signature of a message. */
  sign(message: Uint8Array): Buffer;
}

/** @throws FormatError when the seed is not 32 bytes */
export function ed25519KeyPair(seed: Uint8Array): Ed25519KeyPair {
  requireKeyLength(seed, 'an Ed25519 seed');
  const privateKey = createPrivateKey({
    key: Buffer.concat([Buffer.from(ED25519_PKCS8_PREFIX_HEX, 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(-ED25519_KEY_BYTES),
    sign: (message) => sign(null, message, privateKey),
  };
}

/**
 * Checks signatures of one public key. A signature of another length is false, not an error.
 *
 * @throws FormatError when the key is not 32 bytes
 */
export function ed25519Check(publicKey: Uint8Array): (message: Uint8Array, signature: Uint8Array) => boolean {
  requireKeyLength(publicKey, 'an Ed25519 public key');
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from(ED25519_SPKI_PREFIX_HEX, 'hex'), publicKey]),
    format: 'der',
    type: 'spki',
  });
  return (message, signature) => verify(null, message, key, signature);
}

function requireKeyLength(key: Uint8Array, what: string): void {
  if (key.length !== ED25519_KEY_BYTES) {
    throw new FormatError(`${what} of ${ED25519_KEY_BYTES} bytes`, `${key.length} bytes`);
  }
}
