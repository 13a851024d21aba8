import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection, mongo } from 'mongoose';
import type { AuditLog } from '../../src/audit/audit-log.service.ts';
import { AuditQueries } from '../../src/audit/audit-queries.service.ts';
import { type Clock, SystemClock } from '../../src/platform/clock.ts';
import { Leases } from '../../src/platform/leases/leases.service.ts';
import { Metrics } from '../../src/platform/metrics/metrics.service.ts';
import { OrphanedBlobsTask } from '../../src/vault/orphaned-blobs.task.ts';
import { testDatabase, type TestDatabase } from '../support/test-database.ts';

const MINUTE = 60_000;

describe('blobs that no entry refers to', () => {
  let database: TestDatabase;
  let connection: Connection;

  beforeEach(async () => {
    database = testDatabase();
    connection = await createConnection(database.uri, { dbName: database.name }).asPromise();
  });
  afterEach(async () => {
    await connection.close();
    await database.drop();
  });

  const vault = () => connection.collection<{ _id: string; kind: string; createdAt: Date }>('vault');
  const log = () => connection.collection<{ _id: mongo.Long; id: string }>('audit_log');
  const left = async () => (await vault().find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  const task = (clock: Clock = new SystemClock(), isHalted = false) =>
    new OrphanedBlobsTask(
      connection,
      { isHalted } as AuditLog,
      new AuditQueries(connection),
      new Leases(connection),
      clock,
      new Metrics(),
    );

  /** As the appender makes its ids. */
  function idOf(time: number): string {
    const hex = time.toString(16).padStart(12, '0');
    const random = randomBytes(9).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
  }

  async function keep(ageMinutes: number, { kind = 'callback', index = -1 } = {}): Promise<string> {
    const createdAt = new Date(Date.now() - ageMinutes * MINUTE);
    const id = idOf(createdAt.getTime());
    await vault().insertOne({ _id: id, kind, createdAt });
    if (index >= 0) await log().insertOne({ _id: mongo.Long.fromNumber(index), id });
    return id;
  }

  it('are removed once they are an hour old; what an entry refers to is never touched', async () => {
    const kept = [
      await keep(60 * 24 * 365, { index: 0 }),
      await keep(90, { index: 1 }),
      await keep(61, { kind: 'quarantine', index: 2 }),
      await keep(50),
      await keep(0),
    ];
    await keep(60 * 24 * 365);
    await keep(90, { kind: 'pull' });
    await keep(61, { kind: 'comment' });
    expect(await task().run()).toBe(3);
    expect(await left()).toEqual(kept.toSorted());
  });

  it('are left alone where they are of a kind that is not kept with entries', async () => {
    const other = await keep(90, { kind: 'something-else' });
    expect(await task().run()).toBe(0);
    expect(await left()).toEqual([other]);
  });

  it('are not taken for old by an instance whose clock runs ahead', async () => {
    const young = await keep(5);
    const ahead = { now: () => new Date(Date.now() + 600 * MINUTE) };
    expect(await task(ahead).run()).toBe(0);
    expect(await left()).toEqual([young]);
  });

  it('are evidence while the log is not what was signed, and stay', async () => {
    const orphan = await keep(90);
    expect(await task(undefined, true).run()).toBe(0);
    expect(await left()).toEqual([orphan]);
  });

  it('are removed by one instance at a time', async () => {
    await keep(90);
    const [first, second] = [task(), task()];
    expect(await first.run()).toBe(1);
    await keep(90);
    expect(await second.run()).toBe(0);
    expect(await left()).toHaveLength(1);
  });
});
