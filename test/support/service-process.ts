import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { SCOPES, type Scope } from '../../src/access/scopes.ts';
import { ApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';
import { START_OPTIONS } from './start-options.ts';
import { testDatabase, type TestDatabase } from './test-database.ts';

export type Environment = Readonly<Record<string, string>>;

export interface ServiceOptions {
  /** Variables on top of those that every service gets. */
  readonly env?: Environment;
  /** A service whose database, secrets and API clients this one shares. */
  readonly beside?: ServiceProcess;
  /** A database elsewhere than on the MongoDB of the test run, for tests that break their MongoDB. */
  readonly database?: TestDatabase;
}

/** A built service that listens. */
export interface ServiceProcess {
  readonly pid: number;
  readonly url: string;
  /** As an API client with every scope. */
  readonly api: ApiClient;
  readonly apiKey: string;
  readonly callbackToken: string;
  readonly database: TestDatabase;
  /** The same database, past the service. */
  readonly db: mongo.Db;
  readonly clientsFile: string;
  /** The environment it was started with. */
  readonly env: Environment;
  /** As an API client with these scopes and no other; null for no client at all. */
  as(scope: Scope | null): ApiClient;
  /** Everything it has printed so far, on stdout and stderr. */
  logs(): string;
  /** The same, once it has printed whatever it had to say until now; it must log requests. */
  allLogs(): Promise<string>;
  /** SIGTERM, and SIGKILL after a minute; throws unless it ends with exit code 0. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its memory and its connections and does nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const END_WITH_PARENT = new URL('end-with-parent.ts', import.meta.url).href;
const STOPS_WITHIN_MS = 60_000;
const LISTENS = /^ekyc-ledger listens on (\S+)$/m;

/** What was started by this test file and has to be cleared up after it. */
const running = new Set<ServiceProcess>();
const installations = new Set<Installation>();

/** What the instances of one service share. */
interface Installation {
  readonly directory: string;
  readonly client: mongo.MongoClient;
  readonly database: TestDatabase;
  readonly keys: ReadonlyMap<Scope | 'all', string>;
  readonly env: Environment;
}

const installationOf = new WeakMap<ServiceProcess, Installation>();

/** Starts `dist/main.js` on a database and secrets of its own. Needs a build. */
export async function startService({
  env = {},
  beside,
  database: elsewhere,
}: ServiceOptions = {}): Promise<ServiceProcess> {
  const installation = (beside && installationOf.get(beside)) ?? (await install(elsewhere));
  const { directory, client: mongoClient, database, keys } = installation;
  const environment = { ...installation.env, ...env };
  const child = spawnProgram('main.js', environment, directory);
  const output = collect(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await Promise.race([
    output.find(LISTENS),
    ended.then(([code]) => {
      throw new Error(`the service ended with exit code ${code} before it listened:\n${output.text()}`);
    }),
  ]);
  const callbackToken = environment['CALLBACK_AUTH_TOKENS']!.split(',')[0]!;
  const client = (key: string | null) => new ApiClient(url, key, callbackToken);
  const service: ServiceProcess = {
    pid: child.pid!,
    url,
    api: client(keys.get('all')!),
    apiKey: keys.get('all')!,
    callbackToken,
    database,
    db: mongoClient.db(database.name),
    clientsFile: environment['API_CLIENTS_FILE']!,
    env: environment,
    as: (scope) => client(scope === null ? null : keys.get(scope)!),
    logs: output.text,
    async allLogs() {
      const last = randomUUID();
      await service.api.get('/v1/warning-codes', { 'x-correlation-id': last });
      return eventually(() => (output.text().includes(last) ? output.text() : null));
    },
    async stop() {
      running.delete(service);
      child.kill('SIGTERM');
      // Not left to the test's time-out: the process would outlive the test and tell nothing.
      const overdue = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
      const [code, signal] = await ended;
      clearTimeout(overdue);
      if (code !== 0) throw new Error(`the service ended with ${code ?? signal}:\n${output.text()}`);
    },
    async kill() {
      running.delete(service);
      child.kill('SIGKILL');
      await ended;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
  running.add(service);
  installationOf.set(service, installation);
  return service;
}

/** For `afterAll`: stops what still runs and removes every database and directory of this test file. */
export async function stopServices(): Promise<void> {
  const stopped = await Promise.allSettled([...running].map((service) => service.stop()));
  for (const { directory, client, database } of installations) {
    await client.close();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
  installations.clear();
  const failures = stopped.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (failures.length > 0)
    throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
}

/** Runs a program of `dist` to its end, such as `commands/rebuild.js`. */
export async function runProgram(
  program: string,
  env: Environment,
  args: readonly string[] = [],
): Promise<{ code: number | null; output: string }> {
  const child = spawnProgram(program, env, tmpdir(), args);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output.text() };
}

/** Nothing that configures the service is inherited, and no `.env` of the project is read. */
function spawnProgram(
  program: string,
  env: Environment,
  cwd: string,
  args: readonly string[] = [],
): ChildProcess {
  const inherited = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot'].map(
    (name) => [name, process.env[name]] as const,
  );
  const options = program === 'main.js' ? START_OPTIONS : [];
  return spawn(process.execPath, [...options, '--import', END_WITH_PARENT, join(DIST, program), ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess): { text: () => string; find: (pattern: RegExp) => Promise<string> } {
  const chunks: Buffer[] = [];
  const text = () => Buffer.concat(chunks).toString();
  const keep = (chunk: Buffer) => void chunks.push(chunk);
  child.stdout!.on('data', keep);
  child.stderr!.on('data', keep);
  const find = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = (): void => {
        const found = pattern.exec(text())?.[1];
        if (found === undefined) return;
        child.stdout!.off('data', look);
        resolve(found);
      };
      child.stdout!.on('data', look);
    });
  return { text, find };
}

async function install(database = testDatabase()): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), 'ekyc-ledger-e2e-'));
  const keys = new Map<Scope | 'all', string>(
    (['all', ...SCOPES] as const).map((name) => [name, `ek_${randomBytes(24).toString('base64url')}`]),
  );
  const clientsFile = join(directory, 'api-clients.json');
  const clients = [...keys].map(([name, key]) => ({
    id: clientIdOf(name),
    keySha256: createHash('sha256').update(key).digest('hex'),
    scopes: name === 'all' ? SCOPES : [name],
  }));
  await writeFile(clientsFile, JSON.stringify({ clients }));
  const installation = {
    directory,
    client: new mongo.MongoClient(database.uri, { socketTimeoutMS: 60_000 }),
    database,
    keys,
    env: {
      // Not production, which demands a vendor to pull from: without one, nothing happens but what the test does.
      NODE_ENV: 'test',
      PORT: '0',
      DATA_DIR: directory,
      MONGODB_URI: databaseUri(database),
      API_CLIENTS_FILE: clientsFile,
      CALLBACK_AUTH_TOKENS: secret(),
      VAULT_KEYS: `test:${secret()}`,
      DIGEST_KEY: secret(),
      AUDIT_LOG_ORIGIN: 'ledger.bank.example/test',
      AUDIT_SIGNING_KEY: secret(),
    },
  };
  installations.add(installation);
  return installation;
}

/** The id under which the client with this scope stands in the API clients file. */
export function clientIdOf(scope: Scope | 'all'): string {
  return `client-${scope.replace(':', '-')}`;
}

/** Connection string with the database's name in it. */
export function databaseUri({ uri, name }: TestDatabase): string {
  const url = new URL(uri);
  url.pathname = `/${name}`;
  return url.href;
}

function secret(): string {
  return randomBytes(32).toString('base64');
}
