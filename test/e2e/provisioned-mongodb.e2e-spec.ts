import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { mongo } from 'mongoose';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { type DatabaseUser, type MongodWithAuth, startMongodWithAuth } from '../support/mongod-with-auth.ts';
import { runProgram, type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const database = `provisioned_${randomBytes(4).toString('hex')}`;
const deployUser: DatabaseUser = { name: 'deploy', password: 'deploy-for-tests', home: database };
const serviceUser: DatabaseUser = { name: 'ekyc-ledger', password: 'service-for-tests', home: database };

let server: MongodWithAuth;
/** As root. */
let db: mongo.Db;

beforeAll(async () => {
  server = await startMongodWithAuth();
  db = (await server.connect(server.root)).db(database);
  await db.command({
    createUser: deployUser.name,
    pwd: deployUser.password,
    roles: ['dbAdmin', 'userAdmin'],
  });
}, 170_000);
afterAll(async () => {
  await stopServices();
  await server.stop();
});

const provision = (env: Record<string, string> = {}) =>
  runProgram(
    'commands/provision-mongodb.js',
    { MONGODB_DEPLOY_URI: server.uri(deployUser, database), ...env },
    ['--user', serviceUser.name],
  );

let first: ServiceProcess | undefined;
/** Each start has the secrets of the first. */
const start = async () => {
  const service = await startService({
    env: { MONGODB_URI: server.uri(serviceUser, database) },
    ...(first && { beside: first }),
  });
  first ??= service;
  return service;
};

describe('npm run provision', () => {
  it('makes no user without a password', async () => {
    const { code, output } = await provision();
    expect(code).toBe(1);
    expect(output).toContain('not provisioned: ekyc-ledger does not exist yet and needs a password');
  });

  it('makes collections, roles and user', async () => {
    const { code, output } = await provision({ MONGODB_SERVICE_PASSWORD: serviceUser.password });
    expect(output).toContain(`created the user ekyc-ledger of ${database}`);
    expect(output).not.toContain(serviceUser.password);
    expect(code).toBe(0);
  });

  it('changes nothing when run again', async () => {
    expect(await provision()).toEqual({ code: 0, output: `${database} is provisioned\n` });
  });

  it('says what it needs', async () => {
    const help = await runProgram('commands/provision-mongodb.js', {}, ['--help']);
    expect(help.code).toBe(0);
    expect(help.output).toContain('MONGODB_DEPLOY_URI');
    expect(await provision({ MONGODB_DEPLOY_URI: '' })).toMatchObject({ code: 2 });
    const unknown = await runProgram('commands/provision-mongodb.js', {}, ['--password', 'x']);
    expect(unknown.code).toBe(2);
  });
});

describe('the service under its own user', () => {
  it('does all of its work', async () => {
    const service = await start();
    const stranger = await service.api.deliver('{}', { 'x-callback-token': 'not-the-token-of-anybody' });
    expect(stranger.status).toBe(401);
    const receipt = await service.api.deliver(aCallback({ uuid: 'a' }));
    expect(receipt).toMatchObject({ status: 200, body: { outcome: 'ACCEPTED' } });
    expect((await service.api.get('/v1/sessions/a/result')).status).toBe(200);
    await eventually(async () => (await service.api.get('/tlog/checkpoint')).status === 200);
    const check = await service.api.call<{ outcome: string }>('POST', '/v1/audit/verification');
    expect(check.body).toMatchObject({ outcome: 'VERIFIED' });
    expect((await service.api.get('/health/ready')).status).toBe(200);
    await eventually(() => db.collection('callback_rejections').countDocuments());
    const rebuild = await runProgram('commands/rebuild.js', service.env);
    expect(rebuild).toMatchObject({ code: 0 });
    expect(await service.allLogs()).not.toContain('not authorized');
    await service.stop();
  });

  it('does not start on a log without a validator, until a deploy user has restored it', async () => {
    await db.command({ collMod: 'audit_log', validator: {} });
    await expect(start()).rejects.toThrow(/audit_log has no validator.*npm run provision/);
    const { output } = await provision();
    expect(output).toContain('restored the validator of audit_log: it has no validator; find out why');
    await (await start()).stop();
  });

  it('does not start without a collection of the log, nor bring it back', async () => {
    await db.collection('audit_tiles').drop();
    await expect(start()).rejects.toThrow(/audit_tiles is missing.*npm run provision/);
    expect(await db.listCollections({ name: 'audit_tiles' }).toArray()).toEqual([]);
  });
});
