/** `npm run bench`: measures what is promised of speed and size, prints it beside its goal and keeps it. */
import { parseArgs } from 'node:util';
import { openBench, type BenchOptions, type Bench } from './bench.ts';
import { printReport, writeReport, type Report } from './report.ts';

const BENCHES: Readonly<Record<string, Measured>> = {
  ingestion: {
    purpose: 'callbacks a second beside a bare insert and a typical service (without a name: this)',
    load: async () => (await import('./ingestion.ts')).measureIngestion,
  },
  reading: {
    purpose: 'sessions read a second beside a bare findOne and a typical service',
    load: async () => (await import('./reading.ts')).measureReading,
  },
  instances: {
    purpose: 'two and three instances on one database beside one',
    load: async () => (await import('./instances.ts')).measureInstances,
  },
  growth: {
    purpose: 'callbacks a second on a log that grows, beside an empty one',
    load: async () => (await import('./growth.ts')).measureGrowth,
  },
  profile: {
    purpose: 'where the time of the service goes under callbacks (the same as --profile)',
    load: async () => (await import('./profile.ts')).profileIngestion,
  },
  verify: {
    purpose: 'the verifier beside a bare loop that reads the same cursor and hashes each leaf',
    load: async () => (await import('./verify.ts')).measureVerifier,
  },
  queries: {
    purpose: 'what the queries of the log examine, and how long they take',
    load: async () => (await import('./queries.ts')).measureQueries,
  },
  checkpoint: {
    purpose: 'the time from an entry to the first signed checkpoint over it, under load',
    load: async () => (await import('./checkpoint.ts')).measureCheckpoints,
  },
  rules: {
    purpose: 'conclusions a second by the default rule set, beside json-rules-engine',
    loadAlone: async () => (await import('./rules/rules.ts')).measureRules,
  },
  simulation: {
    purpose: 'a rule set simulated over a long history, beside evaluating each result by itself',
    load: async () => (await import('./simulation.ts')).measureSimulation,
  },
  confirmation: {
    purpose: 'the time from a callback to the pulled result that proves it',
    load: async () => (await import('./confirmation.ts')).measureConfirmations,
  },
};

type Measured = { readonly purpose: string } & (
  | { readonly load: () => Promise<(bench: Bench) => Promise<Report>> }
  /** Needs no database, which would only take processor time away. */
  | { readonly loadAlone: () => Promise<(options: BenchOptions) => Promise<Report>> }
);

const USAGE = `Usage: npm run bench -- [<name>…] [options]

${Object.entries(BENCHES)
  .map(([name, { purpose }]) => `  ${name.padEnd(14)} ${purpose}`)
  .join('\n')}

  --entries <n>   entries in the log that verify and queries read and that growth ends at (default 1000000)
  --results <n>   stored results that simulation reads (default 100000)
  --rounds <n>    how often what is compared is measured in turn (default 3)
  --rate <n>      entries a second under checkpoint (default 1000)
  --seconds <n>   how long each measurement takes (default 5; checkpoint 30)
  --warm-up <n>   seconds under load before the first measurement of a server that was just started (default 20)
  --only <n,…>    numbers of connections, instead of all that goals are set for
  --profile       the bench of that name
  --database <s>  a database to use and to keep; without it one is made and dropped

Uses the MongoDB under TEST_MONGODB_URI, else one of its own. Keeps the last report of each bench in
bench/results. Exit code 1 when a goal was missed or anything was answered other than 200.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: 'string', default: '1000000' },
    results: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string' },
    'warm-up': { type: 'string', default: '20' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
    database: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const options: BenchOptions = {
  entries: Number(values.entries),
  results: Number(values.results),
  rounds: Number(values.rounds),
  rate: Number(values.rate),
  seconds: values.seconds === undefined ? null : Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  connections: values.only?.split(',').map(Number) ?? null,
  database: values.database ?? null,
};
const names = positionals.length > 0 ? positionals : [values.profile ? 'profile' : 'ingestion'];
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
const numbers = [
  ...[
    options.entries,
    options.results,
    options.rounds,
    options.rate,
    options.seconds ?? 1,
    options.warmUpSeconds,
  ],
  ...(options.connections ?? []),
];
if (values.help || unknown.length > 0 || !numbers.every((n) => Number.isInteger(n) && n > 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

let bench: Bench | null = null;
try {
  for (const name of names) {
    const measured = BENCHES[name]!;
    const report =
      'load' in measured
        ? await (
            await measured.load()
          )((bench ??= await openBench(options)))
        : await (
            await measured.loadAlone()
          )(options);
    printReport(name, report);
    await writeReport(name, report);
    if (report.rows.some(({ met }) => met === false)) process.exitCode = 1;
  }
} finally {
  await bench?.close();
}
