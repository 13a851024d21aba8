import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { START_OPTIONS } from '../../test/support/start-options.ts';

const END_WITH_PARENT = new URL('../../test/support/end-with-parent.ts', import.meta.url).href;
const LISTENS = /^ekyc-ledger listens on (\S+)$/;
const STARTS_WITHIN_MS = 180_000;
const KEPT_LINES = 15;

export const logFileOf = (dataDir: string): string => join(dataDir, 'service.log');

/** The built service on a free port, with its embedded MongoDB, as a child of the demo. */
export class ServiceProcess {
  /** Its address, once it listens. Rejects if it ends before or takes too long. */
  readonly listening: Promise<string>;
  /** Rejects when it ends by itself; never resolves. */
  readonly died: Promise<never>;
  /** The end of what it has printed so far. */
  readonly lastLines: string[] = [];
  private readonly child: ChildProcess;
  private readonly exit: Promise<string>;
  private how: string | null = null;
  private listens = false;
  private stopping = false;

  /**
   * @param root of the project, where `dist/` lies
   * @param dataDir folder of the database, the generated secrets and the log; exists
   */
  constructor(root: string, dataDir: string, mongodBinary: string) {
    const program = ['--import', END_WITH_PARENT, join(root, 'dist', 'main.js')];
    const child = spawn(process.execPath, [...START_OPTIONS, ...program], {
      // The demo runs on generated secrets and a database of its own: a `.env` in the project and the shell's
      // settings are for the real thing.
      cwd: dataDir,
      env: { ...inheritedBasics(), PORT: '0', DATA_DIR: dataDir, MONGOD_BINARY: mongodBinary },
      stdio: ['pipe', 'pipe', 'pipe'],
      // In a process group of its own: Ctrl-C reaches the demo alone, which then stops the service.
      detached: true,
    });
    this.child = child;
    this.exit = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.died = this.exit.then((how) => {
      this.how = how;
      // Nobody waits any more for the news of an end that was asked for.
      return this.stopping
        ? new Promise(() => undefined)
        : Promise.reject(new Error('the service ended by itself'));
    });
    this.died.catch(() => undefined);
    this.listening = Promise.race([this.follow(dataDir), this.died, startTimeout()]);
  }

  /** How it ended, an exit code or a signal; null while it runs. */
  get ended(): string | null {
    return this.how;
  }

  /** Asks it to stop, if it still runs, and waits until it has. Throws if it did not stop cleanly. */
  async stop(): Promise<void> {
    this.stopping = true;
    // False when it has ended already. One that is still starting ends at once and by the signal.
    const stopsCleanly = this.child.kill('SIGTERM') && this.listens;
    const how = await this.exit;
    if (stopsCleanly && how !== 'exit code 0') throw new Error(`the service did not stop cleanly (${how})`);
  }

  /** Keeps everything that the service prints; resolves with its address. */
  private follow(dataDir: string): Promise<string> {
    const file = createWriteStream(logFileOf(dataDir));
    return new Promise((resolve) => {
      for (const stream of [this.child.stdout!, this.child.stderr!]) {
        createInterface({ input: stream }).on('line', (line) => {
          file.write(`${line}\n`);
          this.lastLines.push(line);
          if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
          const address = LISTENS.exec(line)?.[1];
          if (address === undefined) return;
          this.listens = true;
          resolve(address);
        });
      }
    });
  }
}

/** What any program needs of the environment, and nothing that configures the service. */
function inheritedBasics(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LANG', 'TZ', 'TMPDIR', 'TEMP', 'SystemRoot'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

function startTimeout(): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void =>
      reject(new Error(`the service did not listen within ${STARTS_WITHIN_MS / 1000} s`));
    setTimeout(fail, STARTS_WITHIN_MS).unref();
  });
}
