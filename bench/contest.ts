import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench, BenchDatabase } from './bench.ts';
import type { Measured, Target } from './load/job.ts';
import { startLoadGenerator, type LoadGenerator } from './load/load-generator.ts';
import { residentMibOf } from './process-figures.ts';
import { median, type Row } from './report.ts';
import type { Contender, Request } from './servers/contenders.ts';
import { startServer, type ServerProcess } from './servers/server-process.ts';

const SECONDS = 5;
const WARM_UP_S = 1;
/** Connections in all with which servers are warmed up that were just started. */
const WARM_UP_CONNECTIONS = 64;
/** What the last one leaves behind, such as entries to sign, is over before the next one is measured. */
const SETTLE_MS = 1_000;

/** A contender that runs. */
export interface Running {
  readonly contender: Contender;
  readonly database: BenchDatabase;
  readonly folder: string;
  readonly server: ServerProcess;
}

export interface Setting {
  /** Where it runs; one of its own if not given. */
  readonly database?: BenchDatabase;
  /** Options of node that stand before the program. */
  readonly nodeOptions?: readonly string[];
}

/** One contender under load from so many connections, once. */
export interface Cell extends Measured {
  readonly round: number;
  readonly contender: string;
  readonly connections: number;
  /** CPU milliseconds of all its servers; null where the system doesn't tell. */
  readonly serverCpuMs: number | null;
  /** Null as well where mongod is not ours. */
  readonly mongodCpuMs: number | null;
  /** MiB after the load, of the largest of its servers. */
  readonly residentMib: number | null;
}

/** Servers that are measured in turn, by one load generator. */
export class Contest {
  readonly cells: Cell[] = [];
  readonly #bench: Bench;
  readonly #generator: LoadGenerator = startLoadGenerator();
  readonly #servers: ServerProcess[] = [];
  readonly #warm = new Set<ServerProcess>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async start(contender: Contender, { database, nodeOptions = [] }: Setting = {}): Promise<Running> {
    const on = database ?? this.#bench.newDatabase();
    const folder = join(this.#bench.folder, `${contender.name}-${this.#servers.length}`);
    const program = await contender.program(on.uri, folder);
    const server = await startServer({ ...program, argv: [...nodeOptions, ...program.argv] }, folder);
    this.#servers.push(server);
    return { contender, database: on, folder, server };
  }

  /** Loads a contender, at one or several servers, and keeps what was measured. */
  async measure(
    request: (contender: Contender) => Request & Pick<Target, 'uuids'>,
    connections: number,
    round: number,
    at: readonly [Running, ...Running[]],
  ): Promise<Cell> {
    const { options, mongodPid, say } = this.#bench;
    const [{ contender }] = at;
    const pids = at.map(({ server }) => server.pid);
    const targets = (ofAll: number) =>
      at.map(({ server }, place) => ({
        ...request(contender),
        url: server.url,
        connections: share(ofAll, at.length, place),
      }));
    await this.#warmUp(at, targets(WARM_UP_CONNECTIONS));
    const measured = await this.#generator.run({
      targets: targets(connections),
      warmUpSeconds: WARM_UP_S,
      seconds: options.seconds ?? SECONDS,
      pids: mongodPid === null ? pids : [...pids, mongodPid],
    });
    const residentMib = await Promise.all(pids.map((pid) => residentMibOf(pid, 'now')));
    const name = at.length === 1 ? contender.name : `${contender.name} x ${at.length}`;
    const cell: Cell = {
      ...measured,
      round,
      contender: name,
      connections,
      serverCpuMs: combined(measured.cpuMs.slice(0, pids.length), (all) => all.reduce((a, b) => a + b)),
      mongodCpuMs: measured.cpuMs[pids.length] ?? null,
      residentMib: combined(residentMib, (all) => Math.max(...all)),
    };
    this.cells.push(cell);
    say(
      `round ${round}, ${connections} connections, ${name}: ${cell.requestsPerSecond.toFixed(0)}/s, ` +
        `p50 ${cell.p50.toFixed(1)} ms, p99 ${cell.p99.toFixed(1)} ms`,
    );
    await wait(SETTLE_MS);
    return cell;
  }

  /**
   * A server runs for weeks; its first half minute, in which V8 compiles what is run often, tells little of them.
   * Several that share the load take as many times longer until each has seen as much of it as one alone.
   */
  async #warmUp(at: readonly Running[], targets: readonly Target[]): Promise<void> {
    const { warmUpSeconds } = this.#bench.options;
    if (at.every(({ server }) => this.#warm.has(server))) return;
    this.#bench.say(`${at[0]!.contender.name} is warmed up`);
    await this.#generator.run({ targets, warmUpSeconds: warmUpSeconds * at.length, seconds: 1, pids: [] });
    for (const { server } of at) this.#warm.add(server);
    await wait(SETTLE_MS);
  }

  /** Ends the servers that a measurement which failed has left behind, too. */
  async close(): Promise<void> {
    this.#generator.stop();
    for (const server of this.#servers) await server.kill();
  }
}

function combined(
  figures: readonly (number | null)[],
  by: (all: readonly number[]) => number,
): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length === figures.length ? by(known) : null;
}

/** Connections that fall to one of several servers. */
function share(connections: number, servers: number, place: number): number {
  return Math.floor(connections / servers) + (place < connections % servers ? 1 : 0);
}

/** So that nobody is always first. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/**
 * Median of the ratios of measurements that were made one after the other, which whatever else the machine
 * did has met alike.
 */
export function ratioOf(
  cells: readonly Cell[],
  others: readonly Cell[],
  figure: (cell: Cell) => number,
): number {
  return median(cells.map((cell, place) => figure(cell) / figure(others[place]!)));
}

export const RATE = (cell: Cell): number => cell.requestsPerSecond;
export const P50 = (cell: Cell): number => cell.p50;
export const P99 = (cell: Cell): number => cell.p99;

export function ratioRow(what: string, ratio: number, goal: { atLeast?: number; atMost?: number } = {}): Row {
  const { atLeast, atMost } = goal;
  return {
    what,
    measured: `${ratio.toFixed(2)} x`,
    ...(atLeast !== undefined && { goal: `>= ${atLeast} x`, met: ratio >= atLeast }),
    ...(atMost !== undefined && { goal: `<= ${atMost} x`, met: ratio <= atMost }),
  };
}

export const CELL_HEAD = [
  ...['conn.', '', 'requests/s', 'p50', 'p99'],
  ...['CPU', 'mongod', 'generator', 'RSS MiB'],
];
/** What stands beside the figures of every contest. */
export const CELL_REMARKS = [
  'Times in ms; CPU of servers, mongod and load generator in ms a request. Medians of all rounds; ratios are the',
  'median of the ratio in each round. An answer other than 200 would have ended the run.',
];

/** Medians of the same measurement in all rounds. */
export function cellLine(cells: readonly Cell[]): string[] {
  const { connections, contender } = cells[0]!;
  const middle = (of: (cell: Cell) => number | null, digits: number) => {
    const figures = cells.map(of).filter((figure) => figure !== null);
    return figures.length < cells.length ? '–' : median(figures).toFixed(digits);
  };
  const perRequest = (of: (cell: Cell) => number | null) =>
    middle((cell) => {
      const spent = of(cell);
      return spent === null ? null : spent / cell.requests;
    }, 2);
  return [
    String(connections),
    contender,
    middle(RATE, 0),
    middle(P50, 2),
    middle(P99, 2),
    perRequest(({ serverCpuMs }) => serverCpuMs),
    perRequest(({ mongodCpuMs }) => mongodCpuMs),
    perRequest(({ ownCpuMs }) => ownCpuMs),
    middle(({ residentMib }) => residentMib, 0),
  ];
}
