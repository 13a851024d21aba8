import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signCheckpoint } from './checkpoint.ts';
import { ed25519CosignatureVerifier, ed25519Cosigner } from './cosignature.ts';
import { FormatError } from './format.errors.ts';
import { assembleProof, leafHash, planInclusionProof, rootOf } from './merkle.ts';
import { ed25519Signer, ed25519Verifier, parseNote, parseVerifierKey, signNote } from './signed-note.ts';
import { tileNodeReader } from './tiles.ts';
import { encodeTlogProof, parseTlogProof, verifyTlogProof, type TlogProof } from './tlog-proof.ts';

const ORIGIN = 'audit.example.com/log1';
const log = ed25519Signer(ORIGIN, Buffer.alloc(32, 1));
const logKeys = [ed25519Verifier(parseVerifierKey(log.vkey))];
const cosigners = ['w1', 'w2'].map((name, i) => ed25519Cosigner(name, Buffer.alloc(32, 10 + i)));
const witnesses = cosigners.map(({ vkey }) => ed25519CosignatureVerifier(parseVerifierKey(vkey)));

const leaves = ['a', 'b', 'c', 'd', 'e'].map((text) => leafHash(Buffer.from(text)));
const checkpoint = signCheckpoint(
  { origin: ORIGIN, size: leaves.length, root: rootOf(leaves), extensions: [] },
  [log],
);
const read = tileNodeReader(leaves.length, () => Buffer.concat(leaves));
const receiptOf = (index: number, over: Partial<TlogProof> = {}): TlogProof => ({
  index,
  hashes: assembleProof(planInclusionProof(index, leaves.length), read),
  checkpoint,
  ...over,
});
const policy = { logKeys, witnesses: [], quorum: 0 };
const judge = (
  receipt: TlogProof,
  leaf = leaves[receipt.index]!,
  by: Parameters<typeof verifyTlogProof>[2] = policy,
) => verifyTlogProof(receipt, leaf, by);

describe('a receipt', () => {
  it('convinces for every entry, after being written and read', () => {
    leaves.forEach((_, index) => {
      const receipt = parseTlogProof(encodeTlogProof(receiptOf(index)));
      expect(receipt).toEqual(receiptOf(index));
      expect(judge(receipt)).toMatchObject({ outcome: 'INCLUDED', index, checkpoint: { size: 5 } });
    });
  });

  it('carries extra data without being changed by it', () => {
    const extra = Buffer.from('session 42');
    const bytes = encodeTlogProof(receiptOf(1, { extra }));
    expect(bytes.toString().split('\n')[1]).toBe(`extra ${extra.toString('base64')}`);
    expect(parseTlogProof(bytes).extra).toEqual(extra);
    expect(judge(parseTlogProof(bytes)).outcome).toBe('INCLUDED');
  });

  it('does not convince for another entry or another place', () => {
    expect(judge(receiptOf(1), leaves[2]).outcome).toBe('NOT_INCLUDED');
    expect(judge(receiptOf(1, { index: 2 }), leaves[1]).outcome).toBe('NOT_INCLUDED');
    expect(judge(receiptOf(1, { index: 5 }), leaves[1]).outcome).toBe('NOT_INCLUDED');
    expect(judge(receiptOf(1, { hashes: receiptOf(1).hashes.slice(1) })).outcome).toBe('NOT_INCLUDED');
    expect(judge(receiptOf(1, { hashes: [...receiptOf(1).hashes, leaves[0]!] })).outcome).toBe(
      'NOT_INCLUDED',
    );
  });

  it('does not convince under another key or for another log', () => {
    const thief = ed25519Signer(ORIGIN, Buffer.alloc(32, 7));
    const { text } = parseNote(checkpoint);
    expect(judge(receiptOf(1, { checkpoint: signNote(text, [thief]) })).outcome).toBe('NO_TRUSTED_SIGNATURE');
    const foreign = signNote(text.replace('log1', 'test'), [log]);
    expect(judge(receiptOf(1, { checkpoint: foreign })).outcome).toBe('FOREIGN_ORIGIN');
    const forged = Buffer.from(checkpoint.toString().replace('\n5\n', '\n4\n'));
    expect(judge(receiptOf(1, { checkpoint: forged })).outcome).toBe('BAD_SIGNATURE');
  });

  it('convinces only with as many witnesses as asked for, each counted once', () => {
    const { text, signatures } = parseNote(checkpoint);
    const [first, second] = cosigners as [(typeof cosigners)[0], (typeof cosigners)[0]];
    const cosigned = (...signers: Parameters<typeof signNote>[1]) =>
      receiptOf(1, { checkpoint: signNote(text, signers, signatures) });
    const two = { logKeys, witnesses, quorum: 2 };
    expect(judge(receiptOf(1), leaves[1], two)).toEqual({
      outcome: 'TOO_FEW_WITNESSES',
      found: 0,
      required: 2,
    });
    expect(judge(cosigned(first.at(1), first.at(2)), leaves[1], two).outcome).toBe('TOO_FEW_WITNESSES');
    expect(judge(cosigned(first.at(1), second.at(2)), leaves[1], two).outcome).toBe('INCLUDED');
  });

  const text = encodeTlogProof(receiptOf(1)).toString();
  const [, , hash] = text.split('\n') as [string, string, string];
  it.each([
    ['nothing', ''],
    ['another version', text.replace('@v1', '@v2')],
    ['something in front', `\n${text}`],
    ['a space after the header', text.replace('@v1', '@v1 ')],
    ['no index', text.replace('index 1\n', '')],
    ['two indexes', text.replace('index 1\n', 'index 1\nindex 1\n')],
    ['an index with a leading zero', text.replace('index 1', 'index 01')],
    ['a hexadecimal index', text.replace('index 1', 'index 0x1')],
    ['a negative index', text.replace('index 1', 'index -1')],
    ['an empty index', text.replace('index 1', 'index ')],
    ['a space after the index', text.replace('index 1', 'index 1 ')],
    ['an upper-case word', text.replace('index 1', 'Index 1')],
    ['an empty extra', text.replace('index 1', 'extra \nindex 1')],
    ['an extra that is no base64', text.replace('index 1', 'extra *\nindex 1')],
    ['an extra after the index', text.replace('index 1', 'index 1\nextra AAAA')],
    ['two extras', text.replace('index 1', 'extra AAAA\nextra AAAA\nindex 1')],
    ['a hash without padding', text.replace(hash, hash.slice(0, -1))],
    ['a hash with a space', text.replace(hash, `${hash} `)],
    ['a short hash', text.replace(hash, Buffer.alloc(31).toString('base64'))],
    ['a long hash', text.replace(hash, Buffer.alloc(33).toString('base64'))],
    ['64 hashes', text.replace(hash, `${hash}\n`.repeat(63).trimEnd())],
    ['carriage returns', text.replaceAll('\n', '\r\n')],
    ['a carriage return after the index', text.replace('index 1\n', 'index 1\r\n')],
    ['no blank line at all', text.replaceAll('\n\n', '\n')],
    ['a second blank line', text.replace('\n\naudit', '\n\n\naudit')],
    ['data after the checkpoint', `${text}more\n`],
    ['the last newline missing', text.slice(0, -1)],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
  ])('is refused with %s', (_, bad) => {
    expect(() => parseTlogProof(Buffer.from(bad))).toThrow(FormatError);
  });

  it('is not written with an impossible index or with a hash of another length', () => {
    expect(() => encodeTlogProof(receiptOf(1, { index: -1 }))).toThrow(FormatError);
    expect(() => encodeTlogProof(receiptOf(1, { hashes: [Buffer.alloc(31)] }))).toThrow(FormatError);
    expect(() => encodeTlogProof(receiptOf(1, { extra: Buffer.alloc(0) }))).toThrow(FormatError);
  });

  it('never convinces with a byte changed, but for the extra data', () => {
    const bytes = encodeTlogProof(receiptOf(3));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= change;
        try {
          expect(judge(parseTlogProof(changed), leaves[3]).outcome).not.toBe('INCLUDED');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
