import { execFile, type ExecFileException } from 'node:child_process';
import type { Environment } from './mongod-source.ts';

/**
 * Runs a command to its end and gives its standard output.
 *
 * @throws in one line: the last that the command wrote to standard error, its exit code, or why it did not start.
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
      reject(new Error(`${command} failed: ${reasonOf(error, stderr, timeout)}`));
    });
  });
}

function reasonOf(error: ExecFileException, stderr: string, timeout: number): string {
  const lastLine = stderr.trim().split('\n').at(-1);
  if (error.killed === true) {
    return `no end within ${timeout} ms`;
  }
  if (lastLine !== undefined && lastLine !== '') {
    return lastLine;
  }
  return typeof error.code === 'number' ? `exit code ${error.code}` : error.message;
}
