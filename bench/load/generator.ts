/** The load generator, a process of its own: takes a job as message, answers with what it measured. */
import autocannon from 'autocannon';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMsOf } from '../process-figures.ts';
import { quantile } from '../report.ts';
import type { Job, Measured, Target } from './job.ts';

/** Sampling of autocannon's own figures, which are not used: it keeps whole milliseconds. */
const SAMPLE_MS = 1_000;
const AFTER_S = 0.2;
const ANSWER_WITHIN_S = 30;

process.on('message', (job: Job) => {
  void run(job).then((measured) => process.send!(measured));
});

async function run({ targets, warmUpSeconds, seconds, pids }: Job): Promise<Measured> {
  const tally = new Tally();
  const runs = targets.map((target) => load(target, warmUpSeconds + seconds, tally));
  await wait(warmUpSeconds * 1_000);
  const before = await Promise.all(pids.map(cpuMsOf));
  const ownBefore = process.cpuUsage();
  const from = microseconds();
  tally.durations.length = 0;
  await wait(seconds * 1_000);
  const durations = tally.durations.slice();
  const to = microseconds();
  const own = process.cpuUsage(ownBefore);
  const after = await Promise.all(pids.map(cpuMsOf));
  await Promise.all(runs);
  const span = (to - from) / 1e6;
  return {
    seconds: span,
    requests: durations.length,
    requestsPerSecond: durations.length / span,
    p50: quantile(durations, 0.5),
    p99: quantile(durations, 0.99),
    errors: tally.errors,
    acknowledged: tally.acknowledged,
    cpuMs: after.map((end, place) => {
      const start = before[place];
      return end === null || start === null || start === undefined ? null : end - start;
    }),
    ownCpuMs: (own.user + own.system) / 1_000,
    window: [from, to],
  };
}

/** Counts answers, and keeps how long each of the good ones took. */
class Tally {
  readonly durations: number[] = [];
  readonly errors: Record<string, number> = {};
  acknowledged = 0;

  answered(status: number, milliseconds: number): void {
    if (status !== 200) return this.failed(`status ${status}`, 1);
    this.acknowledged += 1;
    this.durations.push(milliseconds);
  }

  failed(cause: string, times: number): void {
    if (times > 0) this.errors[cause] = (this.errors[cause] ?? 0) + times;
  }
}

async function load(target: Target, seconds: number, tally: Tally): Promise<void> {
  const { url, method, headers, connections, body } = target;
  const nextUuid = uuidsOf(target);
  const { errors, timeouts } = await autocannon({
    url,
    method,
    headers: { ...headers },
    connections,
    // Ends a little later than what is measured, so that all connections are busy to the end.
    duration: seconds + AFTER_S,
    timeout: ANSWER_WITHIN_S,
    sampleInt: SAMPLE_MS,
    setupClient(client) {
      client.on('response', (status, _bytes, milliseconds) => tally.answered(status, milliseconds));
    },
    requests: [
      {
        setupRequest(request) {
          const uuid = nextUuid();
          request.path = target.path.replace('{uuid}', uuid);
          if (body !== undefined) request.body = body.replace('{uuid}', uuid);
          return request;
        },
      },
    ],
  });
  tally.failed('time-out', timeouts);
  tally.failed('connection error', errors - timeouts);
}

function uuidsOf({ uuids }: Target): () => string {
  if (uuids === undefined) return randomUUID;
  let next = 0;
  return () => uuids[next++ % uuids.length]!;
}

function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
