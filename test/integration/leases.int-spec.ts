import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import mongoose, { type Connection } from 'mongoose';
import { Leases } from '../../src/platform/leases/leases.service.ts';
import { eventually } from '../support/eventually.ts';
import { testDatabase, type TestDatabase } from '../support/test-database.ts';

describe(Leases.name, () => {
  const TTL_MS = 900;
  let database: TestDatabase;
  let connections: Connection[];
  let commands: string[];

  async function instance(): Promise<Leases> {
    const { uri, name } = database;
    const connection = await mongoose
      .createConnection(uri, { dbName: name, monitorCommands: true })
      .asPromise();
    connection.getClient().on('commandStarted', ({ commandName }) => commands.push(commandName));
    connections.push(connection);
    const leases = new Leases(connection);
    await leases.onModuleInit();
    return leases;
  }

  beforeEach(() => {
    database = testDatabase();
    connections = [];
    commands = [];
  });

  afterEach(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await database.drop();
  });

  it('are had by one instance until it gives them back', async () => {
    const [first, second] = [await instance(), await instance()];
    const lease = await first.hold('task', TTL_MS);
    expect(lease).not.toBeNull();
    expect(await second.hold('task', TTL_MS)).toBeNull();
    expect(await first.hold('task', TTL_MS)).toEqual(lease);
    await first.release('task');
    await eventually(async () => (await second.hold('task', TTL_MS)) !== null);
    expect(await second.hold('task', TTL_MS)).toEqual({ fence: lease!.fence + 1 });
    expect(await first.hold('task', TTL_MS)).toBeNull();
  });

  it('go to another instance at their end', async () => {
    const [first, second] = [await instance(), await instance()];
    await first.hold('task', TTL_MS);
    expect(await second.hold('task', TTL_MS)).toBeNull();
    await wait(TTL_MS + 50);
    expect(await second.hold('task', TTL_MS)).not.toBeNull();
  });

  it('cost the database little, however often they are asked for', async () => {
    const [first, second] = [await instance(), await instance()];
    await first.hold('task', 60_000);
    await second.hold('task', 60_000);
    commands.length = 0;
    for (let asked = 0; asked < 50; asked += 1) {
      expect(await first.hold('task', 60_000)).not.toBeNull();
      expect(await second.hold('task', 60_000)).toBeNull();
    }
    expect(commands).toEqual(['find']);
  });
});
