import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { cosignatureTime, ed25519CosignatureVerifier, ed25519Cosigner } from './cosignature.ts';
import {
  CompactRange,
  assembleProof,
  leafHash,
  planConsistencyProof,
  planInclusionProof,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
import { ed25519Signer, ed25519Verifier, parseNote, parseVerifierKey, signNote } from './signed-note.ts';
import { encodeBundle, tileNodeReader, tilePath, tilesOfGrowth } from './tiles.ts';
import { encodeTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts';
import { encodeAddCheckpoint, parseAddCheckpoint } from './witness-protocol.ts';

/*
 * One log of three entries under the keys of RFC 8032, tests 1 and 2, byte for byte. Whoever writes a
 * verifier of their own can start from these values; a change here is a change of the format.
 */
const ORIGIN = 'audit.example.com/log1';
const LOG_SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const WITNESS = 'witness.example.org/w1';
const WITNESS_SEED = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
const WITNESSED_AT = Date.UTC(2026, 0, 1) / 1000;

const LOG_VKEY = 'audit.example.com/log1+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';
const WITNESS_VKEY = 'witness.example.org/w1+2ce32234+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM';
const CHECKPOINT = `audit.example.com/log1
3
FaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48=

— audit.example.com/log1 fpl0IOBjjzIC+AN9Zmq6OjtW/7mi1O73BSxBFNFvxArIl7hh3dxv0/AAuEd8Fy2HoeyeIs94DYkABOUMopqo2/+82Ag=
`;
const COSIGNATURE_LINE =
  '— witness.example.org/w1 LOMiNAAAAABpVbkA88G5Ofe7LVNruOwCxnoDKhSlp2IZvluZAVgguZp6xi8zlB8YaDAXI5vdiSZ29gHW1FuQNLBmvyYnxk5DIZ8DDg==\n';

const entries = ['{"a":1}', '{"b":2}', '{"c":3}'].map((text) => Buffer.from(text));
const leaves = entries.map(leafHash);
const tile = Buffer.concat(leaves);
const read = tileNodeReader(3, () => tile);
const base64 = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('base64'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const log = ed25519Signer(ORIGIN, LOG_SEED);
const logKey = ed25519Verifier(parseVerifierKey(LOG_VKEY));
const cosigner = ed25519Cosigner(WITNESS, WITNESS_SEED);
const witnessKey = ed25519CosignatureVerifier(parseVerifierKey(WITNESS_VKEY));
const checkpoint = signCheckpoint({ origin: ORIGIN, size: 3, root: rootOf(leaves), extensions: [] }, [log]);

describe('the worked example', () => {
  it('hashes its leaves, its inner node and its roots', () => {
    expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual([
      'c7261463ebd776f4650b6d0fe942d9cc38c925d90f77d440ab6df8d5dd258c5f',
      '2927ce42b2fa103d572fbc729c193d0b4f4128cc3535b769c823c09b9b1aee0a',
      'f13cbb9f25e7b75afe73c527fca8774c42f6c79e0b6eccecd02d156f2d4f9bd4',
    ]);
    const range = new CompactRange();
    const roots = leaves.map((leaf) => {
      range.append(leaf);
      return range.root().toString('hex');
    });
    expect(roots.slice(1)).toEqual([
      '6e69587a0b570d8c5d0114c51a9d6775ad2650718b1b98198de75131437a4c06',
      '15a780c86283d42c8c13ad385bf96794f2b61becf22ceff08d0255e0551c878f',
    ]);
  });

  it('signs its checkpoint', () => {
    expect(log.vkey).toBe(LOG_VKEY);
    expect(checkpoint.toString()).toBe(CHECKPOINT);
    expect(checkpoint).toHaveLength(191);
    expect(sha256(checkpoint)).toBe('4018161839a362c969433f34419d27220b11cd7c70382f5061204c7f85c89d01');
    expect(openCheckpoint(checkpoint, [logKey])).toMatchObject({
      outcome: 'TRUSTED',
      checkpoint: { origin: ORIGIN, size: 3 },
    });
  });

  it('lays out its tile and its bundle', () => {
    expect(tilesOfGrowth(0, 3).map(tilePath)).toEqual(['tile/0/000.p/3']);
    expect(sha256(tile)).toBe('4fd8e2fecf7dc4eb26556f3454d7ffaeccb22cf6019c36a5fc00bf6511e93fac');
    expect(encodeBundle(entries).toString('hex')).toBe(
      '00077b2261223a317d00077b2262223a327d00077b2263223a337d',
    );
  });

  it('proves inclusion and consistency from its tile', () => {
    const root = rootOf(leaves);
    const first = assembleProof(planInclusionProof(1, 3), read);
    expect(base64(first)).toEqual([
      'xyYUY+vXdvRlC20P6ULZzDjJJdkPd9RAq2341d0ljF8=',
      '8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=',
    ]);
    expect(verifyInclusion(1, 3, leaves[1]!, first, root)).toBe(true);
    const second = assembleProof(planInclusionProof(2, 3), read);
    expect(base64(second)).toEqual(['bmlYegtXDYxdARTFGp1nda0mUHGLG5gZjedRMUN6TAY=']);
    expect(verifyInclusion(2, 3, leaves[2]!, second, root)).toBe(true);
    const growth = assembleProof(planConsistencyProof(2, 3), read);
    expect(base64(growth)).toEqual(['8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=']);
    expect(verifyConsistency(2, 3, growth, rootOf(leaves.slice(0, 2)), root)).toBe(true);
  });

  it('is cosigned by its witness', () => {
    expect(cosigner.vkey).toBe(WITNESS_VKEY);
    const { text, signatures } = parseNote(checkpoint);
    const cosigned = signNote(text, [cosigner.at(WITNESSED_AT)], signatures);
    expect(cosigned.toString()).toBe(CHECKPOINT + COSIGNATURE_LINE);
    const opened = openCheckpoint(cosigned, [logKey], [witnessKey]);
    if (opened.outcome !== 'TRUSTED') throw new Error(opened.outcome);
    expect(opened.cosignatures.map(({ name }) => name)).toEqual([WITNESS]);
    expect(cosignatureTime(opened.cosignatures[0]!.signature)).toBe(1_767_225_600);
  });

  it('asks its witness to go from size 2 to 3', () => {
    const proof = assembleProof(planConsistencyProof(2, 3), read);
    const body = encodeAddCheckpoint({ oldSize: 2, proof, checkpoint });
    expect(body.toString()).toBe(`old 2\n8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=\n\n${CHECKPOINT}`);
    expect(parseAddCheckpoint(body)).toEqual({ oldSize: 2, proof, checkpoint });
  });

  it('hands out a receipt for entry 1', () => {
    const receipt = encodeTlogProof({
      index: 1,
      hashes: assembleProof(planInclusionProof(1, 3), read),
      checkpoint,
    });
    expect(receipt.toString()).toBe(
      `c2sp.org/tlog-proof@v1
index 1
xyYUY+vXdvRlC20P6ULZzDjJJdkPd9RAq2341d0ljF8=
8Ty7nyXnt1r+c8Un/Kh3TEL2x54Lbszs0C0Vby1Pm9Q=

${CHECKPOINT}`,
    );
    const policy = { logKeys: [logKey], witnesses: [], quorum: 0 };
    expect(verifyTlogProof(parseTlogProof(receipt), leaves[1]!, policy).outcome).toBe('INCLUDED');
  });
});
