import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose, { type Connection, mongo } from 'mongoose';
import { Appender, type AppenderObserver } from '../../src/audit/appender.ts';
import type { AuditEntryDocument } from '../../src/audit/audit-entry.schema.ts';
import { AUDIT_LOG_PLAN } from '../../src/audit/audit-collections.ts';
import { AuditLogRepository } from '../../src/audit/audit-log.repository.ts';
import { AuditQueries } from '../../src/audit/audit-queries.service.ts';
import type { PlannedEntry } from '../../src/audit/batch.ts';
import { encodeLeaf } from '../../src/audit/format/leaf.ts';
import { PrimaryChanges } from '../../src/platform/mongo/primary-changes.service.ts';
import { ProjectedRanges } from '../../src/audit/projected-ranges.ts';
import { Projections } from '../../src/audit/projections.service.ts';
import type { Command, Fold, Stream } from '../../src/audit/stream.ts';
import { ToldRanges } from '../../src/audit/told-ranges.repository.ts';
import { type Clock, SystemClock } from '../../src/platform/clock.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { Leases } from '../../src/platform/leases/leases.service.ts';
import { eventually } from '../support/eventually.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const quiet: AppenderObserver = {
  committed: () => undefined,
  attemptFailed: () => undefined,
  projecting: () => () => undefined,
  projectionFailed: () => undefined,
  knownSubjectsFailed: () => undefined,
};
const options = { queueLimit: 10_000, commitTimeoutMs: 30_000, clockToleranceMs: 5_000 };

/** Counts its entries; each entry names the count on which it was decided. */
const counter: Stream<number> = { subjectType: 'counter', initial: () => 0, evolve: (state) => state + 1 };

function add(id: string, stream = counter): Command<number, { state: number; own: number[] }> {
  return {
    stream,
    subjectId: id,
    actor: { type: 'system', id: 'test' },
    alwaysBegins: true,
    decide: (state) => [{ action: 'callback.received', data: { seen: state } }],
    answer: (state, own) => ({ state, own: own.map(({ index }) => index) }),
  };
}

describe('the audit log on MongoDB', () => {
  let database: TestDatabase;
  let connections: Connection[];

  async function connect(options: mongoose.ConnectOptions = {}): Promise<Connection> {
    const connection = await mongoose
      .createConnection(database.uri, { dbName: database.name, ...options })
      .asPromise();
    connections.push(connection);
    return connection;
  }

  async function appender(clock: Clock = new SystemClock(), observer = quiet): Promise<Appender> {
    return new Appender(new AuditLogRepository(await connect()), clock, observer, options);
  }

  const log = () => connections[0]!.getClient().db(database.name).collection<AuditEntryDocument>('audit_log');

  beforeEach(async () => {
    connections = [];
    database = testDatabase();
    await provideCollection((await connect()).getClient().db(database.name), AUDIT_LOG_PLAN);
  });
  afterEach(async () => {
    await database.drop();
    for (const connection of connections) await connection.close();
  });

  it('stays dense and exact while three instances race for every index', async () => {
    const instances = [await appender(), await appender(), await appender()];
    const answers = await Promise.all(
      Array.from({ length: 600 }, (_, n) => instances[n % 3]!.submit(add(`s${n % 10}`))),
    );
    const stored = await log().find().sort({ _id: 1 }).toArray();
    expect(stored.map(({ _id }) => Number(_id))).toEqual(Array.from({ length: 600 }, (_, n) => n));
    expect(answers.flatMap(({ own }) => own).toSorted((a, b) => a - b)).toEqual(
      stored.map(({ _id }) => Number(_id)),
    );
    const counts = new Map<string, number>();
    for (const { subject, leaf } of stored) {
      const seen = counts.get(subject.id) ?? 0;
      counts.set(subject.id, seen + 1);
      expect(JSON.parse(Buffer.from(leaf.buffer).toString())).toHaveProperty('data.seen', seen);
    }
  });

  it('stores every index as a 64-bit integer and beside the leaf only what the leaf says', async () => {
    await (await appender()).submit(add('a'));
    const [stored] = await log().find({}, { promoteLongs: false }).toArray();
    expect(Object.keys(stored!).toSorted()).toEqual([
      '_id',
      'action',
      'actor',
      'at',
      'id',
      'leaf',
      'subject',
    ]);
    expect((stored!._id as mongo.Long)._bsontype).toBe('Long');
    const leaf = JSON.parse(Buffer.from(stored!.leaf.buffer).toString()) as Record<string, unknown>;
    expect(leaf).toMatchObject({
      id: stored!.id,
      action: stored!.action,
      subject: stored!.subject,
      actor: stored!.actor,
    });
    expect(leaf['at']).toBe(stored!.at.toISOString());
  });

  it('tells what each entry before an index is about', async () => {
    const sut = await appender();
    for (const id of ['b', 'a', 'b', 'c']) await sut.submit(add(id));
    const subjects: string[] = [];
    for await (const id of new AuditLogRepository(connections[0]!).subjectsBefore(3)) subjects.push(id);
    expect(subjects.sort()).toEqual(['a', 'b', 'b']);
  });

  it('tells what was added at each time, in the order of the log', async () => {
    const repository = new AuditLogRepository(connections[0]!);
    const at = (second: number, ...ids: string[]) =>
      ids.map(planned).map(({ entry, leaf }) => ({ entry: { ...entry, at: timeOf(second) }, leaf }));
    const timeOf = (second: number) => `2026-01-31T08:00:0${second}.000Z`;
    await repository.insert(0, [...at(1, 's1', 's2', 's3'), ...at(2, 's4', 's5'), ...at(3, 's6')]);
    expect(await repository.readOutlines(1, 10)).toEqual([
      { at: timeOf(1), until: 3, subjectIds: ['s2', 's3'] },
      { at: timeOf(2), until: 5, subjectIds: ['s4', 's5'] },
      { at: timeOf(3), until: 6, subjectIds: ['s6'] },
    ]);
    expect((await repository.readOutlines(1, 3)).map(({ until }) => until)).toEqual([3, 4]);
    expect(await repository.readOutlines(6, 10)).toEqual([]);
  });

  it('reads nothing older than what it has written or seen, and waits for nothing that came to nothing', async () => {
    const connection = await connect({ monitorCommands: true });
    const repository = new AuditLogRepository(connection);
    const times: { insert?: mongo.Timestamp; find?: mongo.Timestamp } = {};
    connection.getClient().on('commandStarted', ({ command }) => {
      const find = command as { find?: string; readConcern?: { afterClusterTime?: mongo.Timestamp } };
      if (find.find) times.find = find.readConcern!.afterClusterTime!;
    });
    connection.getClient().on('commandSucceeded', ({ commandName, reply }) => {
      if (commandName === 'insert')
        times.insert = (reply as { operationTime: mongo.Timestamp }).operationTime;
    });
    const isBehindInsert = () => times.find!.lessThan(times.insert!);

    await repository.insert(0, [planned('s1')]);
    expect(await repository.readSubjects(['s1'])).toHaveLength(1);
    expect(isBehindInsert()).toBe(false);

    const other = new AuditLogRepository(await connect());
    await other.insert(1, [planned('s2')]);
    await expect(repository.insert(1, [planned('s3')])).rejects.toThrow('duplicate key');
    await repository.readSubjects(['s1']);
    expect(isBehindInsert()).toBe(true);
    expect((await repository.readHead()).next).toBe(2);
    await repository.readSubjects(['s2']);
    expect(isBehindInsert()).toBe(false);
  });

  it('decides on what was there before an instance started', async () => {
    const earlier = await appender();
    for (const id of ['a', 'b', 'a']) await earlier.submit(add(id));
    const sut = await appender();
    for (const [id, state] of [
      ['c', 1],
      ['a', 3],
      ['b', 2],
    ] as const) {
      expect(await sut.submit(add(id))).toMatchObject({ state });
    }
    await sut.stop();
  });

  it('refuses a document that is not an entry, whoever inserts it', async () => {
    await expect(log().insertOne({ note: 'hello' } as never)).rejects.toMatchObject({ code: 121 });
  });

  describe('when an index is already taken', () => {
    it.each([0, 2, 4])(
      'keeps what came before document %i of the batch and nothing after it',
      async (taken) => {
        const repository = new AuditLogRepository(connections[0]!);
        const batch = Array.from({ length: 5 }, (_, n) => planned(`s${n}`));
        await log().insertOne({ ...documentAt(taken) });
        await expect(repository.insert(0, batch)).rejects.toMatchObject({ code: 11000 });
        const ids = (await log().find().sort({ _id: 1 }).toArray()).map(({ _id }) => Number(_id));
        expect(ids).toEqual(Array.from({ length: taken + 1 }, (_, n) => n));
      },
    );
  });

  describe('projections', () => {
    /** Keeps folds in memory and can be told to fail. */
    function stream(): Stream<number> & { held: Map<string, Fold<number>>; failing: boolean } {
      const held = new Map<string, Fold<number>>();
      const sut = {
        ...counter,
        held,
        failing: false,
        projection: {
          put: (folds: readonly Fold<number>[]) => {
            if (sut.failing) return Promise.reject(new Error('down'));
            for (const fold of folds)
              if ((held.get(fold.id)?.lastIndex ?? -1) < fold.lastIndex) held.set(fold.id, fold);
            return Promise.resolve();
          },
          projectedUpTo: (ids: readonly string[]) =>
            Promise.resolve(
              new Map(ids.flatMap((id) => (held.has(id) ? [[id, held.get(id)!.lastIndex]] : []))),
            ),
          idsAfter: () => Promise.resolve([]),
          drop: () => Promise.resolve(),
        },
      };
      return sut;
    }

    async function projections(sut: Stream<number>, ranges = new ProjectedRanges()): Promise<Projections> {
      const connection = await connect();
      const leases = new Leases(connection);
      const primary = new PrimaryChanges(connection);
      await leases.onModuleInit();
      await primary.onModuleInit();
      const service = new Projections(
        connection,
        new AuditLogRepository(connection),
        ranges,
        new ToldRanges(connection, primary, new SystemClock()),
        leases,
        primary,
      );
      service.register(sut);
      return service;
    }

    /** The first looks after the rest; the other has told that it projected an entry, of which nothing is left. */
    async function toldByAnother(): Promise<{ first: Projections; held: Map<string, Fold<number>> }> {
      const sut = stream();
      const ranges = new ProjectedRanges();
      const [first, other] = [await projections(sut), await projections(sut, ranges)];
      await first.catchUpRegularly();
      const writer = await appender(new SystemClock(), { ...quiet, projecting: () => ranges.begin() });
      await writer.submit(add('a', sut));
      await other.catchUpRegularly();
      sut.held.clear();
      return { first, held: sut.held };
    }

    it('are brought up to date at the next start after a death between commit and projection', async () => {
      const dying = stream();
      dying.failing = true;
      const sut = await appender();
      await Promise.all(['a', 'b', 'a'].map((id) => sut.submit(add(id, dying))));
      expect(dying.held.size).toBe(0);

      const next = stream();
      await (await projections(next)).onApplicationBootstrap();
      expect([...next.held.values()]).toMatchObject([
        { id: 'a', state: 2, lastIndex: 2 },
        { id: 'b', state: 1, lastIndex: 1 },
      ]);
    });

    it('are not folded again from before the point that an earlier start has reached', async () => {
      const first = stream();
      const sut = await appender();
      await sut.submit(add('a', first));
      await (await projections(first)).onApplicationBootstrap();
      await sut.submit(add('b', { ...first, projection: undefined as never }));

      const second = stream();
      await (await projections(second)).onApplicationBootstrap();
      expect([...second.held.keys()]).toEqual(['b']);
    });

    it('are left alone where this instance has projected itself', async () => {
      const own = stream();
      const ranges = new ProjectedRanges();
      const sut = await appender(new SystemClock(), {
        ...quiet,
        projecting: () => ranges.begin(),
      });
      await sut.submit(add('a', own));
      own.held.clear();
      await (await projections(own, ranges)).onApplicationBootstrap();
      expect(own.held.size).toBe(0);
    });

    it('are caught up by one instance, of which the others learn how far they are', async () => {
      const held = stream();
      const [first, second] = [await projections(held), await projections(held)];
      const sut = await appender();
      await sut.submit(add('a', held));
      await first.catchUpRegularly();
      held.held.clear();

      await second.catchUpRegularly();
      expect(second.settledUntil).toBe(0);
      // Whoever wrote has a while to project it; what this reaches is stored by the round after it.
      await eventually(async () => {
        await first.catchUpRegularly();
        return first.settledUntil === 1;
      });
      expect([...held.held.keys()]).toEqual(['a']);
      await first.catchUpRegularly();
      await second.catchUpRegularly();
      expect(second.settledUntil).toBe(1);

      held.held.clear();
      await sut.submit(add('b', { ...held, projection: undefined as never }));
      await first.onApplicationShutdown();
      await eventually(async () => {
        await second.catchUpRegularly();
        return second.settledUntil === 2;
      });
      expect([...held.held.keys()]).toEqual(['b']);
    });

    it('are not looked at where another instance tells that it has projected them', async () => {
      const { first, held } = await toldByAnother();

      await first.catchUpRegularly();
      expect(first.settledUntil).toBe(1);
      expect(held.size).toBe(0);
    });

    it('are looked at where that was told under another election', async () => {
      const { first, held } = await toldByAnother();
      const told = await connections[0]!
        .collection('told_ranges')
        .updateMany({}, [{ $set: { election: { $concat: ['$election', 'x'] } } }]);
      expect(told.modifiedCount).toBe(1);

      await first.catchUpRegularly();
      expect(first.settledUntil).toBe(0);
      await eventually(async () => {
        await first.catchUpRegularly();
        return first.settledUntil === 1;
      });
      expect([...held.keys()]).toEqual(['a']);
    });

    it('are folded anew from the whole log by a rebuild', async () => {
      const sut = await appender();
      const damaged = stream();
      await Promise.all(['a', 'b', 'a'].map((id) => sut.submit(add(id, damaged))));
      damaged.held.clear();
      const steps: number[] = [];
      const outcome = await (await projections(damaged)).rebuild((done) => steps.push(done));
      expect(outcome).toEqual({ entries: 3, strays: 0 });
      expect(steps).toEqual([3]);
      expect([...damaged.held.values()].map(({ id, state }) => [id, state])).toEqual([
        ['a', 2],
        ['b', 1],
      ]);
    });
  });

  describe('queries', () => {
    let queries: AuditQueries;

    class SteppingClock extends SystemClock {
      private time = Date.parse('2026-01-31T08:00:00.000Z');
      override now(): Date {
        return new Date((this.time += 1_000));
      }
    }

    beforeEach(async () => {
      queries = new AuditQueries(connections[0]!);
      const sut = await appender(new SteppingClock());
      for (let n = 0; n < 12; n += 1) await sut.submit(add(`s${n % 3}`));
    });

    const indexes = async (...args: Parameters<AuditQueries['page']>) =>
      (await queries.page(...args)).items.map(({ index }) => index);

    it('give the entries of a time, found by their order', async () => {
      const from = new Date('2026-01-31T08:00:05.000Z');
      const to = new Date('2026-01-31T08:00:09.000Z');
      expect(await indexes({ from, to }, 50)).toEqual([4, 5, 6, 7]);
      expect(await indexes({ from: to }, 50)).toEqual([8, 9, 10, 11]);
      expect(await indexes({ to: new Date('2020-01-01') }, 50)).toEqual([]);
      expect(await indexes({ from: new Date('2030-01-01') }, 50)).toEqual([]);
    });

    it('give the entries of a subject, page by page', async () => {
      const first = await queries.page({ subject: 's1' }, 3);
      expect(first.items.map(({ index }) => index)).toEqual([1, 4, 7]);
      expect(await indexes({ subject: 's1' }, 3, first.nextCursor!)).toEqual([10]);
    });

    it('tell the hash that the Merkle tree has for the leaf', async () => {
      const entry = await queries.findEntry(3);
      const leaf = await queries.findLeaf(3);
      expect(leaf).toEqual(encodeLeaf(entry!));
      expect(entry!.leafHash).toMatch(/^[A-Za-z0-9+/]{43}=$/);
      expect(await queries.findEntry(12)).toBeNull();
    });
  });
});

function planned(id: string): PlannedEntry {
  const content = {
    id: `01936b2e-7c51-7d3a-9b8e-00000000000${id.slice(1)}`,
    at: '2026-01-31T08:00:00.000Z',
    action: 'callback.received' as const,
    subject: { type: 'counter', id },
    actor: { type: 'system', id: 'test' },
    data: {},
  };
  return { entry: { index: 0, ...content }, leaf: encodeLeaf(content) };
}

function documentAt(index: number) {
  const { entry, leaf } = planned('s9');
  const { id, at, action, subject, actor } = entry;
  return {
    _id: mongo.Long.fromNumber(index),
    id,
    at: new Date(at),
    action,
    subject,
    actor,
    leaf: new mongo.Binary(leaf),
  };
}
