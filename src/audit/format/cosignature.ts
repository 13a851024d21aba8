import {
  COSIGNATURE_HEADER,
  COSIGNATURE_TIME_BYTES,
  ED25519_SIGNATURE_BYTES,
  SIGNATURE_TYPE,
} from './constants.ts';
import { ed25519Check, ed25519KeyPair } from './ed25519.ts';
import { FormatError } from './format.errors.ts';
import {
  encodeVerifierKey,
  keyIdOf,
  requireType,
  type NoteSigner,
  type NoteVerifier,
  type VerifierKey,
} from './signed-note.ts';
import { requireTreeSize } from './strict-text.ts';

/*
 * What a witness adds to a checkpoint: "at this time, this was the largest consistent tree of this log that
 * I have seen" (tlog-cosignature). Here for Ed25519, type 04. ML-DSA-44, type 06, would be a second pair of
 * signer and verifier beside this one: it signs a binary structure with the cosigner's name in it.
 */

/** A witness's key. One key serves one witness only, because the signed message doesn't name it. */
export interface Cosigner {
  readonly vkey: string;
  /** @param time POSIX seconds, the moment of the statement */
  at(time: number): NoteSigner;
}

export function ed25519Cosigner(name: string, seed: Uint8Array): Cosigner {
  const type = SIGNATURE_TYPE.ED25519_COSIGNATURE;
  const pair = ed25519KeyPair(seed);
  const keyId = keyIdOf(name, type, pair.publicKey);
  return {
    vkey: encodeVerifierKey(name, type, pair.publicKey),
    at: (time) => ({
      name,
      keyId,
      sign: (text) => {
        const timestamp = Buffer.alloc(COSIGNATURE_TIME_BYTES);
        timestamp.writeBigUInt64BE(BigInt(requireTreeSize(time, 'POSIX time')));
        return Buffer.concat([timestamp, pair.sign(signedMessage(time, text))]);
      },
    }),
  };
}

/** @throws FormatError unless the key is one of type 04 */
export function ed25519CosignatureVerifier(key: VerifierKey): NoteVerifier {
  requireType(key, SIGNATURE_TYPE.ED25519_COSIGNATURE);
  const check = ed25519Check(key.publicKey);
  return {
    name: key.name,
    keyId: key.keyId,
    verify: (text, signature) => {
      const time = readTime(signature);
      return (
        time !== undefined && check(signedMessage(time, text), signature.subarray(COSIGNATURE_TIME_BYTES))
      );
    },
  };
}

/** POSIX seconds of a verified cosignature. @throws FormatError when the bytes are none */
export function cosignatureTime(signature: Uint8Array): number {
  const time = readTime(signature);
  if (time === undefined) {
    throw new FormatError('an Ed25519 cosignature with a time', `${signature.length} bytes`);
  }
  return time;
}

function signedMessage(time: number, text: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${COSIGNATURE_HEADER}\ntime ${time}\n`), text]);
}

/** Times beyond 2^53 seconds lie in the future of everything, which a verifier may refuse. */
function readTime(signature: Uint8Array): number | undefined {
  if (signature.length !== COSIGNATURE_TIME_BYTES + ED25519_SIGNATURE_BYTES) return undefined;
  const time = Number(Buffer.from(signature).readBigUInt64BE());
  return Number.isSafeInteger(time) ? time : undefined;
}
