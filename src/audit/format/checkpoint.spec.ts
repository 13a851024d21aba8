import { describe, expect, it } from '@jest/globals';
import {
  encodeCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';
import { ed25519CosignatureVerifier, ed25519Cosigner } from './cosignature.ts';
import { FormatError } from './format.errors.ts';
import { emptyRoot } from './merkle.ts';
import {
  ed25519Signer,
  ed25519Verifier,
  parseVerifierKey,
  signNote,
  type NoteSigner,
} from './signed-note.ts';

const ORIGIN = 'audit.example.com/log1';
const log = ed25519Signer(ORIGIN, Buffer.alloc(32, 1));
const logKey = ed25519Verifier(parseVerifierKey(log.vkey));
const cosigner = ed25519Cosigner('witness.example.org/w1', Buffer.alloc(32, 3));
const witnessKey = ed25519CosignatureVerifier(parseVerifierKey(cosigner.vkey));
const ROOT = 'FaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48=';
const aCheckpoint = (over: Partial<Checkpoint> = {}): Checkpoint => ({
  origin: ORIGIN,
  size: 3,
  root: Buffer.from(ROOT, 'base64'),
  extensions: [],
  ...over,
});

describe('the text', () => {
  it.each([
    [aCheckpoint()],
    [aCheckpoint({ size: 0, root: emptyRoot() })],
    [aCheckpoint({ size: Number.MAX_SAFE_INTEGER })],
    [aCheckpoint({ extensions: ['one', 'two words'] })],
    [aCheckpoint({ origin: 'any words, even with spaces' })],
  ])('is read back', (checkpoint) => {
    expect(parseCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it.each([
    ['nothing', ''],
    ['one line', `${ORIGIN}\n`],
    ['no root', `${ORIGIN}\n3\n`],
    ['no newline at the end', `${ORIGIN}\n3\n${ROOT}`],
    ['an empty origin', `\n3\n${ROOT}\n`],
    ['an empty size', `${ORIGIN}\n\n${ROOT}\n`],
    ['an empty root', `${ORIGIN}\n3\n\n`],
    ['an empty extension line', `${ORIGIN}\n3\n${ROOT}\n\n`],
    ['an empty line between extensions', `${ORIGIN}\n3\n${ROOT}\na\n\nb\n`],
    ['a leading zero', `${ORIGIN}\n03\n${ROOT}\n`],
    ['two zeros', `${ORIGIN}\n00\n${ROOT}\n`],
    ['a hexadecimal size', `${ORIGIN}\n0x10\n${ROOT}\n`],
    ['a signed size', `${ORIGIN}\n+3\n${ROOT}\n`],
    ['a negative size', `${ORIGIN}\n-3\n${ROOT}\n`],
    ['an exponent', `${ORIGIN}\n3e0\n${ROOT}\n`],
    ['a space after the size', `${ORIGIN}\n3 \n${ROOT}\n`],
    ['a size beyond what can be counted', `${ORIGIN}\n9007199254740992\n${ROOT}\n`],
    ['carriage returns', `${ORIGIN}\r\n3\r\n${ROOT}\r\n`],
    ['a carriage return in the origin', `${ORIGIN}\r\n3\n${ROOT}\n`],
    ['a short root', `${ORIGIN}\n3\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a long root', `${ORIGIN}\n3\n${Buffer.alloc(33).toString('base64')}\n`],
    ['a root in hex', `${ORIGIN}\n3\n${Buffer.from(ROOT, 'base64').toString('hex')}\n`],
    ['a root without padding', `${ORIGIN}\n3\n${ROOT.slice(0, -1)}\n`],
    ['a root with stray bits', `${ORIGIN}\n3\n${ROOT.slice(0, -2)}9=\n`],
    ['a root with a space', `${ORIGIN}\n3\n ${ROOT}\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(FormatError);
  });

  it.each([
    ['an empty origin', { origin: '' }],
    ['a newline in the origin', { origin: 'a\nb' }],
    ['a negative size', { size: -1 }],
    ['a fraction', { size: 1.5 }],
    ['a short root', { root: Buffer.alloc(31) }],
    ['an empty extension', { extensions: [''] }],
    ['a newline in an extension', { extensions: ['a\nb'] }],
  ])('is not written with %s', (_, over) => {
    expect(() => encodeCheckpoint(aCheckpoint(over))).toThrow(FormatError);
  });
});

describe(openCheckpoint.name, () => {
  const text = encodeCheckpoint(aCheckpoint());

  it('believes what the log signed', () => {
    const opened = openCheckpoint(signCheckpoint(aCheckpoint(), [log]), [logKey]);
    expect(opened).toMatchObject({ outcome: 'TRUSTED', checkpoint: aCheckpoint(), cosignatures: [] });
  });

  it('takes a second key of the log beside the first, as during a rotation', () => {
    const next = ed25519Signer(ORIGIN, Buffer.alloc(32, 2));
    const both = signCheckpoint(aCheckpoint(), [log, next]);
    const nextKey = ed25519Verifier(parseVerifierKey(next.vkey));
    for (const keys of [[logKey], [nextKey], [logKey, nextKey]]) {
      const opened = openCheckpoint(both, keys);
      expect(opened.outcome).toBe('TRUSTED');
      expect(opened).toHaveProperty('signatures.length', keys.length);
    }
  });

  it('keeps verified cosignatures apart from the signatures of the log', () => {
    const opened = openCheckpoint(signNote(text, [log, cosigner.at(5)]), [logKey], [witnessKey]);
    expect(opened).toMatchObject({
      outcome: 'TRUSTED',
      signatures: [{ name: ORIGIN }],
      cosignatures: [{ name: 'witness.example.org/w1' }],
    });
  });

  it('does not let a witness stand in for the log', () => {
    const opened = openCheckpoint(signNote(text, [cosigner.at(5)]), [logKey], [witnessKey]);
    expect(opened).toEqual({ outcome: 'NO_TRUSTED_SIGNATURE' });
  });

  it('does not believe a checkpoint of another log, even one signed with the same key', () => {
    const foreign = signCheckpoint(aCheckpoint({ origin: 'audit.example.com/test' }), [log]);
    expect(openCheckpoint(foreign, [logKey])).toEqual({
      outcome: 'FOREIGN_ORIGIN',
      origin: 'audit.example.com/test',
    });
  });

  it('does not believe a checkpoint under a swapped key', () => {
    const thief = ed25519Signer(ORIGIN, Buffer.alloc(32, 7));
    expect(openCheckpoint(signCheckpoint(aCheckpoint(), [thief]), [logKey])).toEqual({
      outcome: 'NO_TRUSTED_SIGNATURE',
    });
    const disguised: NoteSigner = { ...thief, keyId: log.keyId };
    expect(openCheckpoint(signCheckpoint(aCheckpoint(), [disguised]), [logKey]).outcome).toBe(
      'BAD_SIGNATURE',
    );
  });

  it('refuses a signed note that is no checkpoint', () => {
    expect(() => openCheckpoint(signNote('some other text\n', [log]), [logKey])).toThrow(FormatError);
  });
});
