import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { bytesOf } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { testDatabase } from '../support/test-database.ts';
import { brokenPromises } from './support/broken-promises.ts';
import { type CrashingMongod, startCrashingMongod } from './support/crashing-mongod.ts';
import { readLedger, untilAllIsProjected } from './support/ledger-contents.ts';
import { ResendingVendor } from './support/resending-vendor.ts';
import { readSessionDocuments } from '../support/session-documents.ts';
import { choicesOf, LONG } from './support/run-size.ts';
import { publicKeyOf, verifyBy } from './support/verify.ts';

const KILLS = LONG ? { service: 20, mongod: 5 } : { service: 3, mongod: 1 };
const READ_BACK = LONG ? 1_000 : 200;
const PROJECTIONS = ['sessions', 'exceptions'];

const random = choicesOf('crash');
let mongod: CrashingMongod;
let instances: ServiceProcess[];
let vendor: ResendingVendor;

beforeAll(async () => {
  mongod = await startCrashingMongod();
  const env = { LOG_LEVEL: 'warn' };
  const first = await startService({ env, database: testDatabase(mongod.uri) });
  instances = [first, await startService({ beside: first })];
  vendor = new ResendingVendor(random, () => instances, LONG ? 40 : 10);
}, 120_000);
afterAll(async () => {
  await vendor.stop();
  await stopServices();
  await mongod.stop();
}, 120_000);

/** Lets the load run for a while that ends somewhere between two answers. */
async function untilSomeMoment(): Promise<void> {
  const enough = vendor.acknowledged.length + random.integer(10, 60);
  await eventually(() => vendor.acknowledged.length >= enough, 60_000);
  await delay(random.integer(0, 100));
}

async function killAnInstance(): Promise<void> {
  const place = random.integer(0, instances.length - 1);
  const victim = instances[place]!;
  await victim.kill();
  await delay(random.integer(0, 500));
  instances[place] = await startService({ beside: victim });
}

async function killMongod(): Promise<void> {
  await mongod.kill();
  await delay(random.integer(0, 500));
  await mongod.restart();
}

describe('two instances under load, while they and their MongoDB are killed again and again', () => {
  it('acknowledge what they keep and keep what they acknowledge', async () => {
    const kills = [
      ...Array.from({ length: KILLS.service }, () => killAnInstance),
      ...Array.from({ length: KILLS.mongod }, () => killMongod),
    ];
    vendor.start(12);
    while (kills.length > 0) {
      await untilSomeMoment();
      const [kill] = kills.splice(random.integer(0, kills.length - 1), 1);
      await kill!();
    }
    await untilSomeMoment();
    await vendor.stop();
    expect(vendor.unexpected).toEqual([]);
    // Otherwise no kill met a delivery under way, and nothing was shown.
    expect(vendor.unanswered).toBeGreaterThan(0);

    await untilAllIsProjected(instances[0]!);
    expect(brokenPromises(await readLedger(instances[0]!), vendor)).toEqual([]);
    process.stderr.write(
      `crash: ${vendor.acknowledged.length} acknowledged, ${vendor.unanswered} unanswered, ${vendor.refused} refused\n`,
    );
  }, 900_000);

  it('give every acknowledged delivery back through the API, byte for byte', async () => {
    const { api } = instances[1]!;
    const { sessions } = await readLedger(instances[1]!);
    const usable = vendor.acknowledged.filter(({ delivery }) => delivery.uuid !== null);
    const sample = Array.from({ length: Math.min(READ_BACK, usable.length) }, () => random.pick(usable));
    const differing = await Promise.all(
      sample.map(async ({ receiptId, delivery }) => {
        const result = sessions.get(delivery.uuid!)!.results.find(({ entryId }) => entryId === receiptId)!;
        const raw = await api.get(`/v1/sessions/${delivery.uuid}/result/raw?version=${result.version}`);
        return raw.status === 200 && raw.bytes.equals(bytesOf(delivery.bytes)) ? [] : [receiptId];
      }),
    );
    expect(differing.flat()).toEqual([]);
  }, 120_000);

  it('leave projections that are what a rebuild from the log makes, and a log that the verifier accepts', async () => {
    const [first] = instances;
    const size = () => first!.db.collection('audit_log').countDocuments();
    // Reconciliation goes on for a while after the load.
    await eventually(async () => {
      const before = await size();
      await delay(3_000);
      return (await size()) === before;
    }, 120_000);
    const key = await publicKeyOf(first!);
    for (const instance of instances) await instance.stop();

    const { db, env } = first!;
    const dump = () =>
      Promise.all(
        PROJECTIONS.map((name) =>
          name === 'sessions'
            ? readSessionDocuments(db)
            : db.collection(name).find().sort({ _id: 1 }).toArray(),
        ),
      );
    const { live, rebuilt } = await eventually(async () => {
      const before = { size: await size(), live: await dump() };
      for (const name of PROJECTIONS) await db.collection(name).deleteMany({});
      const rebuild = await runProgram('commands/rebuild.js', env);
      expect(rebuild).toMatchObject({ code: 0 });
      // The rebuild runs as an instance, which may have found something to add.
      return (await size()) === before.size ? { live: before.live, rebuilt: await dump() } : null;
    }, 180_000);
    expect(live.flat().length).toBeGreaterThan(0);
    expect(rebuilt).toEqual(live);

    expect(await verifyBy(key, first!)).toMatchObject({ code: 0 });
  }, 300_000);
});
