import { execFile } from 'node:child_process';
import type { Environment } from './mongod-source.ts';

/**
 * Runs a command to its end and gives its standard output.
 *
 * @throws with the last line the command wrote to standard error, or why it could not be started.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly timeoutMs: number; readonly cwd?: string },
): Promise<string> {
  const { env, timeoutMs: timeout, cwd } = options;
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout, cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const lastLine = stderr.trim().split('\n').at(-1);
      const reason = error.killed ? `no end within ${timeout} ms` : lastLine || error.message;
      reject(new Error(`${command} failed: ${reason}`));
    });
  });
}
