import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import type { EntryContent } from '../../src/audit/format/leaf.ts';
import { leafHash } from '../../src/audit/format/merkle.ts';
import { FORGED_ID, found, TamperScene, VERIFIED } from './support/tamper-scene.ts';

/*
 * What can be done to stored entries and tiles, done to a real log in MongoDB and looked for by the command
 * that an auditor runs. The other two files of this suite change its history and its proofs.
 */
const scene = TamperScene.forEachTest();

it('an untouched log is verified, at first sight and again', async () => {
  expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
  expect(await scene.auditor.verifyAgain()).toMatchObject(VERIFIED);
  await scene.log.append(30);
  await scene.log.seal();
  expect(await scene.auditor.verifyAgain()).toMatchObject(VERIFIED);
  expect(await scene.auditor.trusted()).toMatchObject({ size: 630 });
});

describe('an entry whose bytes were changed is found', () => {
  it.each([0, 255, 256, 320, 511])('at its index, where a tile holds its hash: %i', async (index) => {
    await scene.attacker.replace(index, { data: { version: -1 } });
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_CHANGED', String(index), 15));
  });

  it('between two checkpoints, where no tile is stored yet', async () => {
    await scene.attacker.replace(550, { data: { version: -1 } });
    expect(await scene.auditor.verify()).toMatchObject(found('ROOT_DIFFERS', '300 to 599', 16));
  });

  it.each([
    [50, '0 to 99'],
    [100, '100 to 299'],
    [320, '300 to 599'],
  ])('between two checkpoints, where the tiles were changed with it: %i', async (index, place) => {
    await scene.attacker.replace(index, { data: { version: -1 } });
    await scene.attacker.rebuildTiles();
    expect(await scene.auditor.verify()).toMatchObject(found('ROOT_DIFFERS', place, 16));
  });

  it('at its index, where the new bytes are no entry', async () => {
    await scene.attacker.set(320, { leaf: new mongo.Binary(Buffer.from('{"v":1}')) });
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_MALFORMED', '320', 10));
  });

  it('at its index, where they are two hashes that pass for the node above them', async () => {
    const hashes = await Promise.all([320, 321].map(async (index) => leafHash(await scene.leafAt(index))));
    await scene.attacker.set(320, { leaf: new mongo.Binary(Buffer.concat(hashes)) });
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_MALFORMED', '320', 10));
  });
});

describe('a stored field that says something else than its entry is found at the index', () => {
  // Entry 320 is a person's, 321 a vendor's.
  it.each<[string, number, mongo.Document]>([
    ['id', 320, { id: FORGED_ID }],
    ['time', 320, { at: new Date('2026-06-01T08:00:00.000Z') }],
    ['action', 320, { action: 'session.expired' }],
    ['subject', 320, { 'subject.id': 's-1' }],
    ['type of subject', 320, { 'subject.type': 'rule_set' }],
    ['actor', 320, { 'actor.id': 'someone.else' }],
    ['client through which a person acted', 320, { 'actor.via': 'other-desk' }],
    ['client of an actor without one', 321, { 'actor.via': 'review-desk' }],
  ])('%s', async (_, index, fields) => {
    await scene.attacker.set(index, fields);
    expect(await scene.auditor.verify()).toMatchObject(found('FIELD_DIFFERS', String(index), 13));
  });
});

describe('a field that stands twice, so that queries see one value and readers another, is found at the index', () => {
  it.each<[string, unknown]>([
    ['action', 'session.expired'],
    ['leaf', new mongo.Binary(Buffer.from('{}'))],
  ])('%s', async (name, value) => {
    await scene.attacker.replaceWithExtra(320, name, value);
    expect(await scene.log.db.collection('audit_log').countDocuments({ [name]: value })).toBe(1);
    const verdict = await scene.auditor.verify();
    expect(verdict.place).toBe('320');
    expect(verdict).toMatchObject(
      name === 'leaf' ? found('ENTRY_MALFORMED', '320', 10) : found('FIELD_DIFFERS', '320', 13),
    );
  });

  it('a field that no entry has, under any name', async () => {
    for (const name of ['note', '__proto__', 'toString']) {
      await scene.attacker.replaceWithExtra(320, name, { seen: true });
      expect(await scene.auditor.verify()).toMatchObject(found('FIELD_DIFFERS', '320', 13));
    }
  });
});

describe('an entry that was deleted is found', () => {
  it.each([0, 320, 598])('at its index: %i', async (index) => {
    await scene.attacker.remove(index);
    expect(await scene.auditor.verify()).toMatchObject(found('INDEX_GAP', String(index), 11));
  });

  it('at its index, where the others were moved up', async () => {
    await scene.attacker.rearrange((entries) => entries.toSpliced(320, 1));
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_CHANGED', '320', 15));
  });

  it('at the end of the log', async () => {
    await scene.attacker.remove(599);
    expect(await scene.auditor.verify()).toMatchObject(found('LOG_TOO_SHORT', '599', 18));
  });
});

describe('an entry that was slipped in is found', () => {
  const forged = (near: EntryContent): EntryContent => ({
    ...near,
    id: FORGED_ID,
    data: { version: -1 },
  });

  it('where it stands between two indexes', async () => {
    await scene.attacker.insertAt(320.5, forged(await scene.attacker.entry(320)));
    expect(await scene.auditor.verify()).toMatchObject(found('INDEX_DISORDER', '321', 12));
  });

  it('at its index, where the others were moved down', async () => {
    await scene.attacker.rearrange((entries) => entries.toSpliced(320, 0, forged(entries[320]!)));
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_CHANGED', '320', 15));
  });

  it('before all others', async () => {
    await scene.attacker.insertAt(-1, forged(await scene.attacker.entry(0)));
    expect(await scene.auditor.verify()).toMatchObject(found('INDEX_DISORDER', '0', 12));
  });
});

it.each([
  [320, 321],
  [3, 500],
])('two entries that changed places are found at the first of them: %i and %i', async (a, b) => {
  await scene.attacker.rearrange((entries) => entries.with(a, entries[b]!).with(b, entries[a]!));
  expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_CHANGED', String(a), 15));
});

describe('an entry that comes twice is found', () => {
  it('where the second stands between two indexes', async () => {
    await scene.log.db.collection('audit_log').dropIndexes();
    await scene.attacker.insertAt(320.5, await scene.attacker.entry(320));
    expect(await scene.auditor.verify()).toMatchObject(found('INDEX_DISORDER', '321', 12));
  });

  it('at the second, where the others were moved down', async () => {
    await scene.attacker.rearrange((entries) => entries.toSpliced(321, 0, entries[320]!));
    expect(await scene.auditor.verify()).toMatchObject(found('ENTRY_CHANGED', '321', 15));
  });
});

describe('an index that is no number, so that the service does not find the entry, is found', () => {
  it.each<[string, number, unknown]>([
    ['text after all numbers', 599, '599'],
    ['a date after all numbers', 599, new Date(599)],
    ['null before all numbers', 0, null],
  ])('%s', async (_, index, key) => {
    const entry = await scene.attacker.entry(index);
    await scene.attacker.remove(index);
    await scene.attacker.insertAt(key, entry);
    expect(await scene.auditor.verify()).toMatchObject(found('INDEX_DISORDER', String(index), 12));
  });
});

describe('tiles', () => {
  const flipped = async (path: string, field: 'hashes' | 'root', at: number) => {
    const tiles = scene.log.db.collection<{ _id: string; hashes: mongo.Binary; root: mongo.Binary }>(
      'audit_tiles',
    );
    const bytes = Buffer.from((await tiles.findOne({ _id: path }))![field].buffer);
    bytes[at]! ^= 1;
    await tiles.updateOne({ _id: path }, { $set: { [field]: new mongo.Binary(bytes) } });
  };

  it('that were changed while the entries are right are found at the hash', async () => {
    await flipped('tile/0/001', 'hashes', 64 * 32);
    expect(await scene.auditor.verify()).toMatchObject(found('TILE_DIFFERS', '320', 17));
  });

  it('whose stored root was changed are found', async () => {
    await flipped('tile/0/001', 'root', 0);
    expect(await scene.auditor.verify()).toMatchObject(found('TILE_DIFFERS', '256 to 511', 17));
  });

  it('that are gone are found', async () => {
    await scene.log.db.collection('audit_tiles').deleteMany({});
    expect(await scene.auditor.verify()).toMatchObject(found('TILE_DIFFERS', '0', 17));
  });
});
