import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { findInstance, hasGuard, recordInstance } from '../../src/platform/embedded-mongo/data-directory.ts';
import { startEmbeddedMongo, type EmbeddedMongo } from '../../src/platform/embedded-mongo/embedded-mongo.ts';
import {
  findProcess,
  isRunning,
  type ProcessIdentity,
} from '../../src/platform/embedded-mongo/process-identity.ts';
import { eventually } from '../support/eventually.ts';

describe(startEmbeddedMongo.name, () => {
  let dataDir: string;
  let log: string[];
  const started: EmbeddedMongo[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ekyc-ledger-embedded-'));
    log = [];
  });

  afterEach(async () => {
    for (const mongod of started.splice(0)) {
      await mongod.stop();
    }
    await eventually(async () => !(await hasGuard(dataDir)));
    await rm(dataDir, { recursive: true, force: true });
  });

  async function start(options: { port?: number } = {}): Promise<EmbeddedMongo> {
    const mongod = await startEmbeddedMongo({
      dataDir,
      cacheSizeGb: 0.25,
      env: process.env,
      log: (line) => log.push(line),
      ...options,
    });
    started.push(mongod);
    return mongod;
  }

  it('runs transactions, and keeps what they committed and its address over a clean stop', async () => {
    const first = await start();
    await withItems(first.uri, async (items, client) => {
      await expect(
        client.withSession((session) =>
          session.withTransaction(async () => {
            await items.insertOne({ name: 'rolled back' }, { session });
            throw new Error('changed our mind');
          }),
        ),
      ).rejects.toThrow('changed our mind');
      await client.withSession((session) =>
        session.withTransaction(() => items.insertOne({ name: 'committed' }, { session })),
      );
    });
    await first.stop();

    const second = await start();

    expect(second.uri).toBe(first.uri);
    expect(await read(second.uri)).toEqual(['committed']);
  });

  it('serves the same data on another port when its own was taken meanwhile', async () => {
    const first = await start();
    await write(first.uri, 'kept');
    await first.stop();
    const intruder = createServer((socket) => socket.destroy()).listen(portOf(first.uri), '127.0.0.1');
    await once(intruder, 'listening');

    const second = await start().finally(() => intruder.close());

    expect(second.uri).not.toBe(first.uri);
    expect(await read(second.uri)).toEqual(['kept']);
    await write(second.uri, 'writable');
  });

  it('loses no journaled write when mongod is killed', async () => {
    const first = await start();
    await write(first.uri, 'acknowledged');
    const { mongod } = (await findInstance(dataDir))!;
    process.kill(mongod.pid, 'SIGKILL');
    await eventually(() => !isRunning(mongod));

    const second = await start();

    expect(await read(second.uri)).toEqual(['acknowledged']);
  });

  it('stops mongod by itself when the process that used it is killed', async () => {
    const owner = startElsewhere(dataDir);
    await write(await uriOf(owner), 'kept');
    const { mongod } = (await findInstance(dataDir))!;

    owner.kill('SIGKILL');

    await eventually(() => !isRunning(mongod));
    expect(await read((await start()).uri)).toEqual(['kept']);
  });

  it('takes over a mongod whose owner and guard were both killed', async () => {
    const owner = startElsewhere(dataDir);
    const orphanedUri = await uriOf(owner);
    await write(orphanedUri, 'kept');
    process.kill(await guardPid(dataDir), 'SIGKILL');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const { mongod } = (await findInstance(dataDir))!;

    const adopted = await start();

    expect(adopted.uri).toBe(orphanedUri);
    expect(log.join()).toContain('runs already');
    expect(await read(adopted.uri)).toEqual(['kept']);
    await adopted.stop();
    expect(isRunning(mongod)).toBe(false);
  });

  it('is shared by processes that start it on one directory, until the last one stops', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.uri).toBe(first.uri);

    await first.stop();
    await write(second.uri, 'still there');
    const { mongod } = (await findInstance(dataDir))!;
    await second.stop();

    expect(isRunning(mongod)).toBe(false);
  });

  it('leaves another process alone that got the recorded pid after a crash', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)']);
    const identity = findProcess(bystander.pid!)!;
    await recordInstance(dataDir, { port: 1, mongod: { ...identity, startedAt: 'another time' } });

    await write((await start()).uri, 'works');

    expect(isRunning(identity)).toBe(true);
    bystander.kill();
  });

  it('tells the end of mongod’s own log when mongod does not start', async () => {
    await expect(
      startEmbeddedMongo({ dataDir, cacheSizeGb: -1, env: process.env, log: () => undefined }),
    ).rejects.toThrow(/mongod did not start/);
  });
});

interface Item {
  readonly name: string;
}

async function withItems<T>(
  uri: string,
  use: (items: mongo.Collection<Item>, client: mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(uri);
  try {
    return await use(client.db('embedded').collection<Item>('items'), client);
  } finally {
    await client.close();
  }
}

function write(uri: string, name: string): Promise<unknown> {
  return withItems(uri, (items) => items.insertOne({ name }, { writeConcern: { w: 'majority', j: true } }));
}

function read(uri: string): Promise<string[]> {
  return withItems(uri, async (items) => (await items.find().toArray()).map(({ name }) => name));
}

function portOf(uri: string): number {
  return Number(new URL(uri).port);
}

function startElsewhere(dataDir: string): ChildProcess {
  const program = join(import.meta.dirname, '../support/start-embedded-mongo.ts');
  return spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function uriOf(owner: ChildProcess): Promise<string> {
  const [line] = (await once(owner.stdout!, 'data')) as [Buffer];
  return line.toString().trim();
}

async function guardPid(dataDir: string): Promise<number> {
  const record = await readFile(join(dataDir, 'guard.json'), 'utf8');
  return (JSON.parse(record) as ProcessIdentity).pid;
}
