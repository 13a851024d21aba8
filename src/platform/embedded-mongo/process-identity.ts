import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * One run of one process. A pid alone names another process as soon as the system uses it again, so a pid
 * read from a file is only trusted together with the time at which that process started.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the system's own notation; only ever compared for equality. */
  readonly startedAt: string;
}

/** The identity of the process that runs under `pid` now, or null when none does. */
export function findProcess(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** True while this very run of the process lives. A zombie counts as ended. */
export function isRunning(identity: ProcessIdentity): boolean {
  return findProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** The identity of the calling process. */
export function currentProcess(): ProcessIdentity {
  const identity = findProcess(process.pid);
  if (identity === null) {
    throw new Error('The system does not tell when this process started');
  }
  return identity;
}

/** proc(5): the name in parentheses may hold anything, so fields are counted from the last parenthesis. */
function startOnLinux(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

function startElsewhere(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch {
    return null;
  }
  if (process.platform === 'win32') {
    return 'unknown';
  }
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
}
