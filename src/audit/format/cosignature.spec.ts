import { describe, expect, it } from '@jest/globals';
import { cosignatureTime, ed25519CosignatureVerifier, ed25519Cosigner } from './cosignature.ts';
import { FormatError } from './format.errors.ts';
import { ed25519Signer, parseVerifierKey } from './signed-note.ts';

const TEXT = Buffer.from(
  'audit.example.com/log1\n3\nFaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48=\nextension\n',
);
const cosigner = ed25519Cosigner('witness.example.org/w1', Buffer.alloc(32, 3));
const verifier = ed25519CosignatureVerifier(parseVerifierKey(cosigner.vkey));
const signature = cosigner.at(1_767_225_600).sign(TEXT);

describe('a cosignature', () => {
  it('verifies, and tells its time', () => {
    expect(signature).toHaveLength(72);
    expect(verifier.verify(TEXT, signature)).toBe(true);
    expect(cosignatureTime(signature)).toBe(1_767_225_600);
  });

  it.each([0, 1, Number.MAX_SAFE_INTEGER])('may be of the time %i', (time) => {
    const bytes = cosigner.at(time).sign(TEXT);
    expect(verifier.verify(TEXT, bytes)).toBe(true);
    expect(cosignatureTime(bytes)).toBe(time);
  });

  it('covers the time, every byte of itself, and the extension lines', () => {
    for (let at = 0; at < signature.length; at++) {
      const changed = Buffer.from(signature);
      changed[at]! ^= 1;
      expect(verifier.verify(TEXT, changed)).toBe(false);
    }
    expect(verifier.verify(Buffer.from(TEXT.toString().replace('extension', 'Extension')), signature)).toBe(
      false,
    );
  });

  it.each([0, 64, 71, 73])('is not %i bytes long', (length) => {
    const bytes = Buffer.concat([signature, Buffer.of(0)]).subarray(0, length);
    expect(verifier.verify(TEXT, bytes)).toBe(false);
    expect(() => cosignatureTime(bytes)).toThrow(FormatError);
  });

  it('is refused with a time that is not reached before the sun burns out', () => {
    const far = Buffer.from(signature);
    far.writeBigUInt64BE(2n ** 63n);
    expect(verifier.verify(TEXT, far)).toBe(false);
    expect(() => cosignatureTime(far)).toThrow(FormatError);
  });

  it.each([-1, 1.5, NaN, 2 ** 53])('is not made for the time %d', (time) => {
    expect(() => cosigner.at(time).sign(TEXT)).toThrow(FormatError);
  });

  it('is not the plain signature of the same key', () => {
    const plain = ed25519Signer('witness.example.org/w1', Buffer.alloc(32, 3));
    const time = signature.subarray(0, 8);
    expect(verifier.verify(TEXT, Buffer.concat([time, plain.sign(TEXT)]))).toBe(false);
    expect(() => ed25519CosignatureVerifier(parseVerifierKey(plain.vkey))).toThrow(FormatError);
  });
});
