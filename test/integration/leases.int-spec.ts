import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose, { type Connection } from 'mongoose';
import { Leases } from '../../src/platform/leases/leases.service.ts';
import { eventually } from '../support/eventually.ts';
import { testDatabase, type TestDatabase } from '../support/test-database.ts';

describe(Leases.name, () => {
  const TTL_MS = 900;
  let database: TestDatabase;
  let connection: Connection;

  beforeEach(async () => {
    database = testDatabase();
    const options = { dbName: database.name, monitorCommands: true };
    connection = await mongoose.createConnection(database.uri, options).asPromise();
    await new Leases(connection).onModuleInit();
  });
  afterEach(async () => {
    await database.drop();
    await connection.close();
  });

  it('gives a lease to one of many at a time, and a higher fence to each new holder', async () => {
    const instances = Array.from({ length: 8 }, () => new Leases(connection));
    const held = await Promise.all(instances.map((leases) => leases.hold('task', 60_000)));
    const holder = instances[held.findIndex((lease) => lease !== null)]!;
    expect(held.filter((lease) => lease !== null)).toEqual([{ fence: 1 }]);
    expect(await holder.hold('task', 60_000)).toEqual({ fence: 1 });
    await holder.release('task');
    const other = instances.find((leases) => leases !== holder)!;
    expect(await other.hold('task', 60_000)).toEqual({ fence: 2 });
    expect(await holder.hold('task', 60_000)).toBeNull();
  });

  it('lets another take over once it has expired', async () => {
    const [dead, next] = [new Leases(connection), new Leases(connection)];
    await dead.hold('task', 0);
    expect(await next.hold('task', 60_000)).toEqual({ fence: 2 });
    expect(await dead.hold('task', 60_000)).toBeNull();
  });

  it.each(['expires', 'is given back'])('lets who has looked at it take over once it %s', async (end) => {
    const [first, next] = [new Leases(connection), new Leases(connection)];
    await first.hold('task', TTL_MS);
    for (let look = 0; look < 3; look += 1) expect(await next.hold('task', TTL_MS)).toBeNull();
    if (end === 'is given back') await first.release('task');
    await eventually(async () => (await next.hold('task', TTL_MS)) !== null);
    expect(await next.hold('task', TTL_MS)).toEqual({ fence: 2 });
  });

  it('costs the database little, however often it is asked for', async () => {
    const [holder, other] = [new Leases(connection), new Leases(connection)];
    await holder.hold('task', 60_000);
    await other.hold('task', 60_000);
    const commands: string[] = [];
    connection.getClient().on('commandStarted', ({ commandName }) => commands.push(commandName));
    for (let asked = 0; asked < 50; asked += 1) {
      expect(await holder.hold('task', 60_000)).not.toBeNull();
      expect(await other.hold('task', 60_000)).toBeNull();
    }
    expect(commands).toEqual(['find']);
  });
});
