import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { residentMibOf } from './process-figures.ts';
import { median, type Report } from './report.ts';

const MIN_SHARE = 0.6;
const MAX_RSS_MIB = 300;
const SAMPLE_MS = 50;

/** One run of a program to its end. */
interface Run {
  readonly seconds: number;
  /** Highest resident size, MiB; NaN where the system doesn't tell. */
  readonly peakMib: number;
}

/** Times the verifier and a bare loop over the same cursor, in turn, each as a process of its own. */
export async function measureVerifier(bench: Bench): Promise<Report> {
  const { entries, rounds } = bench.options;
  const { uri, vkey } = await bench.filledLog();
  const loop = [program('bare-loop.ts'), uri];
  const verifier = [program('../dist/verifier/main.js'), '--mongo', uri, '--key', vkey, '--stateless'];
  const runs: { loop: Run; verifier: Run }[] = [];
  // Whoever reads first warms the database's cache for the other.
  await run(loop, bench);
  for (let round = 1; round <= rounds; round++) {
    bench.say(`round ${round} of ${rounds}`);
    runs.push({ loop: await run(loop, bench), verifier: await run(verifier, bench) });
  }
  const perSecond = (of: 'loop' | 'verifier') => entries / median(runs.map((one) => one[of].seconds));
  const share = perSecond('verifier') / perSecond('loop');
  const peak = Math.max(...runs.map((one) => one.verifier.peakMib));
  return {
    rows: [
      { what: 'entries', measured: String(entries) },
      { what: 'bare loop, entries/s', measured: perSecond('loop').toFixed(0) },
      { what: 'verifier, entries/s', measured: perSecond('verifier').toFixed(0) },
      {
        what: 'verifier : bare loop',
        measured: `${(share * 100).toFixed(1)} %`,
        goal: `>= ${MIN_SHARE * 100} %`,
        met: share >= MIN_SHARE,
      },
      {
        what: 'peak memory of the verifier',
        measured: `${peak.toFixed(0)} MiB`,
        goal: `< ${MAX_RSS_MIB} MiB`,
        met: peak < MAX_RSS_MIB,
      },
    ],
    details: { entries, runs },
  };
}

function program(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Time from start to end of the process, with all that a person would wait for. */
async function run(argv: readonly string[], { say }: Bench): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  let peakMib = NaN;
  const sampling = setInterval(() => {
    // The kernel keeps the highest value itself, so sampling misses at most what came after the last sample.
    void residentMibOf(child.pid!, 'highest').then((peak) => {
      if (peak !== null) peakMib = peak;
    });
  }, SAMPLE_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}:\n${Buffer.concat(output).toString()}`);
  const seconds = (performance.now() - started) / 1_000;
  say(`${argv[0]!.split('/').slice(-2).join('/')}: ${seconds.toFixed(1)} s, ${peakMib.toFixed(0)} MiB`);
  return { seconds, peakMib };
}
