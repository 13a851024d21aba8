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
  /** MiB after the load. */
  readonly residentMib: number | null;
}

/** Servers that are measured in turn, by one load generator. */
export class Contest {
  readonly cells: Cell[] = [];
  readonly #bench: Bench;
  readonly #generator: LoadGenerator = startLoadGenerator();
  #started = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async start(contender: Contender, { database, nodeOptions = [] }: Setting = {}): Promise<Running> {
    const on = database ?? this.#bench.newDatabase();
    this.#started += 1;
    const folder = join(this.#bench.folder, `${contender.name}-${this.#started}`);
    const program = await contender.program(on.uri, folder);
    const server = await startServer({ ...program, argv: [...nodeOptions, ...program.argv] }, folder);
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
    const [{ contender, server }] = at;
    const measured = await this.#generator.run({
      targets: at.map((one, place) => ({
        ...request(contender),
        url: one.server.url,
        connections: share(connections, at.length, place),
      })),
      warmUpSeconds: WARM_UP_S,
      seconds: options.seconds ?? SECONDS,
      pids: [server.pid, ...(mongodPid === null ? [] : [mongodPid])],
    });
    const residentMib = await residentMibOf(server.pid, 'now');
    const name = at.length === 1 ? contender.name : `${contender.name} x ${at.length}`;
    const cell = { ...measured, round, contender: name, connections, residentMib };
    this.cells.push(cell);
    say(
      `round ${round}, ${connections} connections, ${name}: ${cell.requestsPerSecond.toFixed(0)}/s, ` +
        `p50 ${cell.p50.toFixed(1)} ms, p99 ${cell.p99.toFixed(1)} ms`,
    );
    await wait(SETTLE_MS);
    return cell;
  }

  stop(): void {
    this.#generator.stop();
  }
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
  ...['conn.', '', 'requests/s', 'p50', 'p99', 'errors'],
  ...['CPU', 'mongod', 'generator', 'RSS MiB'],
];

/** Medians of the same measurement in all rounds. */
export function cellLine(cells: readonly Cell[]): string[] {
  const [{ connections, contender } = { connections: NaN, contender: '' }] = cells;
  const middle = (of: (cell: Cell) => number, digits: number) => median(cells.map(of)).toFixed(digits);
  const cpu = (place: number) => middle((cell) => (cell.cpuMs[place] ?? NaN) / cell.requests, 2);
  return [
    String(connections),
    contender,
    middle(RATE, 0),
    middle(P50, 2),
    middle(P99, 2),
    // Any other number has ended the run.
    '0',
    cpu(0),
    cpu(1),
    middle((cell) => cell.ownCpuMs / cell.requests, 2),
    middle((cell) => cell.residentMib ?? NaN, 0),
  ];
}
