import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { COLLECTION_PLANS } from '../../src/app.collections.ts';
import { AUDIT_PLANS } from '../../src/audit/audit-collections.ts';
import {
  CollectionFaultError,
  provideCollection,
  restoreValidator,
} from '../../src/platform/mongo/collections.ts';
import { provideRoles, provideServiceUser } from '../../src/platform/mongo/database-roles.ts';
import { EVIDENCE_BUCKET } from '../../src/vault/evidence.schema.ts';
import { type DatabaseUser, type MongodWithAuth, startMongodWithAuth } from '../support/mongod-with-auth.ts';

const UNAUTHORIZED = 13;
const DOCUMENT_FAILED_VALIDATION = 121;
const long = (value: number) => mongo.Long.fromNumber(value);
const bytes = (length: number) => new mongo.Binary(randomBytes(length));

/** A document that each collection of the log takes, with the nth key. */
const DOCUMENTS: Readonly<Record<string, (n: number) => mongo.Document>> = {
  audit_log: (n) => ({
    _id: long(n),
    id: `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    at: new Date(),
    action: 'callback.received',
    subject: { type: 'session', id: 'a' },
    actor: { type: 'vendor', id: 'fpt' },
    leaf: bytes(64),
  }),
  audit_tiles: (n) => ({ _id: `tile/0/${String(n).padStart(3, '0')}`, hashes: bytes(8192), root: bytes(32) }),
  audit_checkpoints: (n) => ({
    _id: long(n),
    size: long(n),
    root: bytes(32),
    note: bytes(191),
    at: new Date(),
  }),
  audit_cosignatures: (n) => ({
    _id: `${n}/2ce32234`,
    checkpoint: long(n),
    line: '— witness.example.org/w1 …',
  }),
};

describe('MongoDB under access control', () => {
  const database = `rights_${randomBytes(4).toString('hex')}`;
  const deployUser: DatabaseUser = { name: 'deploy', password: 'deploy-for-tests', home: database };
  const serviceUser: DatabaseUser = { name: 'ekyc-ledger', password: 'service-for-tests', home: database };
  const reader: DatabaseUser = { name: 'auditor', password: 'auditor-for-tests', home: database };
  let server: MongodWithAuth;
  /** As root, as the deploy user and as the service. */
  let root: mongo.Db;
  let deploy: mongo.Db;
  let service: mongo.Db;

  async function provision(): Promise<string[]> {
    const done: string[] = [];
    for (const plan of COLLECTION_PLANS) {
      await restoreValidator(deploy, plan);
      done.push(...(await provideCollection(deploy, plan)));
    }
    done.push(...(await provideRoles(deploy)));
    return done;
  }

  beforeAll(async () => {
    server = await startMongodWithAuth();
    root = (await server.connect(server.root)).db(database);
    // What config/mongodb/README.md says that a deploy user needs.
    await root.command({
      createUser: deployUser.name,
      pwd: deployUser.password,
      roles: ['dbAdmin', 'userAdmin'],
    });
    deploy = (await server.connect(deployUser)).db(database);
    await provision();
    await provideServiceUser(deploy, serviceUser.name, serviceUser.password);
    await root.command({ createUser: reader.name, pwd: reader.password, roles: ['auditReader'] });
    service = (await server.connect(serviceUser)).db(database);
    for (const { name } of AUDIT_PLANS) await service.collection(name).insertOne(DOCUMENTS[name]!(0));
  }, 170_000);
  afterAll(() => server.stop());

  describe.each(AUDIT_PLANS.map(({ name }) => name))('the service on %s', (name) => {
    const collection = () => service.collection(name);
    const any = { $set: { tampered: true } };

    it.each<[string, () => Promise<unknown>]>([
      ['update one', () => collection().updateOne({}, any)],
      ['update many', () => collection().updateMany({}, any)],
      ['replace', () => collection().replaceOne({}, {})],
      ['upsert', () => collection().updateOne({ _id: long(7) }, any, { upsert: true })],
      ['update by bulkWrite', () => collection().bulkWrite([{ updateOne: { filter: {}, update: any } }])],
      ['find and update', () => collection().findOneAndUpdate({}, any)],
      ['find and replace', () => collection().findOneAndReplace({}, {})],
      ['find and delete', () => collection().findOneAndDelete({})],
      ['delete one', () => collection().deleteOne({})],
      ['delete all', () => collection().deleteMany({})],
      [
        '$out over it',
        () =>
          collection()
            .aggregate([{ $match: { _id: null } }, { $out: name }])
            .toArray(),
      ],
      [
        '$merge over it',
        () =>
          collection()
            .aggregate([{ $merge: { into: name, whenMatched: 'replace' } }])
            .toArray(),
      ],
      [
        'insert past the validator',
        () => collection().insertOne({ a: 1 }, { bypassDocumentValidation: true }),
      ],
      [
        'insert an entry past the validator',
        () => collection().insertOne(DOCUMENTS[name]!(8), { bypassDocumentValidation: true }),
      ],
      ['take the validator away', () => service.command({ collMod: name, validator: {} })],
      ['only warn of what is no entry', () => service.command({ collMod: name, validationAction: 'warn' })],
      ['let an index delete', () => collection().createIndex({ at: 1 }, { expireAfterSeconds: 1 })],
      ['create any index', () => collection().createIndex({ at: 1 })],
      ['drop its indexes', () => service.command({ dropIndexes: name, index: '*' })],
      ['cap it', () => service.command({ convertToCapped: name, size: 4096 })],
      ['rename it', () => service.renameCollection(name, 'elsewhere')],
      ['rename another over it', () => service.renameCollection('sessions', name, { dropTarget: true })],
      ['drop it', () => service.dropCollection(name)],
    ])('may not %s', async (_, attempt) => {
      await expect(attempt()).rejects.toMatchObject({ code: UNAUTHORIZED });
      expect(await root.collection(name).find().toArray()).toHaveLength(1);
    });

    it('reads and inserts', async () => {
      const { insertedId } = await collection().insertOne(DOCUMENTS[name]!(1));
      expect(await collection().countDocuments({ _id: insertedId })).toBe(1);
      await root.collection(name).deleteOne({ _id: insertedId });
    });

    it('is refused what is none of its documents by the validator', async () => {
      await expect(collection().insertOne({ note: 'hello' })).rejects.toMatchObject({
        code: DOCUMENT_FAILED_VALIDATION,
      });
      await expect(collection().insertOne({ ...DOCUMENTS[name]!(2), extra: 1 })).rejects.toMatchObject({
        code: DOCUMENT_FAILED_VALIDATION,
      });
    });
  });

  describe('the service on the database', () => {
    it.each<[string, () => Promise<unknown>]>([
      ['drop it', () => service.dropDatabase()],
      ['apply operations of the oplog', () => service.command({ applyOps: [] })],
      ['create a collection of its own', () => service.createCollection('notes')],
      ['write to a collection of its own', () => service.collection('notes').insertOne({})],
      [
        'give itself another role',
        () => service.command({ grantRolesToUser: serviceUser.name, roles: ['dbOwner'] }),
      ],
      ['widen its role', () => service.command({ updateRole: 'auditAppender', privileges: [], roles: [] })],
      [
        'keep a vault document under another key',
        () => service.collection('vault').updateOne({}, { $set: { keyId: 'x' } }),
      ],
    ])('may not %s', async (_, attempt) => {
      await expect(attempt()).rejects.toMatchObject({ code: UNAUTHORIZED });
    });
  });

  it('lets the service erase personal data from the vault', async () => {
    const vault = service.collection<{ _id: string; session: string }>('vault');
    await vault.insertOne({ _id: randomUUID(), session: 'a' });
    expect(await vault.deleteMany({ session: 'a' })).toMatchObject({ deletedCount: 1 });
  });

  it('lets the service keep media in its bucket and erase them, and never change them', async () => {
    const bucket = new mongo.GridFSBucket(service, { bucketName: EVIDENCE_BUCKET });
    const upload = bucket.openUploadStream('a/front');
    await pipeline(Readable.from([randomBytes(300_000)]), upload);
    for (const name of ['evidence.files', 'evidence.chunks']) {
      await expect(service.collection(name).updateOne({}, { $set: { n: 7 } })).rejects.toMatchObject({
        code: UNAUTHORIZED,
      });
    }
    await bucket.delete(upload.id);
    expect(await service.collection('evidence.chunks').countDocuments()).toBe(0);
  });

  it('lets an auditor read the log and nothing else', async () => {
    const db = (await server.connect(reader)).db(database);
    for (const { name } of AUDIT_PLANS) {
      expect(await db.collection(name).find().toArray()).toHaveLength(1);
      await expect(db.collection(name).insertOne(DOCUMENTS[name]!(3))).rejects.toMatchObject({
        code: UNAUTHORIZED,
      });
    }
    await expect(db.collection('vault').findOne()).rejects.toMatchObject({ code: UNAUTHORIZED });
    await expect(db.collection('sessions').findOne()).rejects.toMatchObject({ code: UNAUTHORIZED });
  });

  describe('provisioning', () => {
    it('changes nothing when run again', async () => {
      expect(await provision()).toEqual([]);
      expect(await provideServiceUser(deploy, serviceUser.name, undefined)).toEqual([]);
    });

    it('takes from the service user every role but its own', async () => {
      await root.command({ grantRolesToUser: serviceUser.name, roles: ['readWrite'] });
      await provideServiceUser(deploy, serviceUser.name, undefined);
      await expect(service.collection('audit_log').deleteMany({})).rejects.toMatchObject({
        code: UNAUTHORIZED,
      });
    });

    it('takes from a role what is not in its plan', async () => {
      const resource = { db: database, collection: 'audit_log' };
      await root.command({
        grantPrivilegesToRole: 'auditAppender',
        privileges: [{ resource, actions: ['remove'] }],
      });
      await provision();
      await expect(service.collection('audit_log').deleteMany({})).rejects.toMatchObject({
        code: UNAUTHORIZED,
      });
    });

    it('makes no user without a password', async () => {
      await expect(provideServiceUser(deploy, 'nobody', undefined)).rejects.toThrow('needs a password');
    });

    it('does not turn the deploy user into the service user', async () => {
      await expect(provideServiceUser(deploy, deployUser.name, undefined)).rejects.toThrow('its own rights');
    });
  });

  it('can be done without where the service has readWrite on its database: it makes its collections itself', async () => {
    const user: DatabaseUser = { name: 'unprovisioned', password: 'user-for-tests', home: `${database}_own` };
    const own = root.client.db(user.home);
    await own.command({ createUser: user.name, pwd: user.password, roles: ['readWrite'] });
    const db = (await server.connect(user)).db(user.home);
    for (const plan of COLLECTION_PLANS) {
      expect(await provideCollection(db, plan)).toEqual([`created the collection ${plan.name}`]);
      expect(await provideCollection(db, plan)).toEqual([]);
    }
  });

  describe('what the service does before it writes', () => {
    const [PLAN] = AUDIT_PLANS;
    const start = () => provideCollection(service, PLAN!);
    const { name, options } = PLAN!;

    afterEach(async () => {
      await root.collection(name).drop();
      await provision();
      await service.collection(name).insertOne(DOCUMENTS[name]!(0));
    });

    it('writes nothing where everything is as planned', async () => {
      for (const plan of COLLECTION_PLANS) expect(await provideCollection(service, plan)).toEqual([]);
    });

    it('stops for a log that was dropped and came back with the next insert', async () => {
      await root.collection(name).drop();
      await service.collection(name).insertOne({ anything: 'goes' });
      await expect(start()).rejects.toThrow(/audit_log has no validator.*npm run provision/);
    });

    it.each<[string, object, RegExp]>([
      [
        'another validator',
        { validator: { $jsonSchema: { bsonType: 'object' } } },
        /audit_log has another validator /,
      ],
      ['a validator that only warns', { validationAction: 'warn' }, /audit_log has another validationAction/],
      ['a validator that spares what is there', { validationLevel: 'moderate' }, /another validationLevel/],
    ])('stops for %s, until a deploy user has restored it', async (_, change, message) => {
      await root.command({ collMod: name, ...change });
      await expect(start()).rejects.toThrow(message);
      expect(await restoreValidator(deploy, PLAN!)).toMatch(/^has another/);
      expect(await start()).toEqual([]);
    });

    it('does not bring back a log that was dropped, although it may insert', async () => {
      await root.collection(name).drop();
      await expect(start()).rejects.toThrow(/audit_log is missing.*npm run provision/);
      expect(await root.listCollections({ name }).toArray()).toEqual([]);
    });

    it('stops for something else in the place of the log', async () => {
      await root.collection(name).drop();
      await root.createCollection(name, { viewOn: 'sessions', pipeline: [] });
      await expect(start()).rejects.toThrow('audit_log is no collection but a view');
    });

    it('names the index that is missing', async () => {
      await root.collection(name).dropIndex('id_1');
      await expect(start()).rejects.toThrow(/create the index \{"id":1\} of audit_log.*npm run provision/);
    });

    it('stops for an index that no longer keeps ids unique', async () => {
      await root.collection(name).dropIndex('id_1');
      await root.collection(name).createIndex({ id: 1 });
      await expect(start()).rejects.toThrow('the index id_1 of audit_log is not as planned');
    });

    it('stops for an index that deletes entries after a time', async () => {
      await root.collection(name).createIndex({ at: 1 }, { expireAfterSeconds: 31_536_000 });
      await expect(start()).rejects.toThrow('the index at_1 of audit_log deletes documents');
    });

    it('names the right that is missing', async () => {
      const nobody: DatabaseUser = { name: randomUUID(), password: 'nobody-for-tests', home: database };
      await root.command({ createUser: nobody.name, pwd: nobody.password, roles: [] });
      const db = (await server.connect(nobody)).db(database);
      const attempt = provideCollection(db, PLAN!);
      await expect(attempt).rejects.toThrow(CollectionFaultError);
      await expect(attempt).rejects.toThrow(/may not look at the collection audit_log.*npm run provision/);
    });

    it('makes the collection once when several instances with the right to it start at once', async () => {
      await root.collection(name).drop();
      const done = await Promise.all(Array.from({ length: 8 }, () => provideCollection(deploy, PLAN!)));
      expect(done.flat()).toEqual(['created the collection audit_log']);
      const made = await root.listCollections({ name: /^audit_log/ }).toArray();
      expect(made).toMatchObject([{ name, options: options as object }]);
      expect(await start()).toEqual([]);
    });
  });
});
