import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Environment } from './contenders.ts';

/** A server that takes requests. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it was ready. */
  readonly coldStartMs: number;
  /** SIGTERM; throws unless it ends by that. */
  stop(): Promise<void>;
  /** SIGKILL, unless it has ended. */
  kill(): Promise<void>;
}

export interface ServerProgram {
  /** Of node: the program and what stands before and behind it. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** A path that answers 200 once the server may be sent requests; null where listening says so. */
  readonly readyPath: string | null;
}

const END_WITH_PARENT = new URL('../../test/support/end-with-parent.ts', import.meta.url).href;
const LISTENS = /listens on (http\S+)$/m;
const LOOK_EVERY_MS = 5;
const READY_WITHIN_MS = 60_000;

/**
 * Starts a server with its output in a file, as it is in production, where nobody's reading slows it down.
 * @param folder for its files, of its own
 */
export async function startServer(
  { argv, env, readyPath }: ServerProgram,
  folder: string,
): Promise<ServerProcess> {
  await mkdir(folder, { recursive: true });
  const output = join(folder, `output-${Date.now()}.log`);
  const file = await open(output, 'a');
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', END_WITH_PARENT, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['pipe', file.fd, file.fd],
  });
  await file.close();
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const failure = async (outcome: string | number | null) =>
    new Error(`${argv.join(' ')}: ${outcome}\n${(await readFile(output, 'utf8')).slice(-4_000)}`);
  const url = await found(async () => LISTENS.exec(await readFile(output, 'utf8'))?.[1] ?? null);
  if (readyPath !== null) await found(async () => ((await isReady(`${url}${readyPath}`)) ? true : null));
  return {
    url,
    pid: child.pid!,
    coldStartMs: performance.now() - started,
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      // Nest, in its own shutdown hooks, ends by the signal that it was sent.
      if (code !== 0 && signal !== 'SIGTERM') throw await failure(code ?? signal);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };

  async function found<T>(look: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const value = await look();
      if (value !== null) return value;
      if (child.exitCode !== null) throw await failure(child.exitCode);
      if (performance.now() > deadline) throw await failure('not ready in time');
      await wait(LOOK_EVERY_MS);
    }
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.ok;
}
