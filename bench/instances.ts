import type { Bench, BenchOptions } from './bench.ts';
import {
  CELL_HEAD,
  CELL_REMARKS,
  cellLine,
  Contest,
  P50,
  P99,
  RATE,
  ratioOf,
  ratioRow,
  type Cell,
  type Running,
} from './contest.ts';
import type { Report, Row } from './report.ts';
import { ours } from './servers/contenders.ts';

const INSTANCES = [2, 3];
/** Connections to each instance that load it fully. */
const FULL = 256;
/** Connections to all instances together that leave room. */
const FEW = 16;
const MIN_RATE_RATIO = 0.9;
const MAX_P50_RATIO = 2.5;

/** One instance and several under the same load, one after the other. */
interface Trio {
  readonly instances: number;
  readonly connections: number;
  readonly alone: Cell;
  readonly together: Cell;
  /** As many, each on a database of its own: what they cost without having anything to do with each other. */
  readonly apart: Cell;
}

/** Measures several instances on one database in turn with one that has a database of its own. */
export async function measureInstances(bench: Bench): Promise<Report> {
  const contest = new Contest(bench);
  const trios: Trio[] = [];
  try {
    for (const instances of INSTANCES) trios.push(...(await measureAll(contest, instances, bench.options)));
  } finally {
    await contest.close();
  }
  return report(trios);
}

/** All rounds on the same servers: to warm so many up takes longer than to measure them. */
async function measureAll(contest: Contest, instances: number, options: BenchOptions): Promise<Trio[]> {
  const loads = options.connections ?? [FEW, instances * FULL];
  const measure = (connections: number, round: number, at: readonly [Running, ...Running[]]) =>
    contest.measure(({ delivery }) => delivery, connections, round, at);

  const single = await contest.start(ours);
  const first = await contest.start(ours);
  const others = await startMore(contest, instances - 1, first);
  const pairs: Omit<Trio, 'apart'>[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const connections of loads) {
      // Nobody is always first.
      const early = round % 2 === 0 ? await measure(connections, round, [single]) : null;
      const together = await measure(connections, round, [first, ...others]);
      const alone = early ?? (await measure(connections, round, [single]));
      pairs.push({ instances, connections, alone, together });
    }
  }
  await end([single, first, ...others]);

  const [one, ...more] = [await contest.start(ours), ...(await startMore(contest, instances - 1, null))];
  const trios: Trio[] = [];
  for (const pair of pairs) {
    const apart = await measure(pair.connections, pair.alone.round, [one, ...more]);
    trios.push({ ...pair, apart: { ...apart, contender: `${apart.contender}, apart` } });
  }
  await end([one, ...more]);
  return trios;
}

/** @param on whose database they share; null for one each */
async function startMore(contest: Contest, count: number, on: Running | null): Promise<Running[]> {
  const running: Running[] = [];
  while (running.length < count) {
    running.push(await contest.start(ours, on === null ? {} : { database: on.database }));
  }
  return running;
}

async function end(running: readonly Running[]): Promise<void> {
  for (const { server } of running) await server.stop();
  for (const database of new Set(running.map((one) => one.database))) await database.drop();
}

function report(trios: readonly Trio[]): Report {
  const loads = [...new Set(trios.map(({ instances, connections }) => `${instances} ${connections}`))].map(
    (load) => trios.filter(({ instances, connections }) => `${instances} ${connections}` === load),
  );
  return {
    remarks: [
      'Instances of the service on one database, with the same connections in all as the one beside them. Those that',
      'are apart have a database each: what several processes cost that have nothing to settle with each other.',
      ...CELL_REMARKS,
    ],
    table: {
      head: CELL_HEAD,
      lines: loads.flatMap((load) => [
        cellLine(load.map(({ alone }) => alone)),
        cellLine(load.map(({ together }) => together)),
        cellLine(load.map(({ apart }) => apart)),
      ]),
    },
    rows: loads.flatMap((load): Row[] => {
      const [{ instances, connections }] = load as [Trio];
      const ratio = (
        figure: (cell: Cell) => number,
        several: (trio: Trio) => Cell = ({ together }) => together,
      ) =>
        ratioOf(
          load.map(several),
          load.map(({ alone }) => alone),
          figure,
        );
      const what = `${instances} instances : 1, ${connections} connections`;
      const isFull = connections === instances * FULL;
      return [
        ratioRow(`${what}, requests/s`, ratio(RATE), isFull ? { atLeast: MIN_RATE_RATIO } : {}),
        ratioRow(`${what}, p50`, ratio(P50), connections === FEW ? { atMost: MAX_P50_RATIO } : {}),
        ratioRow(`${what}, p99`, ratio(P99)),
        ratioRow(
          `${what}, requests/s, apart`,
          ratio(RATE, ({ apart }) => apart),
        ),
        ratioRow(
          `${what}, p50, apart`,
          ratio(P50, ({ apart }) => apart),
        ),
      ];
    }),
    details: { trios },
  };
}
