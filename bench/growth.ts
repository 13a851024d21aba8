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
} from './contest.ts';
import { fillLog } from './filled-log.ts';
import type { Report, Row } from './report.ts';
import { ours } from './servers/contenders.ts';

const CONNECTIONS = 64;
/** Shares of the asked entries at which a grown log is held against an empty one. */
const POINTS = [0.1, 0.3, 1];
const MIN_RATIO = 0.9;

/** The same load on a log with so many entries and on one that began empty, one after the other. */
interface Pair {
  readonly grown: Cell;
  readonly empty: Cell;
}

/** How a service got on that was started on a log of so many entries. */
interface Point {
  readonly entries: number;
  readonly pairs: readonly Pair[];
  readonly coldStartMs: number;
}

/** Measures services on logs of growing length, each in turn with one whose log began empty. */
export async function measureGrowth(bench: Bench): Promise<Report> {
  const contest = new Contest(bench);
  const points: Point[] = [];
  try {
    for (const share of POINTS) {
      points.push(await measurePoint(bench, contest, Math.round(bench.options.entries * share)));
    }
  } finally {
    await contest.close();
  }
  return report(points);
}

async function measurePoint(bench: Bench, contest: Contest, entries: number): Promise<Point> {
  const [connections = CONNECTIONS] = bench.options.connections ?? [];
  const database = bench.newDatabase();
  // Signs what is filled in. Its appender would come upon entries that it did not write, so it goes.
  const signing = await contest.start(ours, { database });
  await fillLog(database.db, entries, bench.say);
  await signing.server.stop();
  const full = await contest.start(ours, { database });
  const pairs: Pair[] = [];
  for (let round = 1; round <= bench.options.rounds; round++) {
    const fresh = await contest.start(ours);
    const measure = (one: typeof fresh) =>
      contest.measure(({ delivery }) => delivery, connections, round, [one]);
    // Nobody is always first.
    const early = round % 2 === 0 ? await measure(fresh) : null;
    const grown = await measure(full);
    pairs.push({ grown, empty: early ?? (await measure(fresh)) });
    await fresh.server.stop();
    await fresh.database.drop();
  }
  await full.server.stop();
  await database.drop();
  return { entries, pairs, coldStartMs: full.server.coldStartMs };
}

function report(points: readonly Point[]): Report {
  const largest = Math.max(...points.map(({ entries }) => entries));
  return {
    remarks: [
      'Of each two lines the first is a service on a log of that length, the second one whose log began empty.',
      ...CELL_REMARKS,
    ],
    table: {
      head: ['entries', ...CELL_HEAD],
      lines: points.flatMap(({ entries, pairs }) => [
        [String(entries), ...cellLine(pairs.map(({ grown }) => grown))],
        ['0', ...cellLine(pairs.map(({ empty }) => empty))],
      ]),
    },
    rows: points.flatMap(({ entries, pairs, coldStartMs }): Row[] => {
      const ratio = (figure: (cell: Cell) => number) =>
        ratioOf(
          pairs.map(({ grown }) => grown),
          pairs.map(({ empty }) => empty),
          figure,
        );
      const what = `${entries} entries : empty`;
      return [
        ratioRow(`${what}, requests/s`, ratio(RATE), entries === largest ? { atLeast: MIN_RATIO } : {}),
        ratioRow(`${what}, p50`, ratio(P50)),
        ratioRow(`${what}, p99`, ratio(P99)),
        { what: `${entries} entries, cold start to ready`, measured: `${coldStartMs.toFixed(0)} ms` },
      ];
    }),
    details: { points },
  };
}
