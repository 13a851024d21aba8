/**
 * `npm run test:soak`: half of what the service can take, for some minutes; then whatever should stay flat is
 * looked at. Exit code 1 when something grew. Stops by itself.
 */
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { aCallback } from '../simulator/payloads.ts';
import startMongo from '../support/mongo-server.setup.ts';
import stopMongo from '../support/mongo-server.teardown.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';
import { readMetrics } from './support/metrics.ts';
import { sparkline, trendOf } from './support/trend.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 600)) {
  console.error('Usage: npm run test:soak -- [--minutes <n>]');
  process.exit(2);
}

const CALIBRATION_MS = 15_000;
const AT_ONCE = 64;
const SAMPLES = 60;
/** The first part of the samples, while code is compiled and caches fill. */
const WARM_UP = 0.25;
/** What garbage collection alone may make of a flat line. */
const MOST_GROWTH = 0.1;

/** What is sampled, in which unit it is shown, and whether it has to stay flat. */
const FIGURES = [
  { label: 'memory, MiB', metric: 'process_resident_memory_bytes', unit: 1024 ** 2, flat: true },
  { label: 'heap, MiB', metric: 'nodejs_heap_size_total_bytes', unit: 1024 ** 2, flat: true },
  { label: 'open files', metric: 'process_open_fds', unit: 1, flat: true },
  { label: 'active resources', metric: 'nodejs_active_resources_total', unit: 1, flat: true },
  { label: 'loop delay p99, ms', metric: 'nodejs_eventloop_lag_p99_seconds', unit: 0.001, flat: false },
  { label: 'queue', metric: 'ekyc_audit_queue_commands', unit: 1, flat: false },
] as const;

interface Load {
  taken: number;
  readonly others: Map<string, number>;
}

let delivered = 0;

async function deliver(pool: Pool, service: ServiceProcess, load: Load): Promise<void> {
  delivered += 1;
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/v1/callbacks/fpt',
    headers: { 'x-callback-token': service.callbackToken },
    body: JSON.stringify(aCallback({ uuid: `soak-${delivered}` })),
  });
  await body.dump();
  if (statusCode === 200) load.taken += 1;
  else load.others.set(String(statusCode), (load.others.get(String(statusCode)) ?? 0) + 1);
}

/** Deliveries a second with as many under way as the pool allows. */
async function measureRate(pool: Pool, service: ServiceProcess): Promise<number> {
  const load: Load = { taken: 0, others: new Map() };
  const until = performance.now() + CALIBRATION_MS;
  const work = async (): Promise<void> => {
    while (performance.now() < until) await deliver(pool, service, load);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return (load.taken * 1_000) / CALIBRATION_MS;
}

/** Delivers at an even rate until the time is over; what the service is late with is not caught up. */
async function deliverEvenly(
  pool: Pool,
  service: ServiceProcess,
  rate: number,
  until: number,
): Promise<Load> {
  const load: Load = { taken: 0, others: new Map() };
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const next = performance.now() + (AT_ONCE * 1_000) / rate;
      await deliver(pool, service, load);
      await delay(Math.max(0, next - performance.now()));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return load;
}

await startMongo();
const service = await startService({ env: { LOG_LEVEL: 'error' } });
const pool = new Pool(service.url, { connections: AT_ONCE });
try {
  const rate = (await measureRate(pool, service)) / 2;
  console.log(`${minutes} minutes at ${rate.toFixed(0)} deliveries a second, half of what it takes at most`);
  const until = performance.now() + minutes * 60_000;
  const sampled = FIGURES.map(() => [] as number[]);
  const sample = async (): Promise<void> => {
    for (let at = 1; at <= SAMPLES; at += 1) {
      await delay(Math.max(0, until - (1 - at / SAMPLES) * minutes * 60_000 - performance.now()));
      const metrics = await readMetrics(service);
      for (const [place, { metric, unit }] of FIGURES.entries())
        sampled[place]!.push((metrics.get(metric) ?? NaN) / unit);
    }
  };
  const [load] = await Promise.all([deliverEvenly(pool, service, rate, until), sample()]);

  console.log(
    `${load.taken} taken, others ${JSON.stringify(Object.fromEntries(load.others))}\n` +
      `${'after the warm-up'.padEnd(20)}${'first'.padStart(9)}${'last'.padStart(9)}${'growth'.padStart(9)}  course`,
  );
  for (const [place, { label, flat }] of FIGURES.entries()) {
    const settled = sampled[place]!.slice(SAMPLES * WARM_UP);
    const { first, last, growth } = trendOf(settled);
    const grew = flat && growth > MOST_GROWTH;
    if (grew) process.exitCode = 1;
    console.log(
      `${label.padEnd(20)}${first.toFixed(1).padStart(9)}${last.toFixed(1).padStart(9)}` +
        `${`${(growth * 100).toFixed(1)} %`.padStart(9)}  ${sparkline(sampled[place]!)}${grew ? '  GREW' : ''}`,
    );
  }
  if (load.others.size > 0) process.exitCode = 1;
} finally {
  await pool.close();
  await stopServices();
  await stopMongo();
}
