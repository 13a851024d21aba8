import { MAX_PROOF_HASHES, TLOG_PROOF_HEADER } from '../audit/format/constants.ts';
import { openSignedCheckpoint, strictBase64, type SignedCheckpoint } from './note.ts';
import { hashLeaf, rootOfProof } from './tree.ts';
import { checkFork, checkTrustedOrigin, checkWitnesses, type Trust } from './trust.ts';
import { Divergence } from './verdict.ts';

/** What a receipt proved. */
export interface VerifiedReceipt {
  readonly index: number;
  readonly checkpoint: SignedCheckpoint;
}

const EXTRA = /^extra ([A-Za-z0-9+/]+={0,2})$/;
const INDEX = /^index (0|[1-9][0-9]{0,15})$/;
const HASH = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Proves with nothing but the receipt and public keys that an entry stands in the log.
 *
 * @param leaf the entry's bytes, exactly as they were exported
 * @throws Divergence with a RECEIPT, CHECKPOINT or witness case, or NOT_INCLUDED
 */
export function verifyReceipt(receipt: Buffer, leaf: Buffer, trust: Trust): VerifiedReceipt {
  const { index, hashes, note } = splitReceipt(receipt);
  checkTrustedOrigin(trust);
  const checkpoint = openSignedCheckpoint(note, trust.logKeys, trust.witnesses);
  checkFork(checkpoint, trust.trusted);
  checkWitnesses(checkpoint, trust);
  const root = rootOfProof(index, checkpoint.size, hashLeaf(leaf), hashes);
  if (root?.equals(checkpoint.root) !== true) {
    throw new Divergence('NOT_INCLUDED', {
      index,
      expected: `root ${checkpoint.root.toString('base64')} at size ${checkpoint.size}`,
      found:
        root === null
          ? `${hashes.length} hashes, which is not the length of a proof for this place`
          : `root ${root.toString('base64')} from the entry and the proof`,
    });
  }
  return { index, checkpoint };
}

function splitReceipt(receipt: Buffer) {
  const blank = receipt.indexOf('\n\n');
  if (blank === -1) throw malformed('a blank line before the checkpoint', 'none');
  const lines = receipt.toString('latin1', 0, blank).split('\n');
  if (lines.shift() !== TLOG_PROOF_HEADER) throw malformed(`"${TLOG_PROOF_HEADER}" first`, 'another line');
  const extra = EXTRA.exec(lines[0] ?? '');
  if (extra !== null) {
    lines.shift();
    if (strictBase64(extra[1] ?? '') === null)
      throw malformed('extra data in canonical base64', 'another text');
  }
  const [, digits] = INDEX.exec(lines.shift() ?? '') ?? [];
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) throw malformed('a line "index <n>"', 'another line');
  if (lines.length > MAX_PROOF_HASHES)
    throw malformed(`at most ${MAX_PROOF_HASHES} hashes`, `${lines.length}`);
  const hashes = lines.map((line) => {
    const hash = HASH.test(line) ? strictBase64(line) : null;
    if (hash === null) throw malformed('hashes of 32 bytes in base64', 'another line');
    return hash;
  });
  return { index, hashes, note: receipt.subarray(blank + 2) };
}

function malformed(expected: string, found: string): Divergence {
  return new Divergence('RECEIPT_MALFORMED', { expected, found });
}
