import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RuleSetResponse } from '../src/conclusion-rules/rule-set-responses.dto.ts';
import type { RuleSet } from '../src/conclusion-rules/engine/rule-set.ts';
import type {
  SimulationLineResponse,
  SimulationResponse,
} from '../src/rule-impact/simulation-responses.dto.ts';
import type { SessionDocument } from '../src/sessions/session.schema.ts';
import type { Bench, BenchDatabase } from './bench.ts';
import { simulateOneByOne } from './one-by-one.ts';
import { residentMibOf } from './process-figures.ts';
import { quantile, type Report, type Row } from './report.ts';
import { ours } from './servers/contenders.ts';
import { startServer, type ServerProcess } from './servers/server-process.ts';
import { deliverAll, sessionsWith, uuidOf } from './stored-results.ts';

const DEFAULT = JSON.parse(
  readFileSync(new URL('../config/rule-sets/default.json', import.meta.url), 'utf8'),
) as RuleSet;
const MINIMUM_SIMILARITY = 90.5;
const STRICTER: RuleSet = {
  ...DEFAULT,
  name: 'Stricter',
  parameters: {
    ...DEFAULT.parameters,
    minimumSimilarity: { value: MINIMUM_SIMILARITY, reason: 'Halfway to the best scores.' },
  },
};
const IDLE_READS = 100;
const READ_EVERY_MS = 50;
const TOLD_EVERY = 10_000;
const MAX_RESIDENT_MIB = 350;
/** What the collector leaves for later, whatever the length of the history. */
const MAX_GROWTH_MIB = 64;
const MAX_SILENCE_MS = 5_000;
const MAX_READ_P99_MS = 100;

/** Simulates a rule set over a long history, as its caller sees it, beside evaluating every result by itself. */
export async function measureSimulation(bench: Bench): Promise<Report> {
  const { results } = bench.options;
  const sessions = sessionsWith(results);
  const database = bench.newDatabase();
  const filling = await start(bench, database, 'filling');
  try {
    await deliverAll(filling.url, sessions, bench.say);
  } finally {
    await filling.stop();
  }
  // Of its memory nothing is left from taking callbacks.
  const server = await start(bench, database, 'simulating');
  try {
    const version = await draft(server.url);
    const idleReads = await reads(server.url, sessions, (taken) => taken < IDLE_READS);
    const simulated = await simulate(bench, server, version, sessions);
    const projected = database.db.collection<SessionDocument>('sessions');
    const compared = await simulateOneByOne(projected, DEFAULT, STRICTER, bench.say);
    return report(results, sessions, idleReads, simulated, differences(simulated, compared));
  } finally {
    await server.stop();
    await database.drop();
  }
}

async function start(bench: Bench, { uri }: BenchDatabase, name: string): Promise<ServerProcess> {
  const folder = join(bench.folder, name);
  return startServer(await ours.program(uri, folder), folder);
}

async function draft(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/rule-sets`, {
    method: 'POST',
    headers: { ...ours.reading.headers, 'content-type': 'application/json' },
    body: JSON.stringify(STRICTER),
  });
  if (answer.status !== 201)
    throw new Error(`the draft was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as RuleSetResponse).version;
}

/** What the caller of a simulation saw. */
interface Simulated {
  readonly whole: SimulationResponse;
  /** Uuids of the sessions on lines of their own. */
  readonly changed: readonly string[];
  readonly tookMs: number;
  /** Lines that told how far it was. */
  readonly progressLines: number;
  readonly longestSilenceMs: number;
  /** MiB of the service, before and with every line of progress; empty where the system doesn't tell. */
  readonly residentMib: readonly number[];
  readonly highestMib: number | null;
  /** Milliseconds that reading a session took meanwhile, one after the other. */
  readonly readMs: readonly number[];
}

async function simulate(
  { say }: Bench,
  { url, pid }: ServerProcess,
  version: string,
  sessions: number,
): Promise<Simulated> {
  const changed: string[] = [];
  const residentMib: number[] = [];
  let whole: SimulationResponse | null = null;
  let [progressLines, longestSilenceMs] = [0, 0];
  const started = performance.now();
  let heardAt = started;
  const answer = await fetch(`${url}/v1/rule-sets/${version}/simulations`, {
    method: 'POST',
    headers: {
      ...ours.reading.headers,
      'content-type': 'application/json',
      accept: 'application/x-ndjson',
    },
    body: JSON.stringify({ from: '2020-01-01T00:00:00.000Z' }),
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`it was answered ${answer.status}`);
  const meanwhile = reads(url, sessions, () => whole === null);
  for await (const text of createInterface({ input: Readable.fromWeb(answer.body) })) {
    longestSilenceMs = Math.max(longestSilenceMs, performance.now() - heardAt);
    heardAt = performance.now();
    const line = JSON.parse(text) as SimulationLineResponse;
    if (line.changed !== undefined) changed.push(line.changed.uuid);
    if (line.simulation !== undefined) whole = line.simulation;
    if (line.progress === undefined) continue;
    const { lookedAt, of } = line.progress;
    progressLines += 1;
    const mib = await residentMibOf(pid, 'now');
    if (mib !== null) residentMib.push(mib);
    if (lookedAt % TOLD_EVERY === 0) say(`simulated ${lookedAt} of ${of} sessions, ${mib?.toFixed(0)} MiB`);
  }
  const tookMs = performance.now() - started;
  if (whole === null) throw new Error('the simulation broke off');
  const highestMib = await residentMibOf(pid, 'highest');
  const readMs = await meanwhile;
  return { whole, changed, tookMs, progressLines, longestSilenceMs, residentMib, highestMib, readMs };
}

/** Reads sessions one after the other, as long as it is to go on, and says how long each took. */
async function reads(url: string, sessions: number, goesOn: (taken: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) {
    const uuid = uuidOf((times.length * 7_919) % sessions);
    const started = performance.now();
    const answer = await fetch(`${url}/v1/sessions/${uuid}`, { headers: ours.reading.headers });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`${uuid} was answered ${answer.status}`);
    times.push(performance.now() - started);
    await wait(READ_EVERY_MS);
  }
  return times;
}

/** Names of the figures in which the simulation differs from evaluating one by one. */
function differences(
  { whole, changed }: Simulated,
  expected: Awaited<ReturnType<typeof simulateOneByOne>>,
): string[] {
  const found = {
    examined: whole.examined,
    skipped: whole.skipped.erased + whole.skipped.unconcluded + whole.skipped.unknown,
    matrix: whole.matrix,
    rules: Object.fromEntries(whole.rules.map(({ code, before, after }) => [code, { before, after }])),
    changedCount: whole.changedCount,
    changed: changed.toSorted(),
  };
  const names = Object.keys(found) as (keyof typeof found)[];
  return names.filter((name) => !isDeepStrictEqual(found[name], expected[name]));
}

function report(
  results: number,
  sessions: number,
  idleReads: readonly number[],
  simulated: Simulated,
  differing: readonly string[],
): Report {
  const { whole, tookMs, progressLines, longestSilenceMs, residentMib, highestMib, readMs } = simulated;
  const tenth = Math.max(1, Math.round(residentMib.length / 10));
  const growthMib = Math.max(...residentMib) - Math.max(...residentMib.slice(0, tenth));
  const readP99 = quantile(readMs, 0.99);
  const perSecond = (sessions / tookMs) * 1_000;
  const rows: Row[] = [
    { what: 'stored results', measured: `${results} of ${sessions} sessions` },
    {
      what: 'simulated in',
      measured: `${(tookMs / 1_000).toFixed(1)} s, ${perSecond.toFixed(0)} sessions/s`,
    },
    { what: 'sessions that change', measured: String(whole.changedCount) },
    {
      what: 'figures that differ from evaluating one by one',
      measured: differing.length === 0 ? 'none' : differing.join(', '),
      goal: 'none',
      met: differing.length === 0,
    },
    {
      what: 'told how far it is',
      measured: `${progressLines} times`,
      goal: `>= ${Math.floor(sessions / 1_000)}`,
      met: progressLines >= Math.floor(sessions / 1_000),
    },
    {
      what: 'longest wait for a line',
      measured: `${longestSilenceMs.toFixed(0)} ms`,
      goal: `<= ${MAX_SILENCE_MS} ms`,
      met: longestSilenceMs <= MAX_SILENCE_MS,
    },
    ...(highestMib === null
      ? []
      : [
          {
            what: 'memory of the service at its highest',
            measured: `${highestMib.toFixed(0)} MiB`,
            goal: `< ${MAX_RESIDENT_MIB} MiB`,
            met: highestMib < MAX_RESIDENT_MIB,
          },
          {
            what: 'growth beyond that of the first tenth',
            measured: `${growthMib.toFixed(0)} MiB`,
            goal: `<= ${MAX_GROWTH_MIB} MiB`,
            met: growthMib <= MAX_GROWTH_MIB,
          },
        ]),
    { what: 'reading a session before, p99', measured: `${quantile(idleReads, 0.99).toFixed(1)} ms` },
    {
      what: 'reading a session meanwhile, p99',
      measured: `${readP99.toFixed(1)} ms`,
      goal: `<= ${MAX_READ_P99_MS} ms`,
      met: readP99 <= MAX_READ_P99_MS,
    },
  ];
  return { rows, details: { ...simulated, changed: [], whole: { ...whole, changed: [] }, idleReads } };
}
