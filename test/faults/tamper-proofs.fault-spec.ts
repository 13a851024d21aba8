import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { signCheckpoint } from '../../src/audit/format/checkpoint.ts';
import { leafHash } from '../../src/audit/format/merkle.ts';
import { parseNote, signNote } from '../../src/audit/format/signed-note.ts';
import { ORIGIN } from './support/audited-log.ts';
import { found, OTHER_SEED, SIZE, TamperScene } from './support/tamper-scene.ts';

/* Checkpoints and receipts that are not what they claim to be. */
const scene = TamperScene.forEachTest();
const STAGING = 'audit.bank.example/staging';

describe('a checkpoint', () => {
  const newest = { _id: mongo.Long.fromNumber(2) as never };
  const setNote = async (note: string | Buffer) =>
    void (await scene.log.db
      .collection('audit_checkpoints')
      .updateOne(newest, { $set: { note: new mongo.Binary(Buffer.from(note)) } }));
  const noteOf = async () => (await scene.log.instance().checkpoints.findLatest())!.note.toString();
  const textOf = (note: string) => parseNote(Buffer.from(note)).text;
  const signed = async (keys = scene.signers(), over: { origin?: string } = {}) => {
    const { size, root } = (await scene.log.instance().checkpoints.findLatest())!;
    return signCheckpoint({ origin: ORIGIN, size, root, extensions: [], ...over }, keys);
  };

  it('under another key is not believed', async () => {
    await setNote(await signed(scene.signers({ seeds: [OTHER_SEED] })));
    expect(await scene.auditor.verify()).toMatchObject(found('CHECKPOINT_UNSIGNED', null, 21));
  });

  it('under another key is not signed on by the service either', async () => {
    await expect(scene.log.seal({ seeds: [OTHER_SEED] })).rejects.toMatchObject({
      fault: 'CHECKPOINT_NOT_OURS',
    });
  });

  it('whose signature is of another text is not believed', async () => {
    await setNote((await noteOf()).replace('\n600\n', '\n599\n'));
    expect(await scene.auditor.verify()).toMatchObject(found('CHECKPOINT_FORGED', null, 22));
  });

  it('of another log is not believed, though the same key signed it', async () => {
    await setNote(await signed(scene.signers(), { origin: STAGING }));
    expect(await scene.auditor.verify()).toMatchObject(found('FOREIGN_ORIGIN', null, 23));
  });

  it('of another log under the name of that log is not believed', async () => {
    await setNote(await signed(scene.signers({ origin: STAGING }), { origin: STAGING }));
    expect(await scene.auditor.verify()).toMatchObject(found('CHECKPOINT_UNSIGNED', null, 21));
  });

  it('is not compared with what was trusted of another log', async () => {
    await scene.auditor.verifyAgain();
    const staging = scene.log.instance({ origin: STAGING }).keys.vkeys[0]!;
    const argv = ['--mongo', scene.log.uri, '--key', staging, '--trusted', scene.trustedFile];
    expect(await scene.auditor.run(...argv)).toMatchObject(found('TRUSTED_STATE_UNUSABLE', null, 33));
  });

  it.each<[string, (note: string, sign: (text: string) => string) => string]>([
    ['carriage returns', (note) => note.replaceAll('\n', '\r\n')],
    ['a leading zero', (note, sign) => sign(textOf(note).replace('\n600\n', '\n0600\n'))],
    ['a hexadecimal size', (note, sign) => sign(textOf(note).replace('\n600\n', '\n0x258\n'))],
    ['a short root', (note, sign) => sign(textOf(note).replace(/\n.{4}(.{39}=)\n/, '\n$1\n'))],
    ['no blank line', (note) => note.replace('\n\n', '\n')],
    ['a hyphen for the dash', (note) => note.replace('—', '-')],
    ['text after the signature', (note) => `${note}more\n`],
    ['no newline at the end', (note) => note.slice(0, -1)],
    ['stray bits in a signature', (note) => `${note}— x AAAAAAB=\n`],
    ['no bytes at all', () => ''],
  ])('with %s is refused', async (_, change) => {
    await setNote(change(await noteOf(), (text) => signNote(text, scene.signers()).toString()));
    expect(await scene.auditor.verify()).toMatchObject(found('CHECKPOINT_MALFORMED', null, 20));
  });

  it.each<[string, mongo.Document]>([
    ['size', { size: mongo.Long.fromNumber(599) }],
    ['root', { root: new mongo.Binary(Buffer.alloc(32)) }],
  ])('with another %s beside the note is found', async (_, fields) => {
    await scene.log.db.collection('audit_checkpoints').updateOne(newest, { $set: fields });
    expect(await scene.auditor.verify()).toMatchObject(found('FIELD_DIFFERS', null, 13));
  });

  it('that is missing between two others is found', async () => {
    await scene.log.db.collection('audit_checkpoints').deleteOne({ size: 300 });
    expect(await scene.auditor.verify()).toMatchObject(found('CHECKPOINTS_DISORDERED', '600', 25));
  });
});

describe('a receipt', () => {
  const receiptOf = async (index: number) => (await scene.log.instance().queries.receipt(index)).toString();

  it('proves its entry, offline', async () => {
    expect(await scene.auditor.verifyReceipt(await receiptOf(320), await scene.leafAt(320))).toMatchObject({
      case: 'VERIFIED',
      exitCode: 0,
    });
  });

  it.each([
    ['another entry', 'leaf'],
    ['another index', 'index'],
    ['an index beyond the log', 'beyond'],
    ['a hash too many', 'more'],
    ['a hash too few', 'fewer'],
    ['two hashes in the wrong order', 'order'],
  ])('does not prove %s', async (_, kind) => {
    const lines = (await receiptOf(320)).split('\n');
    const leaf = await scene.leafAt(kind === 'leaf' ? 321 : 320);
    const place = kind === 'index' ? 321 : kind === 'beyond' ? SIZE : 320;
    if (place !== 320) lines[1] = `index ${place}`;
    if (kind === 'more') lines.splice(3, 0, lines[2]!);
    if (kind === 'fewer') lines.splice(2, 1);
    if (kind === 'order') [lines[2], lines[3]] = [lines[3]!, lines[2]!];
    expect(await scene.auditor.verifyReceipt(lines.join('\n'), leaf)).toMatchObject(
      found('NOT_INCLUDED', String(place), 51),
    );
  });

  it('does not prove a node of the tree as if it were an entry', async () => {
    const lines = (await receiptOf(0)).split('\n');
    const node = Buffer.concat([leafHash(await scene.leafAt(0)), Buffer.from(lines[2]!, 'base64')]);
    lines.splice(2, 1);
    expect(await scene.auditor.verifyReceipt(lines.join('\n'), node)).toMatchObject(
      found('NOT_INCLUDED', '0', 51),
    );
  });

  it.each<[string, (receipt: string) => string]>([
    ['another first line', (text) => text.replace('@v1', '@v2')],
    ['carriage returns', (text) => text.replaceAll('\n', '\r\n')],
    ['a hexadecimal index', (text) => text.replace('index 320', 'index 0x140')],
    ['a leading zero', (text) => text.replace('index 320', 'index 0320')],
    ['a negative index', (text) => text.replace('index 320', 'index -320')],
    ['an index that can not be counted to', (text) => text.replace('index 320', 'index 9007199254740992')],
    ['no index', (text) => text.replace('index 320\n', '')],
    ['a hash without padding', (text) => text.replace('=\n', '\n')],
    ['a hash of stray bits', (text) => text.replace(/\n.{43}=\n/, `\n${'A'.repeat(42)}B=\n`)],
    ['no checkpoint', (text) => text.slice(0, text.indexOf('\n\n'))],
  ])('with %s is refused', async (_, change) => {
    const verdict = await scene.auditor.verifyReceipt(change(await receiptOf(320)), await scene.leafAt(320));
    expect(verdict).toMatchObject(found('RECEIPT_MALFORMED', null, 50));
  });

  it('under another key or of another log is not believed', async () => {
    const receipt = await receiptOf(320);
    const leaf = await scene.leafAt(320);
    const stranger = scene.auditorWith(scene.log.instance({ seeds: [OTHER_SEED] }).keys.vkeys[0]!);
    expect(await stranger.verifyReceipt(receipt, leaf)).toMatchObject(found('CHECKPOINT_UNSIGNED', null, 21));
    const { size, root } = (await scene.log.instance().checkpoints.findLatest())!;
    const foreign = signCheckpoint({ origin: STAGING, size, root, extensions: [] }, scene.signers());
    const swapped = `${receipt.slice(0, receipt.indexOf('\n\n') + 2)}${foreign.toString()}`;
    expect(await scene.auditor.verifyReceipt(swapped, leaf)).toMatchObject(found('FOREIGN_ORIGIN', null, 23));
  });
});
