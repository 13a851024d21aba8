import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pinLogKey, pinWitnessKey } from './note.ts';
import type { Trust } from './trust.ts';
import { Divergence } from './verdict.ts';
import { verifyReceipt } from './verify-receipt.ts';

/* The receipt of the formats' worked example: three entries, keys of RFC 8032. */
const LEAF = Buffer.from('{"b":2}');
const CHECKPOINT = `audit.example.com/log1
3
FaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48=

— audit.example.com/log1 fpl0IOBjjzIC+AN9Zmq6OjtW/7mi1O73BSxBFNFvxArIl7hh3dxv0/AAuEd8Fy2HoeyeIs94DYkABOUMopqo2/+82Ag=
`;
const COSIGNATURE =
  '— witness.example.org/w1 LOMiNAAAAABpVbkA88G5Ofe7LVNruOwCxnoDKhSlp2IZvluZAVgguZp6xi8zlB8YaDAXI5vdiSZ29gHW1FuQNLBmvyYnxk5DIZ8DDg==\n';
const RECEIPT = `c2sp.org/tlog-proof@v1
index 1
xyYUY+vXdvRlC20P6ULZzDjJJdkPd9RAq2341d0ljF8=
8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=

${CHECKPOINT}`;
const HASH = 'xyYUY+vXdvRlC20P6ULZzDjJJdkPd9RAq2341d0ljF8=';

const trust = (over: Partial<Trust> = {}): Trust => ({
  logKeys: [pinLogKey('audit.example.com/log1+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea')],
  trusted: null,
  witnesses: [pinWitnessKey('witness.example.org/w1+2ce32234+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM')],
  quorum: 0,
  maxAgeSeconds: null,
  now: 1_767_225_600,
  ...over,
});
const outcome = (receipt: string | Buffer, leaf = LEAF, over: Partial<Trust> = {}): string => {
  try {
    verifyReceipt(Buffer.from(receipt), leaf, trust(over));
    return 'VERIFIED';
  } catch (error) {
    if (error instanceof Divergence) return error.case;
    throw error;
  }
};

describe('a receipt', () => {
  it('proves its entry offline', () => {
    expect(verifyReceipt(Buffer.from(RECEIPT), LEAF, trust())).toMatchObject({
      index: 1,
      checkpoint: { origin: 'audit.example.com/log1', size: 3 },
    });
  });

  it('proves no other entry, and not its own with a newline more', () => {
    expect(outcome(RECEIPT, Buffer.from('{"b":3}'))).toBe('NOT_INCLUDED');
    expect(outcome(RECEIPT, Buffer.from('{"b":2}\n'))).toBe('NOT_INCLUDED');
    expect(outcome(RECEIPT.replace('index 1', 'index 0'))).toBe('NOT_INCLUDED');
    expect(outcome(RECEIPT.replace('index 1', 'index 3'))).toBe('NOT_INCLUDED');
    expect(outcome(RECEIPT.replace(`${HASH}\n`, ''))).toBe('NOT_INCLUDED');
    expect(outcome(RECEIPT.replace(HASH, `${HASH}\n${HASH}`))).toBe('NOT_INCLUDED');
  });

  it('may carry extra data, which proves nothing', () => {
    expect(outcome(RECEIPT.replace('index 1', 'extra c2Vzc2lvbg==\nindex 1'))).toBe('VERIFIED');
  });

  it('counts witnesses and the age of what they say, where that is asked for', () => {
    expect(outcome(RECEIPT, LEAF, { quorum: 1 })).toBe('TOO_FEW_WITNESSES');
    expect(outcome(RECEIPT + COSIGNATURE, LEAF, { quorum: 1 })).toBe('VERIFIED');
    const later = { maxAgeSeconds: 60, now: 1_767_225_661 };
    expect(outcome(RECEIPT + COSIGNATURE, LEAF, later)).toBe('STALE_VIEW');
  });

  it('contradicts a trusted state of the same size with another root', () => {
    const trusted = { origin: 'audit.example.com/log1', vkey: '', size: 3, root: Buffer.alloc(32) };
    expect(outcome(RECEIPT, LEAF, { trusted })).toBe('FORKED');
    expect(outcome(RECEIPT, LEAF, { trusted: { ...trusted, size: 4 } })).toBe('VERIFIED');
    const other = { ...trusted, origin: 'audit.example.com/other' };
    expect(outcome(RECEIPT, LEAF, { trusted: other })).toBe('TRUSTED_STATE_UNUSABLE');
  });

  it.each([
    ['nothing', ''],
    ['another version', RECEIPT.replace('@v1', '@v2')],
    ['a line in front', `\n${RECEIPT}`],
    ['no index', RECEIPT.replace('index 1\n', '')],
    ['two indexes', RECEIPT.replace('index 1', 'index 1\nindex 1')],
    ['an index with a leading zero', RECEIPT.replace('index 1', 'index 01')],
    ['a hexadecimal index', RECEIPT.replace('index 1', 'index 0x1')],
    ['a negative index', RECEIPT.replace('index 1', 'index -1')],
    ['an index that can not be counted to', RECEIPT.replace('index 1', 'index 9007199254740992')],
    ['a space after the index', RECEIPT.replace('index 1', 'index 1 ')],
    ['an empty extra', RECEIPT.replace('index 1', 'extra \nindex 1')],
    ['an extra with stray bits', RECEIPT.replace('index 1', 'extra AB==\nindex 1')],
    ['a hash without padding', RECEIPT.replace(HASH, HASH.slice(0, -1))],
    ['a hash with stray bits', RECEIPT.replace(HASH, `${HASH.slice(0, -2)}9=`)],
    ['a short hash', RECEIPT.replace(HASH, Buffer.alloc(30).toString('base64'))],
    ['a hash in the URL alphabet', RECEIPT.replace(HASH, HASH.replace('+', '-'))],
    ['64 hashes', RECEIPT.replace(HASH, `${HASH}\n`.repeat(63).trimEnd())],
    ['carriage returns', RECEIPT.replaceAll('\n', '\r\n')],
    ['no blank line', RECEIPT.replaceAll('\n\n', '\n')],
  ])('is refused with %s', (_, receipt) => {
    expect(outcome(receipt)).toBe('RECEIPT_MALFORMED');
  });

  it('is refused with a checkpoint that is changed, malformed or followed by more', () => {
    expect(outcome(RECEIPT.replace('\n3\n', '\n4\n'))).toBe('CHECKPOINT_FORGED');
    expect(outcome(`${RECEIPT}more\n`)).toBe('CHECKPOINT_MALFORMED');
    expect(outcome(RECEIPT.slice(0, -1))).toBe('CHECKPOINT_MALFORMED');
    expect(outcome(RECEIPT.slice(0, RECEIPT.indexOf('\n\n') + 2))).toBe('CHECKPOINT_MALFORMED');
    expect(outcome(RECEIPT.replaceAll('audit.example.com/log1 f', 'audit.example.com/log2 f'))).toBe(
      'CHECKPOINT_UNSIGNED',
    );
  });

  it('proves nothing with any byte changed', () => {
    const bytes = Buffer.from(RECEIPT);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= change;
        expect(outcome(changed)).not.toBe('VERIFIED');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a pinned key', () => {
  const log = 'audit.example.com/log1+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';
  const witness = 'witness.example.org/w1+2ce32234+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM';

  it('is a log key or a witness key, never both', () => {
    expect(pinLogKey(log)).toMatchObject({ name: 'audit.example.com/log1', keyId: '7e997420' });
    expect(pinWitnessKey(witness)).toMatchObject({ name: 'witness.example.org/w1', keyId: '2ce32234' });
    expect(() => pinLogKey(witness)).toThrow('not a log key');
    expect(() => pinWitnessKey(log)).toThrow('not a witness key');
  });

  it.each([
    ['nothing', ''],
    ['no key', 'audit.example.com/log1+7e997420+'],
    ['no name', log.slice(log.indexOf('+'))],
    ['another name', log.replace('log1', 'log2')],
    ['another key id', log.replace('7e997420', '7e997421')],
    ['an upper-case key id', log.replace('7e997420', '7E997420')],
    ['a character missing', log.slice(0, -1)],
    ['stray bits', `${log.slice(0, -1)}b`],
    ['a newline', `${log}\n`],
    ['a space in front', ` ${log}`],
  ])('is refused with %s', (_, vkey) => {
    expect(() => pinLogKey(vkey)).toThrow(RangeError);
  });
});
