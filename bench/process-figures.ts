import { readFile } from 'node:fs/promises';

/** The unit of CPU times in /proc, fixed by Linux for programs. */
const TICK_MS = 10;

/** CPU milliseconds that all threads of a process have used; null where the system doesn't tell. */
export async function cpuMsOf(pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
}

/** Resident memory in MiB, now or at its highest; null where the system doesn't tell. */
export async function residentMibOf(pid: number, which: 'now' | 'highest'): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = (which === 'now' ? /^VmRSS:\s+(\d+) kB$/m : /^VmHWM:\s+(\d+) kB$/m).exec(status)?.[1];
    return kib === undefined ? null : Number(kib) / 1_024;
  } catch {
    return null;
  }
}
