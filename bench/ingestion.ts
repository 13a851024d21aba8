import {
  Contest,
  cellLine,
  CELL_HEAD,
  CELL_REMARKS,
  P50,
  P99,
  RATE,
  ratioOf,
  ratioRow,
  rotated,
  type Cell,
  type Running,
} from './contest.ts';
import type { Bench } from './bench.ts';
import { residentMibOf } from './process-figures.ts';
import { median, type Report, type Row } from './report.ts';
import { floor, ours, typical, type Contender } from './servers/contenders.ts';

const CONNECTIONS = [1, 16, 64, 256];
const CONTENDERS = [floor, typical, ours];
const COLD_START_MS = 2_000;
const RESIDENT_MIB = 350;

/** What is known of a contender once its load is over. */
interface Afterwards {
  readonly contender: string;
  readonly callbacks: number;
  readonly firstStartMs: number;
  /** On the data that it has just written. */
  readonly coldStartMs: number;
  readonly highestMib: number | null;
  /** Per callback. */
  readonly everything: Size;
  readonly log: (Size & { readonly entries: number }) | null;
}

interface Size {
  readonly bytes: number;
  readonly indexBytes: number;
}

/** Sends the documented callback to all contenders in turn, on one mongod. */
export async function measureIngestion(bench: Bench): Promise<Report> {
  const connections = bench.options.connections ?? CONNECTIONS;
  const contest = new Contest(bench);
  const afterwards: Afterwards[] = [];
  try {
    for (let round = 1; round <= bench.options.rounds; round++) {
      const running: Running[] = [];
      for (const contender of CONTENDERS) running.push(await contest.start(contender));
      for (const count of connections) {
        for (const one of rotated(running, round)) {
          await contest.measure(({ delivery }) => delivery, count, round, [one]);
        }
      }
      const ofRound = contest.cells.filter((cell) => cell.round === round);
      for (const one of running) afterwards.push(await finish(one, contest, ofRound));
    }
  } finally {
    await contest.close();
  }
  return report(contest.cells, afterwards, connections);
}

/** Checks that what was acknowledged is there, and looks at what it took. */
async function finish(
  { contender, database, server }: Running,
  contest: Contest,
  cells: readonly Cell[],
): Promise<Afterwards> {
  const { db } = database;
  const acknowledged = cells
    .filter((cell) => cell.contender === contender.name)
    .reduce((sum, cell) => sum + cell.acknowledged, 0);
  const callbacks = await db.collection(contender.perCallback).countDocuments();
  if (callbacks < acknowledged) {
    throw new Error(`${contender.name} acknowledged ${acknowledged} callbacks and holds ${callbacks}`);
  }
  const highestMib = await residentMibOf(server.pid, 'highest');
  await server.stop();
  const again = await contest.start(contender, { database });
  await again.server.stop();
  // Sizes of indexes are those of the files at the last checkpoint.
  await db.admin().command({ fsync: 1 });
  const all = (await db.command({ dbStats: 1 })) as { dataSize: number; indexSize: number };
  const isLogged = await db.listCollections({ name: 'audit_log' }).hasNext();
  const log = isLogged
    ? ((await db.command({ collStats: 'audit_log' })) as {
        count: number;
        size: number;
        totalIndexSize: number;
      })
    : null;
  await database.drop();
  return {
    contender: contender.name,
    callbacks,
    firstStartMs: server.coldStartMs,
    coldStartMs: again.server.coldStartMs,
    highestMib,
    everything: { bytes: all.dataSize / callbacks, indexBytes: all.indexSize / callbacks },
    log: log && {
      entries: log.count / callbacks,
      bytes: log.size / callbacks,
      indexBytes: log.totalIndexSize / callbacks,
    },
  };
}

function report(
  cells: readonly Cell[],
  afterwards: readonly Afterwards[],
  connections: readonly number[],
): Report {
  const of = ({ name }: Contender, count: number) =>
    cells.filter((cell) => cell.contender === name && cell.connections === count);
  const ratios = connections.flatMap((count): Row[] => {
    const [own, least, common] = [of(ours, count), of(floor, count), of(typical, count)];
    const what = `${count} connections, ours :`;
    return [
      ratioRow(`${what} floor, requests/s`, ratioOf(own, least, RATE), count === 64 ? { atLeast: 1.25 } : {}),
      ratioRow(`${what} typical, requests/s`, ratioOf(own, common, RATE), count === 64 ? { atLeast: 5 } : {}),
      ratioRow(`${what} floor, p50`, ratioOf(own, least, P50), count === 1 ? { atMost: 2.5 } : {}),
      ratioRow(`${what} floor, p99`, ratioOf(own, least, P99), count === 64 ? { atMost: 1 } : {}),
    ];
  });
  return {
    remarks: [
      'floor: Fastify and driver, one insert; typical: NestJS on Express, mongoose, one transaction; ours: the service.',
      'Ours does all that it does in production, but has no vendor configured, so nothing is pulled.',
      ...CELL_REMARKS,
    ],
    table: {
      head: CELL_HEAD,
      lines: connections.flatMap((count) => CONTENDERS.map((contender) => cellLine(of(contender, count)))),
    },
    rows: [...ratios, ...CONTENDERS.flatMap(({ name }) => afterwardsRows(name, afterwards))],
    details: { connections, cells, afterwards },
  };
}

function afterwardsRows(name: string, afterwards: readonly Afterwards[]): Row[] {
  const own = afterwards.filter(({ contender }) => contender === name);
  const middle = (of: (one: Afterwards) => number | null | undefined) =>
    median(own.map((one) => of(one) ?? NaN));
  const size = (of: (one: Afterwards) => Size | null) =>
    `${middle((one) => of(one)?.bytes).toFixed(0)} bytes, ` +
    `${middle((one) => of(one)?.indexBytes).toFixed(0)} of indexes`;
  const coldStart = middle(({ coldStartMs }) => coldStartMs);
  const highest = middle(({ highestMib }) => highestMib);
  const isOurs = name === ours.name;
  const rows: Row[] = [
    {
      what: `${name}, start on an empty database`,
      measured: `${middle(({ firstStartMs }) => firstStartMs).toFixed(0)} ms`,
    },
    {
      what: `${name}, cold start to ready`,
      measured: `${coldStart.toFixed(0)} ms`,
      ...(isOurs && { goal: `< ${COLD_START_MS} ms`, met: coldStart < COLD_START_MS }),
    },
    {
      what: `${name}, most memory under load`,
      measured: `${highest.toFixed(0)} MiB`,
      ...(isOurs && { goal: `< ${RESIDENT_MIB} MiB`, met: highest < RESIDENT_MIB }),
    },
    { what: `${name}, everything per callback`, measured: size(({ everything }) => everything) },
  ];
  if (!isOurs) return rows;
  const entries = middle(({ log }) => log?.entries).toFixed(2);
  return [
    ...rows,
    { what: `${name}, log per callback`, measured: `${entries} entries, ${size(({ log }) => log)}` },
  ];
}
