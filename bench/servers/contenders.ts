import { transformFile } from '@swc/core';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCOPES } from '../../src/access/scopes.ts';
import { START_OPTIONS } from '../../test/support/start-options.ts';
import type { Target } from '../load/job.ts';
import type { ServerProgram } from './server-process.ts';

export type Environment = Readonly<Record<string, string>>;

/** Something that takes callbacks and gives sessions, to be measured beside others. */
export interface Contender {
  readonly name: string;
  /** How to start it on a database, with a folder for its files. */
  program(uri: string, folder: string): Promise<ServerProgram>;
  readonly delivery: Request;
  readonly reading: Request;
  /** The collection that holds one document for each callback. */
  readonly perCallback: string;
}

/** A request without its address. */
export type Request = Pick<Target, 'method' | 'path' | 'headers' | 'body'>;

const JSON_BODY = { 'content-type': 'application/json' };
const CALLBACK = await callbackText();
/** Of services that are measured and thrown away. */
const TOKEN = secret();
const API_KEY = `ek_${randomBytes(24).toString('base64url')}`;
/** More than one client can send: the limit by the minute would otherwise end the measurement. */
const NO_LIMIT = String(1_000_000_000);

export const floor: Contender = {
  name: 'floor',
  program: (uri) => Promise.resolve({ argv: [pathOf('floor.ts'), uri], env: PRODUCTION, readyPath: null }),
  delivery: { method: 'POST', path: '/callbacks', headers: JSON_BODY, body: CALLBACK },
  reading: { method: 'GET', path: '/sessions/{uuid}', headers: {} },
  perCallback: 'callbacks',
};

export const typical: Contender = {
  name: 'typical',
  program: async (uri) => ({ argv: [await builtTypical(), uri], env: PRODUCTION, readyPath: null }),
  delivery: { method: 'POST', path: '/callbacks', headers: JSON_BODY, body: CALLBACK },
  reading: { method: 'GET', path: '/sessions/{uuid}', headers: {} },
  perCallback: 'sessions',
};

/** Of logs that are measured; always the same, because a database may be kept for another run. */
export const LOG_IDENTITY: Environment = {
  AUDIT_LOG_ORIGIN: 'audit.bank.example/bench',
  AUDIT_SIGNING_KEY: Buffer.alloc(32, 1).toString('base64'),
};

const SECRETS: Environment = {
  ...LOG_IDENTITY,
  CALLBACK_AUTH_TOKENS: TOKEN,
  VAULT_KEYS: `bench:${secret()}`,
  DIGEST_KEY: secret(),
};

/** The built service as `npm start` runs it, with everything that it does regularly, but no vendor to pull from. */
export const ours: Contender = {
  name: 'ours',
  async program(uri, folder) {
    await mkdir(folder, { recursive: true });
    const clientsFile = join(folder, 'api-clients.json');
    const keySha256 = createHash('sha256').update(API_KEY).digest('hex');
    await writeFile(clientsFile, JSON.stringify({ clients: [{ id: 'bench', keySha256, scopes: SCOPES }] }));
    return {
      argv: [...START_OPTIONS, pathOf('../../dist/main.js')],
      env: {
        ...SECRETS,
        // Production demands a vendor; nothing else depends on it once all secrets are given.
        NODE_ENV: 'development',
        PORT: '0',
        DATA_DIR: folder,
        MONGODB_URI: uri,
        API_CLIENTS_FILE: clientsFile,
        RATE_LIMIT_PER_CLIENT: NO_LIMIT,
        // The sessions that are sent were never registered.
        REGISTRATION: 'OPTIONAL',
      },
      readyPath: '/health/ready',
    };
  },
  delivery: {
    method: 'POST',
    path: '/v1/callbacks/fpt',
    headers: { ...JSON_BODY, 'x-callback-token': TOKEN },
    body: CALLBACK,
  },
  reading: { method: 'GET', path: '/v1/sessions/{uuid}', headers: { authorization: `Bearer ${API_KEY}` } },
  perCallback: 'sessions',
};

const PRODUCTION: Environment = { NODE_ENV: 'production' };

function pathOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The vendor's documented callback as it is sent, without the blanks of the documentation. */
async function callbackText(): Promise<string> {
  const sample = await readFile(pathOf('../../test/fixtures/vendor/callback.sample.json'), 'utf8');
  return JSON.stringify({ ...(JSON.parse(sample) as object), uuid: '{uuid}' });
}

/** Beside the built service, where it finds the same packages. */
async function builtTypical(): Promise<string> {
  const built = pathOf('../../dist/bench/typical.js');
  const { code } = await transformFile(pathOf('typical.ts'), { configFile: pathOf('../../.swcrc') });
  await mkdir(dirname(built), { recursive: true });
  await writeFile(built, code);
  return built;
}

function secret(): string {
  return randomBytes(32).toString('base64');
}
