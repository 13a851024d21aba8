import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench, BenchDatabase } from './bench.ts';
import type { Measured } from './load/job.ts';
import { startLoadGenerator, type LoadGenerator } from './load/load-generator.ts';
import { residentMibOf } from './process-figures.ts';
import { median, type Report, type Row } from './report.ts';
import { floor, ours, typical, type Contender } from './servers/contenders.ts';
import { startServer, type ServerProcess } from './servers/server-process.ts';

const CONNECTIONS = [1, 16, 64, 256];
const SECONDS = 5;
const WARM_UP_S = 1;
/** What the last one leaves behind, such as entries to sign, is over before the next one is measured. */
const SETTLE_MS = 1_000;
const CONTENDERS = [floor, typical, ours];

/** One contender under load from so many connections, once. */
interface Cell extends Measured {
  readonly round: number;
  readonly contender: string;
  readonly connections: number;
  /** MiB after the load. */
  readonly residentMib: number | null;
}

/** A contender that runs. */
interface Running {
  readonly contender: Contender;
  readonly database: BenchDatabase;
  readonly folder: string;
  readonly server: ServerProcess;
  acknowledged: number;
}

/** What is known of a contender once its load is over. */
interface Afterwards {
  readonly contender: string;
  readonly callbacks: number;
  readonly firstStartMs: number;
  /** On the data that it has just written. */
  readonly coldStartMs: number;
  readonly highestMib: number | null;
  /** Documents without indexes, bytes per callback. */
  readonly bytes: number;
  readonly indexBytes: number;
  readonly log: { readonly entries: number; readonly bytes: number; readonly indexBytes: number } | null;
}

/** Sends the documented callback to all contenders in turn, on one mongod and from one load generator. */
export async function measureIngestion(bench: Bench): Promise<Report> {
  const connections = bench.options.connections ?? CONNECTIONS;
  const generator = startLoadGenerator();
  const cells: Cell[] = [];
  const afterwards: Afterwards[] = [];
  try {
    for (let round = 1; round <= bench.options.rounds; round++) {
      const running = [];
      for (const contender of CONTENDERS) running.push(await start(contender, bench, round));
      for (const count of connections) {
        // Nobody is always first.
        for (const one of rotated(running, round))
          cells.push(await measure(one, count, round, generator, bench));
      }
      for (const one of running) afterwards.push(await finish(one));
    }
  } finally {
    generator.stop();
  }
  return report(cells, afterwards, connections);
}

async function start(contender: Contender, bench: Bench, round: number): Promise<Running> {
  const database = bench.newDatabase();
  const folder = join(bench.folder, `${contender.name}-${round}`);
  const server = await startServer(await contender.program(database.uri, folder), folder);
  return { contender, database, folder, server, acknowledged: 0 };
}

async function measure(
  running: Running,
  connections: number,
  round: number,
  generator: LoadGenerator,
  { options, mongodPid, say }: Bench,
): Promise<Cell> {
  const { contender, server } = running;
  const measured = await generator.run({
    targets: [{ ...contender.delivery, url: server.url, connections }],
    warmUpSeconds: WARM_UP_S,
    seconds: options.seconds ?? SECONDS,
    pids: [server.pid, ...(mongodPid === null ? [] : [mongodPid])],
  });
  running.acknowledged += measured.acknowledged;
  say(
    `round ${round}, ${connections} connections, ${contender.name}: ` +
      `${measured.requestsPerSecond.toFixed(0)}/s, p50 ${measured.p50.toFixed(1)} ms`,
  );
  const residentMib = await residentMibOf(server.pid, 'now');
  await wait(SETTLE_MS);
  return { ...measured, round, contender: contender.name, connections, residentMib };
}

/** Checks that what was acknowledged is there, and looks at what it took. */
async function finish({ contender, database, folder, server, acknowledged }: Running): Promise<Afterwards> {
  const { db, uri } = database;
  const callbacks = await db.collection(contender.perCallback).countDocuments();
  if (callbacks < acknowledged) {
    throw new Error(`${contender.name} acknowledged ${acknowledged} callbacks and holds ${callbacks}`);
  }
  const highestMib = await residentMibOf(server.pid, 'highest');
  await server.stop();
  const again = await startServer(await contender.program(uri, folder), folder);
  await again.stop();
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
    coldStartMs: again.coldStartMs,
    highestMib,
    bytes: all.dataSize / callbacks,
    indexBytes: all.indexSize / callbacks,
    log: log && {
      entries: log.count / callbacks,
      bytes: log.size / callbacks,
      indexBytes: log.totalIndexSize / callbacks,
    },
  };
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function report(
  cells: readonly Cell[],
  afterwards: readonly Afterwards[],
  connections: readonly number[],
): Report {
  const of = (contender: Contender, count: number) =>
    cells.filter((cell) => cell.contender === contender.name && cell.connections === count);
  const lines = connections.flatMap((count) =>
    CONTENDERS.map((contender) => {
      const own = of(contender, count);
      const cpu = (place: number) => median(own.map((cell) => (cell.cpuMs[place] ?? NaN) / cell.requests));
      return [
        String(count),
        contender.name,
        median(own.map((cell) => cell.requestsPerSecond)).toFixed(0),
        median(own.map((cell) => cell.p50)).toFixed(2),
        median(own.map((cell) => cell.p99)).toFixed(2),
        cpu(0).toFixed(2),
        cpu(1).toFixed(2),
        median(own.map((cell) => cell.ownCpuMs / cell.requests)).toFixed(2),
        median(own.map((cell) => cell.residentMib ?? NaN)).toFixed(0),
      ];
    }),
  );
  /** Median of the ratios of measurements that were made one after the other. */
  const ratio = (to: Contender, count: number, figure: (cell: Cell) => number) => {
    const others = of(to, count);
    return median(of(ours, count).map((cell, round) => figure(cell) / figure(others[round]!)));
  };
  const rows = connections.flatMap((count): Row[] => {
    const rate = (to: Contender) => ratio(to, count, (cell) => cell.requestsPerSecond);
    const p50 = ratio(floor, count, (cell) => cell.p50);
    const p99 = ratio(floor, count, (cell) => cell.p99);
    const at = `${count} connections`;
    return [
      row(`${at}: ours : floor, requests/s`, rate(floor), count === 64 ? { atLeast: 1.25 } : {}),
      row(`${at}: ours : typical, requests/s`, rate(typical), count === 64 ? { atLeast: 5 } : {}),
      row(`${at}: ours : floor, p50`, p50, count === 1 ? { atMost: 2.5 } : {}),
      row(`${at}: ours : floor, p99`, p99, count === 64 ? { atMost: 1 } : {}),
    ];
  });
  return {
    remarks: [
      'floor: Fastify and driver, one insert; typical: NestJS on Express, mongoose, one transaction; ours: the service.',
      'Medians of all rounds; ratios are medians of each round’s ratio. Times in ms, CPU in ms a request.',
      'Ours does everything that it does in production, except that no vendor is configured: nothing is pulled.',
    ],
    table: {
      head: ['conn.', '', 'requests/s', 'p50', 'p99', 'CPU', 'mongod', 'generator', 'RSS MiB'],
      lines,
    },
    rows: [...rows, ...CONTENDERS.flatMap((contender) => afterwardsRows(contender, afterwards))],
    details: { connections, cells, afterwards },
  };
}

function afterwardsRows({ name }: Contender, afterwards: readonly Afterwards[]): Row[] {
  const own = afterwards.filter(({ contender }) => contender === name);
  const figure = (of: (one: Afterwards) => number | null | undefined) =>
    median(own.map((one) => of(one) ?? NaN));
  const [first, cold, mib] = [
    figure(({ firstStartMs }) => firstStartMs),
    figure(({ coldStartMs }) => coldStartMs),
    figure(({ highestMib }) => highestMib),
  ];
  const isOurs = name === ours.name;
  const log = isOurs
    ? [
        {
          what: `${name}: log per callback`,
          measured:
            `${figure(({ log }) => log?.entries).toFixed(2)} entries, ` +
            `${figure(({ log }) => log?.bytes).toFixed(0)} bytes and ${figure(({ log }) => log?.indexBytes).toFixed(0)} of indexes`,
        },
      ]
    : [];
  return [
    { what: `${name}: start on an empty database`, measured: `${first.toFixed(0)} ms` },
    {
      what: `${name}: cold start to ready`,
      measured: `${cold.toFixed(0)} ms`,
      ...(isOurs && { goal: '< 2000 ms', met: cold < 2_000 }),
    },
    {
      what: `${name}: most memory`,
      measured: `${mib.toFixed(0)} MiB`,
      ...(isOurs && { goal: '< 350 MiB', met: mib < 350 }),
    },
    ...log,
    {
      what: `${name}: everything per callback`,
      measured: `${figure(({ bytes }) => bytes).toFixed(0)} bytes and ${figure(({ indexBytes }) => indexBytes).toFixed(0)} of indexes`,
    },
  ];
}

function row(what: string, measured: number, goal: { atLeast?: number; atMost?: number }): Row {
  const { atLeast, atMost } = goal;
  return {
    what,
    measured: `${measured.toFixed(2)} x`,
    ...(atLeast !== undefined && { goal: `>= ${atLeast} x`, met: measured >= atLeast }),
    ...(atMost !== undefined && { goal: `<= ${atMost} x`, met: measured <= atMost }),
  };
}
