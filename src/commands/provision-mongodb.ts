import 'reflect-metadata';
import { argv, env } from 'node:process';
import { parseArgs } from 'node:util';
import { mongo } from 'mongoose';
import { COLLECTION_PLANS } from '../app.collections.ts';
import { type CollectionPlan, provideCollection, restoreValidator } from '../platform/mongo/collections.ts';
import { provideRoles, provideServiceUser, SERVICE_ROLE } from '../platform/mongo/database-roles.ts';
import { databaseOf, DEFAULT_DATABASE } from '../platform/mongo/mongo.module.ts';

/*
 * The variables below are read here and not by the service's configuration: what a deploy user may do, the
 * service must never be given.
 */
const USAGE = `Makes a MongoDB database what ekyc-ledger needs: collections, indexes, validators, roles and the user that
the service runs as. Run it before the first start and with every new release; running it again changes nothing.

usage: npm run provision -- [--user <name>]

  --user <name>              user that the service runs as, made in the service's own database and left with
                             the role ${SERVICE_ROLE} and no other. Without it no user is touched, for banks
                             whose users come from LDAP or certificates

environment
  MONGODB_DEPLOY_URI         the replica set, as a deploy user with the roles dbAdmin and userAdmin on the
                             database, such as mongodb://deploy:…@db1.bank.example/${DEFAULT_DATABASE}?authSource=admin
                             The database is the one in the path, ${DEFAULT_DATABASE} if there is none
  MONGODB_SERVICE_PASSWORD   password of --user; an existing user keeps the one it has if this is not set

exit codes: 0 done, 1 not done, 2 wrong usage
`;

class UsageError extends Error {}

try {
  const { user, help } = readArguments();
  if (help) process.stdout.write(USAGE);
  else await provision(user);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const wrongUsage = error instanceof UsageError;
  process.stderr.write(wrongUsage ? `${message}\n\n${USAGE}` : `not provisioned: ${message}\n`);
  process.exitCode = wrongUsage ? 2 : 1;
}

function readArguments(): { user?: string; help: boolean } {
  try {
    return parseArgs({
      args: argv.slice(2),
      options: { user: { type: 'string' }, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function provision(user: string | undefined): Promise<void> {
  const uri = env['MONGODB_DEPLOY_URI'] ?? '';
  if (uri === '') throw new UsageError('MONGODB_DEPLOY_URI is not set');
  if (user === '') throw new UsageError('--user has no name');
  const client = await mongo.MongoClient.connect(uri, { appName: 'ekyc-ledger provision', w: 'majority' });
  try {
    const db = client.db(databaseOf(uri) || DEFAULT_DATABASE);
    for (const plan of COLLECTION_PLANS) await provide(db, plan);
    report(await provideRoles(db));
    const password = env['MONGODB_SERVICE_PASSWORD'] || undefined;
    if (user !== undefined) report(await provideServiceUser(db, user, password));
    process.stdout.write(`${db.databaseName} is provisioned\n`);
  } finally {
    await client.close();
  }
}

async function provide(db: mongo.Db, plan: CollectionPlan): Promise<void> {
  const fault = await restoreValidator(db, plan);
  if (fault !== null) report([`restored the validator of ${plan.name}: it ${fault}; find out why`]);
  report(await provideCollection(db, plan));
}

function report(done: readonly string[]): void {
  for (const line of done) process.stdout.write(`${line}\n`);
}
