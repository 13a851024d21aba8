import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import mongoose, { type Connection, mongo } from 'mongoose';
import type { AppConfig } from '../../src/platform/config/app-config.ts';
import { Clock } from '../../src/platform/clock.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { PrimaryChanges } from '../../src/platform/mongo/primary-changes.service.ts';
import { EVIDENCE_PLANS } from '../../src/vault/evidence.schema.ts';
import { EvidenceStore, type StoredMedia } from '../../src/vault/evidence-store.service.ts';
import { VAULT_PLAN } from '../../src/vault/vault.schema.ts';
import { Vault } from '../../src/vault/vault.service.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const MiB = 1024 * 1024;
const NOW = new Date('2026-01-31T08:00:00.000Z');
const config = {
  vault: { masterKeys: [{ id: 'k1', key: randomBytes(32) }], legalHoldDays: 10 },
} as unknown as AppConfig;

class FixedClock extends Clock {
  override now(): Date {
    return NOW;
  }
}

async function* inPieces(bytes: Buffer, length = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

describe(EvidenceStore.name, () => {
  let database: TestDatabase;
  let connection: Connection;
  let store: EvidenceStore;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    database = testDatabase();
    connection = await mongoose.createConnection(database.uri, { dbName: database.name }).asPromise();
    for (const plan of [VAULT_PLAN, ...EVIDENCE_PLANS]) await provideCollection(db(), plan);
    const vault = new Vault(connection, config, new FixedClock(), new PrimaryChanges(connection));
    const item = { session: 'a', kind: 'pull', bytes: Buffer.from('a result'), hasEarlier: false };
    await vault.putAll([{ entryId: 'e1', item }], true);
    store = new EvidenceStore(connection, config, vault, new FixedClock());
  });
  afterEach(async () => {
    await database.drop();
    await connection.close();
  });

  const db = () => connection.getClient().db(database.name);
  const count = async () => {
    const [files, chunks, notes] = await Promise.all(
      EVIDENCE_PLANS.map(({ name }) => db().collection(name).countDocuments()),
    );
    return { files, chunks, notes };
  };
  const whole = ({ bytes }: StoredMedia) => ({ start: 0, end: bytes - 1 });

  async function read(media: StoredMedia, range = whole(media)): Promise<Buffer | null> {
    const opened = await store.open(media, range);
    if (opened === null) return null;
    const pieces: Buffer[] = [];
    for await (const piece of opened) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  it('gives back what it was given, whole or any part, and knows its length and digest', async () => {
    const plain = randomBytes(3 * MiB + 77);
    const media = await store.put('a', 'video', inPieces(plain));
    expect(media).toMatchObject({
      bytes: plain.length,
      sha256: createHash('sha256').update(plain).digest('hex'),
    });
    expect((await read(media))?.equals(plain)).toBe(true);
    for (const [start, end] of [
      [0, 0],
      [plain.length - 1, plain.length - 1],
      [65_535, 65_536],
      [MiB - 100, MiB + 100_000],
      [2 * MiB, plain.length - 1],
    ] as const) {
      expect((await read(media, { start, end }))?.equals(plain.subarray(start, end + 1))).toBe(true);
    }
  });

  it('shows nothing of the bytes in the database', async () => {
    const mark = Buffer.from('a face that everybody would know');
    await store.put('a', 'front', inPieces(Buffer.concat([mark, Buffer.alloc(100_000), mark])));
    const stored = await db().collection('evidence.chunks').find<{ data: mongo.Binary }>({}).toArray();
    expect(stored.some(({ data }) => Buffer.from(data.buffer).includes(mark))).toBe(false);
  });

  it('does not give out a file that was altered, cut off or put in the place of another', async () => {
    const chunks = db().collection<{ files_id: mongo.ObjectId; n: number; data: mongo.Binary }>(
      'evidence.chunks',
    );
    const plain = randomBytes(2 * MiB + 5);
    const [one, other] = [
      await store.put('a', 'video', inPieces(plain)),
      await store.put('a', 'video', inPieces(plain)),
    ];
    const idOf = ({ fileId }: StoredMedia) => new mongo.ObjectId(fileId);
    const chunk = (await chunks.findOne({ files_id: idOf(one), n: 1 }))!;
    const twin = (await chunks.findOne({ files_id: idOf(other), n: 1 }))!;

    await chunks.updateOne({ _id: chunk._id }, { $set: { data: twin.data } });
    await expect(read(one)).rejects.toThrow();
    await chunks.updateOne({ _id: chunk._id }, { $set: { data: chunk.data } });
    expect((await read(one))?.equals(plain)).toBe(true);

    await chunks.deleteOne({ files_id: idOf(one), n: 2 });
    await expect(read(one)).rejects.toThrow('ends too early');
    expect(await read(one, { start: 0, end: MiB })).toHaveLength(MiB + 1);
  });

  it('keeps nothing of media that break off, but the note by which a late write would be found', async () => {
    async function* breaking(): AsyncGenerator<Buffer> {
      yield* inPieces(randomBytes(3 * MiB));
      throw new Error('the connection broke');
    }
    await expect(store.put('a', 'video', breaking())).rejects.toThrow('the connection broke');
    expect(await count()).toMatchObject({ files: 0, notes: 1 });
    const [left] = await store.findUnsettled(new Date(NOW.getTime() + 1), 10);
    expect(left?.session).toBe('a');
    await store.erase([left!.fileId]);
    await store.settle(left!.fileId);
    expect(await count()).toEqual({ files: 0, chunks: 0, notes: 0 });
  });

  it('finds a file by its note until it is settled, once it is old enough', async () => {
    const media = await store.put('a', 'front', inPieces(randomBytes(10)));
    expect(await store.findUnsettled(NOW, 10)).toEqual([]);
    const later = new Date(NOW.getTime() + 1);
    expect(await store.findUnsettled(later, 10)).toEqual([{ fileId: media.fileId, session: 'a' }]);
    await store.settle(media.fileId);
    expect(await store.findUnsettled(later, 10)).toEqual([]);
  });

  it('erases files with their keys, and says until when they are to be kept', async () => {
    const kept = await store.put('a', 'front', inPieces(randomBytes(10)));
    const media = await store.put('a', 'video', inPieces(randomBytes(2 * MiB)));
    expect(await store.findErasableAfter([media.fileId])).toEqual(new Date('2026-02-10T08:00:00.000Z'));
    await store.erase([media.fileId]);
    expect(await read(media)).toBeNull();
    expect(await count()).toMatchObject({ files: 1, chunks: 1 });
    expect(await store.findErasableAfter([media.fileId])).toBeNull();
    expect(await read(kept)).toHaveLength(10);
  });

  it('takes no media of a session that has no key', async () => {
    await expect(store.put('b', 'front', inPieces(randomBytes(10)))).rejects.toThrow('no data key');
    expect(await count()).toEqual({ files: 0, chunks: 0, notes: 0 });
  });

  it('does not hold a video of 200 MiB in memory, neither writing nor reading it', async () => {
    const size = 200 * MiB;
    const piece = randomBytes(64 * 1024);
    let peak = 0;
    const look = () => (peak = Math.max(peak, process.memoryUsage.rss()));
    async function* video(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < size; sent += piece.length) {
        look();
        yield await Promise.resolve(piece);
      }
    }
    await store.put('a', 'front', inPieces(randomBytes(4 * MiB)));
    const before = process.memoryUsage.rss();
    const media = await store.put('a', 'video', video());
    let read = 0;
    for await (const bytes of (await store.open(media, whole(media)))!) {
      read += bytes.length;
      look();
    }
    expect([media.bytes, read]).toEqual([size, size]);
    process.stderr.write(`200 MiB written and read: RSS grew by ${Math.round((peak - before) / MiB)} MiB\n`);
    expect(peak - before).toBeLessThan(size / 2);
  }, 300_000);
});
