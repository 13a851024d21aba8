import type { Bench } from './bench.ts';
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
interface Pair {
  readonly instances: number;
  readonly connections: number;
  readonly alone: Cell;
  readonly together: Cell;
}

/** Measures several instances on one database in turn with one that has a database of its own. */
export async function measureInstances(bench: Bench): Promise<Report> {
  const contest = new Contest(bench);
  const pairs: Pair[] = [];
  try {
    for (const instances of INSTANCES) {
      const loads = bench.options.connections ?? [FEW, instances * FULL];
      for (let round = 1; round <= bench.options.rounds; round++) {
        pairs.push(...(await measureRound(contest, instances, loads, round)));
      }
    }
  } finally {
    await contest.close();
  }
  return report(pairs);
}

async function measureRound(
  contest: Contest,
  instances: number,
  loads: readonly number[],
  round: number,
): Promise<Pair[]> {
  const single = await contest.start(ours);
  const first = await contest.start(ours);
  const others: Running[] = [];
  while (others.length + 1 < instances) {
    others.push(await contest.start(ours, { database: first.database }));
  }
  const measure = (connections: number, at: readonly [Running, ...Running[]]) =>
    contest.measure(({ delivery }) => delivery, connections, round, at);
  const pairs: Pair[] = [];
  for (const connections of loads) {
    // Nobody is always first.
    const early = round % 2 === 0 ? await measure(connections, [single]) : null;
    const together = await measure(connections, [first, ...others]);
    pairs.push({ instances, connections, alone: early ?? (await measure(connections, [single])), together });
  }
  for (const { server } of [single, first, ...others]) await server.stop();
  for (const { database } of [single, first]) await database.drop();
  return pairs;
}

function report(pairs: readonly Pair[]): Report {
  const loads = [...new Set(pairs.map(({ instances, connections }) => `${instances} ${connections}`))].map(
    (load) => pairs.filter(({ instances, connections }) => `${instances} ${connections}` === load),
  );
  return {
    remarks: [
      'Instances of the service on one database, with the same connections in all as the one beside them.',
      ...CELL_REMARKS,
    ],
    table: {
      head: CELL_HEAD,
      lines: loads.flatMap((load) => [
        cellLine(load.map(({ alone }) => alone)),
        cellLine(load.map(({ together }) => together)),
      ]),
    },
    rows: loads.flatMap((load): Row[] => {
      const [{ instances, connections }] = load as [Pair];
      const ratio = (figure: (cell: Cell) => number) =>
        ratioOf(
          load.map(({ together }) => together),
          load.map(({ alone }) => alone),
          figure,
        );
      const what = `${instances} instances : 1, ${connections} connections`;
      const isFull = connections === instances * FULL;
      return [
        ratioRow(`${what}, requests/s`, ratio(RATE), isFull ? { atLeast: MIN_RATE_RATIO } : {}),
        ratioRow(`${what}, p50`, ratio(P50), connections === FEW ? { atMost: MAX_P50_RATIO } : {}),
        ratioRow(`${what}, p99`, ratio(P99)),
      ];
    }),
    details: { pairs },
  };
}
