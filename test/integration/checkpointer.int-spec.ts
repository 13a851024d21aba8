import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { type Connection, mongo } from 'mongoose';
import { Appender } from '../../src/audit/appender.ts';
import { AUDIT_PLANS } from '../../src/audit/audit-collections.ts';
import { AuditLogRepository } from '../../src/audit/audit-log.repository.ts';
import { CheckpointMetrics } from '../../src/audit/checkpoint-metrics.service.ts';
import { CheckpointQueries } from '../../src/audit/checkpoint-queries.service.ts';
import { Checkpointer } from '../../src/audit/checkpointer.service.ts';
import { CheckpointsRepository } from '../../src/audit/checkpoints.repository.ts';
import { openCheckpoint } from '../../src/audit/format/checkpoint.ts';
import { ed25519Cosigner } from '../../src/audit/format/cosignature.ts';
import { encodeAddCheckpoint } from '../../src/audit/format/witness-protocol.ts';
import { leafHash, planConsistencyProof, verifyConsistency } from '../../src/audit/format/merkle.ts';
import { parseTlogProof, verifyTlogProof } from '../../src/audit/format/tlog-proof.ts';
import { CheckpointSigning } from '../../src/audit/checkpoint-signing.service.ts';
import { LogIntegrity } from '../../src/audit/log-integrity.service.ts';
import { Witnesses } from '../../src/audit/witnesses.service.ts';
import { KeyRotation } from '../../src/audit/key-rotation.service.ts';
import { AuditLog } from '../../src/audit/audit-log.service.ts';
import { AuditMetrics } from '../../src/audit/audit-metrics.service.ts';
import { ProjectedRanges } from '../../src/audit/projected-ranges.ts';
import { LogKeys } from '../../src/audit/log-keys.service.ts';
import type { Command, Stream } from '../../src/audit/stream.ts';
import { TilesRepository } from '../../src/audit/tiles.repository.ts';
import { Tiles } from '../../src/audit/tiles.service.ts';
import { SystemClock } from '../../src/platform/clock.ts';
import type { AppConfig } from '../../src/platform/config/app-config.ts';
import { ReadinessChecks } from '../../src/platform/health/readiness.ts';
import { Leases } from '../../src/platform/leases/leases.service.ts';
import { Metrics } from '../../src/platform/metrics/metrics.service.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { StateFile } from '../../src/witness/state-file.ts';
import { Witness } from '../../src/witness/witness.ts';
import { witnessServer } from '../../src/witness/witness-server.ts';
import { eventually } from '../support/eventually.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const ORIGIN = 'audit.bank.example/test';
const OLD_KEY = Buffer.alloc(32, 1);
const NEW_KEY = Buffer.alloc(32, 2);
const OPTIONS = { queueLimit: 100_000, commitTimeoutMs: 30_000, clockToleranceMs: 5_000 };

const counter: Stream<null> = { subjectType: 'counter', initial: () => null, evolve: () => null };
const add: Command<null, void> = {
  stream: counter,
  subjectId: 'a',
  actor: { type: 'system', id: 'test' },
  decide: () => [{ action: 'callback.received', data: {} }],
  answer: () => undefined,
};

class SettableClock extends SystemClock {
  offsetMs = 0;
  override now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
}

describe(Checkpointer.name, () => {
  let database: TestDatabase;
  let connection: Connection;
  let db: mongo.Db;
  let clock: SettableClock;

  beforeEach(async () => {
    database = testDatabase();
    connection = await mongoose.createConnection(database.uri, { dbName: database.name }).asPromise();
    db = connection.getClient().db(database.name);
    for (const plan of AUDIT_PLANS) await provideCollection(db, plan);
    clock = new SettableClock();
  });
  afterEach(async () => {
    await database.drop();
    await connection.close();
  });

  function instance(
    seeds = [OLD_KEY],
    origin = ORIGIN,
    witnesses: { url: string; vkey: string }[] = [],
    witnessQuorum = 0,
  ) {
    const config = {
      audit: { origin, signingSeeds: seeds, witnesses, witnessQuorum, ...OPTIONS },
    } as unknown as AppConfig;
    const entries = new AuditLogRepository(connection);
    const checkpoints = new CheckpointsRepository(connection);
    const tileStore = new TilesRepository(connection);
    const tiles = new Tiles(tileStore, entries);
    const keys = new LogKeys(config);
    const metrics = new Metrics();
    const checkpointMetrics = new CheckpointMetrics(metrics);
    const asked = new Witnesses(config, checkpoints, tiles, metrics);
    const log = new AuditLog(entries, clock, config, new AuditMetrics(metrics), new ProjectedRanges());
    const integrity = new LogIntegrity(entries, checkpoints, tiles, keys, clock, config);
    const signing = new CheckpointSigning(checkpoints, keys, asked, checkpointMetrics, clock);
    const sut = new Checkpointer(
      entries,
      integrity,
      tileStore,
      signing,
      new KeyRotation(log, keys),
      log,
      new Leases(connection),
      checkpointMetrics,
      new ReadinessChecks(),
    );
    return {
      sut,
      checkpoints,
      keys,
      log,
      queries: new CheckpointQueries(checkpoints, entries, tiles, config),
    };
  }

  async function append(count: number): Promise<void> {
    const observer = {
      committed: () => undefined,
      attemptFailed: () => undefined,
      projecting: () => () => undefined,
      projectionFailed: () => undefined,
      knownSubjectsFailed: () => undefined,
    };
    const appender = new Appender(new AuditLogRepository(connection), clock, observer, OPTIONS);
    await Promise.all(Array.from({ length: count }, () => appender.submit(add)));
  }

  it('signs the empty log and each growth, and every receipt and consistency proof verifies', async () => {
    const { sut, keys, queries } = instance();
    await sut.integrate();
    const sizes = [0];
    for (const count of [1, 2, 300, 210]) {
      await append(count);
      await sut.integrate();
      sizes.push((sizes.at(-1) ?? 0) + count);
    }
    const opened = openCheckpoint((await queries.findNote())!, keys.verifiers);
    expect(opened).toMatchObject({ outcome: 'TRUSTED', checkpoint: { origin: ORIGIN, size: 513 } });

    const leaves = await new AuditLogRepository(connection).readLeaves(0, 513);
    const policy = { logKeys: keys.verifiers, witnesses: [], quorum: 0 };
    for (const index of [0, 1, 2, 255, 256, 300, 511, 512]) {
      const receipt = parseTlogProof(await queries.receipt(index));
      expect(verifyTlogProof(receipt, leafHash(leaves[index]!.leaf), policy)).toMatchObject({
        outcome: 'INCLUDED',
        index,
      });
    }
    const roots = new Map(
      (await db.collection('audit_checkpoints').find().toArray()).map((row) => [
        Number(row['size']),
        Buffer.from((row['root'] as mongo.Binary).buffer),
      ]),
    );
    for (const from of sizes) {
      for (const to of sizes.filter((size) => size >= from)) {
        expect(
          verifyConsistency(from, to, await queries.consistency(from, to), roots.get(from)!, roots.get(to)!),
        ).toBe(true);
      }
    }
  });

  it('takes up where another instance stopped, and two at once sign every size at most once', async () => {
    await append(300);
    await instance().sut.integrate();
    await append(100);
    const [a, b] = [instance(), instance()];
    await Promise.all([a.sut.integrate(), b.sut.integrate()]);
    await append(20);
    await Promise.all([a.sut.integrate(), b.sut.integrate()]);
    const rows = await db.collection('audit_checkpoints').find().sort({ _id: 1 }).toArray();
    expect(rows.map(({ _id, size }) => [Number(_id), Number(size)])).toEqual([
      [0, 300],
      [1, 400],
      [2, 420],
    ]);
  });

  describe('of what it has committed itself between entries of others', () => {
    let sut: ReturnType<typeof instance>;

    beforeEach(async () => {
      sut = instance();
      for (let round = 0; round < 2; round += 1) {
        await sut.log.append(add);
        await append(2);
      }
      await sut.log.append(add);
    });

    it('signs what was acknowledged, whatever the database says by then', async () => {
      await db
        .collection('audit_log')
        .updateMany({ _id: { $in: [3, 6].map((index) => mongo.Long.fromNumber(index)) } } as never, {
          $set: { leaf: new mongo.Binary(Buffer.from('{}')) },
        });
      await sut.sut.integrate();
      expect((await sut.checkpoints.findLatest())?.size).toBe(7);
      await expect(instance().sut.onApplicationBootstrap()).rejects.toThrow('ROOT_DIFFERS');
    });

    it('signs nothing that comes after an entry which is gone', async () => {
      await db.collection('audit_log').deleteOne({ _id: mongo.Long.fromNumber(4) });
      await expect(sut.sut.integrate()).rejects.toThrow('ENTRY_MISSING');
    });
  });

  it('does not serve what no checkpoint covers', async () => {
    const { sut, queries } = instance();
    await append(3);
    await sut.integrate();
    await append(1);
    await expect(queries.receipt(3)).rejects.toMatchObject({ code: 'NOT_YET_SEALED' });
    await expect(queries.receipt(4)).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    await expect(queries.consistency(1, 4)).rejects.toMatchObject({ code: 'NOT_YET_SEALED' });
    expect(await queries.findTile('tile/0/000.p/3')).toHaveLength(96);
    expect(await queries.findTile('tile/0/000.p/4')).toBeNull();
    expect(await queries.findTile('tile/entries/000.p/4')).toBeNull();
    expect(await queries.findTile('tile/0/000')).toBeNull();
    expect(await queries.findTile('tile/0/0')).toBeNull();
  });

  describe('refuses to start and to sign, names the cause and is not ready', () => {
    beforeEach(async () => {
      await append(300);
      await instance().sut.integrate();
    });

    async function fault(sut: Checkpointer): Promise<string> {
      await expect(sut.onApplicationBootstrap()).rejects.toThrow();
      return sut.check().then(
        () => 'ready',
        (error: Error) => error.message.split(':')[0]!,
      );
    }

    it('when the log is shorter than its last checkpoint', async () => {
      await db.collection('audit_log').deleteMany({ _id: { $gte: mongo.Long.fromNumber(299) } } as never);
      expect(await fault(instance().sut)).toBe('LOG_SHORTER_THAN_CHECKPOINT');
    });

    it('when an entry at the edge was changed', async () => {
      await db.collection('audit_log').updateOne(
        { _id: mongo.Long.fromNumber(298) },
        {
          $set: { leaf: new mongo.Binary(Buffer.from('{}')) },
        },
      );
      expect(await fault(instance().sut)).toBe('ROOT_DIFFERS');
    });

    it('when a tile was changed', async () => {
      await db.collection('audit_tiles').updateOne({ _id: 'tile/0/000' } as never, {
        $set: { root: new mongo.Binary(Buffer.alloc(32)), hashes: new mongo.Binary(Buffer.alloc(8192)) },
      });
      expect(await fault(instance().sut)).toBe('ROOT_DIFFERS');
    });

    it('when a tile is gone', async () => {
      await db.collection('audit_tiles').deleteMany({});
      expect(await fault(instance().sut)).toBe('ENTRY_MISSING');
    });

    it('when the stored checkpoint is not what was signed', async () => {
      await db.collection('audit_checkpoints').updateMany({}, { $set: { size: mongo.Long.fromNumber(299) } });
      expect(await fault(instance().sut)).toBe('ROOT_DIFFERS');
    });

    it('when key or name are not those of the last checkpoint', async () => {
      expect(await fault(instance([NEW_KEY]).sut)).toBe('CHECKPOINT_NOT_OURS');
      expect(await fault(instance([OLD_KEY], 'audit.bank.example/other').sut)).toBe('CHECKPOINT_NOT_OURS');
    });

    it('when the clock runs back', async () => {
      clock.offsetMs = -60_000;
      expect(await fault(instance().sut)).toBe('CLOCK_BACKWARDS');
    });

    it('and signs nothing, not even when asked again', async () => {
      await db.collection('audit_log').deleteMany({ _id: { $gte: mongo.Long.fromNumber(200) } } as never);
      const { sut, log } = instance();
      await sut.runRegularly();
      await sut.runRegularly();
      await expect(log.append(add)).rejects.toMatchObject({ code: 'LOG_DIVERGED' });
      await expect(sut.check()).rejects.toThrow('LOG_SHORTER_THAN_CHECKPOINT');
      expect(await db.collection('audit_checkpoints').countDocuments()).toBe(1);
    });
  });

  it('signs with the old and the new key while one replaces the other, then with the new one alone', async () => {
    await append(1);
    await instance([OLD_KEY]).sut.integrate();
    await append(1);
    await instance([NEW_KEY, OLD_KEY]).sut.integrate();
    await append(1);
    const last = instance([NEW_KEY]);
    await last.sut.integrate();
    expect(openCheckpoint((await last.queries.findNote())!, last.keys.verifiers)).toMatchObject({
      outcome: 'TRUSTED',
      checkpoint: { size: 4 },
    });
    const notes = (await db.collection('audit_checkpoints').find().sort({ _id: 1 }).toArray()).map((row) =>
      Buffer.from((row['note'] as mongo.Binary).buffer).toString(),
    );
    expect(notes.map((note) => note.split('\n— ').length - 1)).toEqual([1, 2, 1]);
    const rotated = await db.collection('audit_log').find({ action: 'key.rotated' }).toArray();
    expect(rotated.map(({ _id }) => Number(_id))).toEqual([2]);
    const leaf = JSON.parse(Buffer.from((rotated[0]!['leaf'] as mongo.Binary).buffer).toString()) as {
      data: { from: string; to: string };
    };
    expect(leaf.data).toEqual({ from: instance([OLD_KEY]).keys.vkeys[0], to: last.keys.vkeys[0] });
  });

  describe('with witnesses', () => {
    let folder: string;
    const servers: Server[] = [];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ekyc-witness-'));
    });
    afterEach(async () => {
      for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    });

    /** A real witness on its own port that remembers in its own file. */
    async function witness(name: string, seed: number, logKeys = instance().keys.verifiers) {
      const cosigner = ed25519Cosigner(`witness.example/${name}`, Buffer.alloc(32, seed));
      const state = new StateFile(join(folder, `${name}.json`));
      const sut = new Witness(cosigner, logKeys, state, () => Math.floor(Date.now() / 1000));
      const server = witnessServer(sut, state, (error) => {
        throw error;
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        vkey: cosigner.vkey,
        state,
      };
    }

    const signaturesOn = async (queries: CheckpointQueries) =>
      ((await queries.findNote())?.toString().match(/^— /gm) ?? []).length;

    it('carries their signatures as the log grows, also those of a witness that joins late or was away', async () => {
      const [early, late] = [await witness('w1', 11), await witness('w2', 12)];
      await append(10);
      await instance([OLD_KEY], ORIGIN, [early]).sut.integrate();
      const { sut, queries, checkpoints } = instance([OLD_KEY], ORIGIN, [early, late]);
      for (const count of [300, 5]) {
        await append(count);
        await sut.integrate();
        const { number } = (await checkpoints.findLatest())!;
        await eventually(async () => (await checkpoints.findCosignatures(number)).length === 2);
      }
      expect(await signaturesOn(queries)).toBe(3);
      expect([early.state.find(ORIGIN)?.size, late.state.find(ORIGIN)?.size]).toEqual([315, 315]);
    });

    it('shows nobody a checkpoint that too few of them have signed', async () => {
      const reachable = await witness('w1', 11);
      const away = {
        url: 'http://127.0.0.1:9',
        vkey: ed25519Cosigner('witness.example/w2', Buffer.alloc(32, 12)).vkey,
      };
      await append(1);
      const { sut, checkpoints, queries } = instance([OLD_KEY], ORIGIN, [reachable, away], 2);
      await sut.integrate();
      await eventually(async () => (await checkpoints.findCosignatures(0)).length === 1);
      expect(await queries.findNote()).toBeNull();
      const one = instance([OLD_KEY], ORIGIN, [reachable], 1);
      expect(await signaturesOn(one.queries)).toBe(2);
    });

    it('gets no signature for a history that was rewritten and signed again', async () => {
      const known = await witness('w1', 11);
      await append(20);
      const { sut, checkpoints } = instance([OLD_KEY], ORIGIN, [known]);
      await sut.integrate();
      await eventually(async () => (await checkpoints.findCosignatures(0)).length === 1);

      for (const plan of AUDIT_PLANS) await db.collection(plan.name).deleteMany({});
      await append(40);
      const rewritten = instance([OLD_KEY], ORIGIN, [known]);
      await rewritten.sut.integrate();
      const { note } = (await checkpoints.findLatest())!;
      const tiles = new Tiles(new TilesRepository(connection), new AuditLogRepository(connection));
      const proof = await tiles.prove(planConsistencyProof(20, 40), 40);
      const response = await fetch(`${known.url}/add-checkpoint`, {
        method: 'POST',
        body: encodeAddCheckpoint({ oldSize: 20, proof, checkpoint: note }),
      });
      expect(response.status).toBe(422);
      expect(known.state.find(ORIGIN)?.size).toBe(20);
    });
  });
});
