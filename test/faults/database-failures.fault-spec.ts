import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { databaseUri, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { testDatabase } from '../support/test-database.ts';
import { verify } from './support/verify.ts';
import { brokenPromises } from './support/broken-promises.ts';
import { type FailingMongod, type Failure, startFailingMongod } from './support/failing-mongod.ts';
import { readLedger, untilAllIsProjected } from './support/ledger-contents.ts';
import {
  type Acknowledgement,
  type Delivery,
  ResendingVendor,
  sha256Of,
} from './support/resending-vendor.ts';
import { choicesOf, LONG } from './support/run-size.ts';

/** Short, so that a caller whose answer hangs is told soon, and what hangs is given up. */
const ENV = { LOG_LEVEL: 'warn', AUDIT_COMMIT_TIMEOUT_MS: '4000', MONGODB_ANSWER_TIMEOUT_MS: '6000' };

const random = choicesOf('database-failures');
let mongod: FailingMongod;
let service: ServiceProcess;
let second: ServiceProcess;
const vendors: ResendingVendor[] = [];
const direct = { sent: new Map<string, Delivery>(), acknowledged: [] as Acknowledgement[] };

beforeAll(async () => {
  mongod = await startFailingMongod();
  service = await startService({ env: ENV, database: testDatabase(mongod.uri) });
  second = await startService({ beside: service, env: ENV });
}, 170_000);
afterAll(async () => {
  await stopServices();
  await mongod.stop();
}, 60_000);

afterEach(async () => {
  for (const vendor of vendors) await vendor.stop();
});

/** Delivers once; an acknowledgement is remembered, and whatever else is told. */
async function deliver({ api }: ServiceProcess, uuid: string): Promise<{ status: number; outcome?: string }> {
  const bytes = Buffer.from(JSON.stringify(aCallback({ uuid })));
  const delivery = { uuid, bytes, sha256: sha256Of(bytes) };
  direct.sent.set(delivery.sha256, delivery);
  const { status, body } = await api.deliver(bytes);
  if (status === 200) direct.acknowledged.push({ delivery, ...body });
  return { status, ...(status === 200 && { outcome: body.outcome }) };
}

function load(instances: () => readonly ServiceProcess[]): ResendingVendor {
  const vendor = new ResendingVendor(random, instances, 10);
  vendors.push(vendor);
  vendor.start(8);
  return vendor;
}

async function untilMoreAreAcknowledged(vendor: ResendingVendor, more = 40): Promise<void> {
  const enough = vendor.acknowledged.length + more;
  await eventually(() => vendor.acknowledged.length >= enough, 60_000);
}

describe('deliveries during a failure of the database are all kept once and answered truthfully', () => {
  const NO_PRIMARY = { errorCode: 10107, errorLabels: ['RetryableWriteError'] };
  const UNCONFIRMED = { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } };
  const INTERRUPTED = { writeConcernError: { code: 11602, errmsg: 'interrupted by a change of state' } };
  const CLOSED = { closeConnection: true };

  it.each<[string, string, string, Omit<Failure, 'failCommands' | 'namespace'>]>([
    ['entries are written and not confirmed', 'insert', 'audit_log', UNCONFIRMED],
    ['entries are written and then the primary changes', 'insert', 'audit_log', INTERRUPTED],
    ['there is no primary to write entries', 'insert', 'audit_log', NO_PRIMARY],
    ['the connection closes before entries are written', 'insert', 'audit_log', CLOSED],
    ['there is no primary to write bytes', 'insert', 'vault', NO_PRIMARY],
    ['bytes are written and not confirmed', 'insert', 'vault', UNCONFIRMED],
    ['there is no primary to write sessions', 'insert', 'sessions', NO_PRIMARY],
    ['sessions are written and not confirmed', 'insert', 'sessions', UNCONFIRMED],
    ['the log can not be read', 'find', 'audit_log', { errorCode: 189 }],
  ])('%s', async (name, command, collection, failure) => {
    const ended = await mongod.fail(
      { failCommands: [command], namespace: `${service.database.name}.${collection}`, ...failure },
      // The driver tries twice; so the appender meets it too, more than once.
      5,
    );
    const uuids = Array.from({ length: 30 }, (_, at) => `${name.replaceAll(' ', '-')}-${at % 20}`);
    const answers = await Promise.all(
      uuids.map((uuid, at) => deliver(at % 3 === 0 ? second : service, uuid)),
    );
    expect(await ended()).toBeGreaterThan(1);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ outcome }) => outcome === 'ACCEPTED')).toHaveLength(20);
    expect(answers.filter(({ outcome }) => outcome === 'DUPLICATE')).toHaveLength(10);
    await eventually(async () => {
      const sessions = await Promise.all(uuids.map((uuid) => service.api.getSession(uuid)));
      return sessions.every(({ status }) => status === 200);
    });
  });

  it('the primary steps down under load', async () => {
    const vendor = load(() => [service, second]);
    await untilMoreAreAcknowledged(vendor);
    await mongod.stepDown();
    await untilMoreAreAcknowledged(vendor);
  });

  // The last, because a failure can't be changed while it holds something up.
  it('one insert into the log is never answered while all else is: others do not wait behind it for ever', async () => {
    const namespace = `${service.database.name}.audit_log`;
    await mongod.fail({ failCommands: ['insert'], namespace, blockConnection: true, blockTimeMS: 50_000 }, 1);
    expect(await deliver(service, 'never-answered')).toEqual({ status: 503 });
    await eventually(async () => (await deliver(service, 'after-it')).status === 200, 20_000);
    expect((await deliver(service, 'never-answered')).status).toBe(200);
    expect(await deliver(second, 'never-answered')).toEqual({ status: 200, outcome: 'DUPLICATE' });
  });
});

/** How an insert into the log begins in MongoDB's wire protocol. */
const INSERT_INTO_LOG = Buffer.from('\x02insert\0\x0a\0\0\0audit_log\0');

describe('a way to the database on which answers get lost', () => {
  let proxy: TcpProxy;
  let cutOff: ServiceProcess;

  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(service.database.uri).port));
    const uri = new URL(databaseUri(service.database));
    uri.host = `127.0.0.1:${proxy.port}`;
    uri.search = '?directConnection=true';
    cutOff = await startService({ beside: service, env: { ...ENV, MONGODB_URI: uri.href } });
  }, 60_000);
  afterAll(() => proxy.cut());

  const inTheLog = (uuid: string) =>
    service.db.collection('audit_log').findOne({ 'subject.id': uuid, action: 'callback.received' });

  it('and breaks: what was written is recognised, and its caller told so', async () => {
    proxy.loseAnswers(INSERT_INTO_LOG);
    const answer = deliver(cutOff, 'answer-lost');
    await eventually(() => inTheLog('answer-lost'));
    proxy.answerAgain();
    await proxy.cut();
    await proxy.restore();
    expect(await answer).toEqual({ status: 200, outcome: 'ACCEPTED' });
    expect(await deliver(service, 'answer-lost')).toEqual({ status: 200, outcome: 'DUPLICATE' });
  });

  // Takes as long as the driver needs to find out.
  (LONG ? it : it.skip)(
    'and stays silent: callers are told to repeat, and it goes on over new connections by itself',
    async () => {
      proxy.loseAnswers();
      expect(await deliver(cutOff, 'silence')).toEqual({ status: 503 });
      proxy.answerAgain();
      await eventually(async () => (await deliver(cutOff, 'after-silence')).status === 200, 60_000);
      expect((await deliver(cutOff, 'silence')).status).toBe(200);
      expect(await deliver(service, 'silence')).toEqual({ status: 200, outcome: 'DUPLICATE' });
      expect(await inTheLog('silence')).not.toBeNull();
    },
    90_000,
  );
});

describe('an instance that was paused while others went on', () => {
  const signsCheckpoints = async ({ api, db }: ServiceProcess): Promise<boolean> => {
    const size = await db.collection('audit_log').countDocuments();
    const [, signed] = (await api.get('/tlog/checkpoint')).bytes.toString().split('\n');
    return Number(signed) >= size;
  };

  afterEach(() => {
    for (const instance of [service, second]) instance.resume();
  });

  it.each([
    ['the first', () => [service, second] as const],
    ['the second, so that either signed checkpoints once', () => [second, service] as const],
  ])(
    'wakes up and works on without harm: %s',
    async (_, choose) => {
      const [paused, other] = choose();
      const free: ServiceProcess[] = [paused, other];
      const vendor = load(() => free);
      await untilMoreAreAcknowledged(vendor);
      paused.pause();
      free.shift();
      await untilMoreAreAcknowledged(vendor, 80);
      // Whoever was signing checkpoints, the other does now.
      await eventually(() => signsCheckpoints(other));
      paused.resume();
      expect(await deliver(paused, `woken-${random.digits(8)}`)).toEqual({
        status: 200,
        outcome: 'ACCEPTED',
      });
      free.push(paused);
      await untilMoreAreAcknowledged(vendor);
    },
    120_000,
  );
});

describe('after all of that', () => {
  it('everything acknowledged is kept, once, and every answer was true', async () => {
    await untilAllIsProjected(service);
    const sent = new Map([direct, ...vendors].flatMap((vendor) => [...vendor.sent]));
    const acknowledged = [direct, ...vendors].flatMap((vendor) => vendor.acknowledged);
    expect(vendors.flatMap(({ unexpected }) => unexpected)).toEqual([]);
    expect(brokenPromises(await readLedger(service), { sent, acknowledged })).toEqual([]);
  });

  it('the verifier accepts the log', async () => {
    expect(await verify(service)).toMatchObject({ code: 0 });
  });
});
