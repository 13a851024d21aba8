import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newDataKey, open, seal, unwrapKey, wrapKey } from './envelope.ts';

const master = { id: 'k1', key: randomBytes(32) };
const binding = { session: 'a', kind: 'callback' };
const plaintext = Buffer.from('Nguyễn Văn Mẫu');

describe('sealing personal data', () => {
  it('gives back what was sealed, and shows nothing of it', () => {
    const key = newDataKey();
    const sealed = seal(key, plaintext, binding);
    expect(open(key, sealed, binding)).toEqual(plaintext);
    expect(sealed.ciphertext.includes(plaintext)).toBe(false);
  });

  it('never seals the same bytes to the same ciphertext', () => {
    const key = newDataKey();
    expect(seal(key, plaintext, binding).ciphertext).not.toEqual(seal(key, plaintext, binding).ciphertext);
  });

  it('does not open for another session, another kind, another key or altered bytes', () => {
    const key = newDataKey();
    const sealed = seal(key, plaintext, binding);
    const altered = {
      ...sealed,
      ciphertext: Buffer.from(sealed.ciphertext.map((byte, n) => (n === 0 ? byte ^ 1 : byte))),
    };
    expect(() => open(key, sealed, { ...binding, session: 'b' })).toThrow();
    expect(() => open(key, sealed, { ...binding, kind: 'pull' })).toThrow();
    expect(() => open(newDataKey(), sealed, binding)).toThrow();
    expect(() => open(key, altered, binding)).toThrow();
    expect(() => open(key, { ...sealed, tag: sealed.tag.subarray(0, 4) }, binding)).toThrow();
  });

  it('unwraps a data key with the master key that wrapped it, also after another became active', () => {
    const key = newDataKey();
    const wrapped = wrapKey(master, key, 'a');
    expect(unwrapKey([{ id: 'k2', key: randomBytes(32) }, master], wrapped, 'a')).toEqual(key);
    expect(() => unwrapKey([master], wrapped, 'b')).toThrow();
    expect(() => unwrapKey([{ id: 'k2', key: master.key }], wrapped, 'a')).toThrow(
      'VAULT_KEYS lacks the key k1',
    );
  });
});
