import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Job, Measured } from './job.ts';

const PROGRAM = fileURLToPath(new URL('generator.ts', import.meta.url));

export interface LoadGenerator {
  /** @throws Error when anything but 200 was answered, or nothing: what fails fast must not count as fast */
  run(job: Job): Promise<Measured>;
  stop(): void;
}

/** One process for all measurements of a run, so that none of them pays for its start. */
export function startLoadGenerator(): LoadGenerator {
  const child = fork(PROGRAM);
  const ended = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    throw new Error(`the load generator ended with ${code ?? signal}`);
  });
  // Its end is told to whoever waits for a measurement; between two nobody does.
  ended.catch(() => undefined);
  return {
    async run(job) {
      child.send(job);
      const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured];
      const { url } = job.targets[0]!;
      const errors = Object.entries(measured.errors);
      if (errors.length > 0) {
        const causes = errors.map(([cause, times]) => `${cause}: ${times}`).join(', ');
        throw new Error(`not everything was answered 200 by ${url}: ${causes}`);
      }
      if (measured.requests === 0) throw new Error(`${url} answered nothing within ${measured.seconds} s`);
      return measured;
    },
    stop: () => void child.disconnect(),
  };
}
