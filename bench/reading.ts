import { randomUUID } from 'node:crypto';
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
  rotated,
  type Cell,
  type Running,
} from './contest.ts';
import type { Report } from './report.ts';
import { floor, ours, typical, type Contender } from './servers/contenders.ts';

const CONNECTIONS = [1, 16, 64, 256];
const CONTENDERS = [floor, typical, ours];
const SESSIONS = 2_000;
const DELIVERED_AT_ONCE = 32;
const MIN_RATIO = 0.7;

/** Reads sessions, one after the other, of all contenders in turn. */
export async function measureReading(bench: Bench): Promise<Report> {
  const connections = bench.options.connections ?? CONNECTIONS;
  const uuids = Array.from({ length: SESSIONS }, () => randomUUID());
  const contest = new Contest(bench);
  try {
    const running: Running[] = [];
    for (const contender of CONTENDERS) {
      const one = await contest.start(contender);
      running.push(one);
      await deliver(one, uuids);
      // The others find a session by its _id.
      if (contender === floor) await one.database.db.collection(floor.perCallback).createIndex({ uuid: 1 });
    }
    for (let round = 1; round <= bench.options.rounds; round++) {
      for (const count of connections) {
        for (const one of rotated(running, round)) {
          await contest.measure(({ reading }) => ({ ...reading, uuids }), count, round, [one]);
        }
      }
    }
    for (const { server } of running) await server.stop();
  } finally {
    await contest.close();
  }
  return report(contest.cells, connections);
}

async function deliver({ contender, server }: Running, uuids: readonly string[]): Promise<void> {
  const { method, path, headers, body } = contender.delivery;
  for (let next = 0; next < uuids.length; next += DELIVERED_AT_ONCE) {
    await Promise.all(
      uuids.slice(next, next + DELIVERED_AT_ONCE).map(async (uuid) => {
        const text = body!.replace('{uuid}', uuid);
        const answer = await fetch(`${server.url}${path}`, { method, headers, body: text });
        await answer.arrayBuffer();
        if (answer.status !== 200)
          throw new Error(`${contender.name} answered ${answer.status} to a callback`);
      }),
    );
  }
}

function report(cells: readonly Cell[], connections: readonly number[]): Report {
  const of = ({ name }: Contender, count: number) =>
    cells.filter((cell) => cell.contender === name && cell.connections === count);
  return {
    remarks: [
      `GET of one of ${SESSIONS} sessions. floor: Fastify and findOne; typical: NestJS on Express, mongoose, lean.`,
      'Ours checks the API key and its rate limit, which is set beyond what can be sent: 300000 a minute otherwise.',
      ...CELL_REMARKS,
    ],
    table: {
      head: CELL_HEAD,
      lines: connections.flatMap((count) => CONTENDERS.map((contender) => cellLine(of(contender, count)))),
    },
    rows: connections.flatMap((count) => {
      const [own, least, common] = [of(ours, count), of(floor, count), of(typical, count)];
      const what = `${count} connections, ours :`;
      return [
        ratioRow(`${what} floor, requests/s`, ratioOf(own, least, RATE), { atLeast: MIN_RATIO }),
        ratioRow(`${what} typical, requests/s`, ratioOf(own, common, RATE)),
        ratioRow(`${what} floor, p50`, ratioOf(own, least, P50)),
        ratioRow(`${what} floor, p99`, ratioOf(own, least, P99)),
      ];
    }),
    details: { connections, sessions: SESSIONS, cells },
  };
}
