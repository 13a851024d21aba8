import { setTimeout as wait } from 'node:timers/promises';
import { mongo } from 'mongoose';
import type { Stream } from '../src/audit/stream.ts';
import type { Bench } from './bench.ts';
import { entryWords } from './entries.ts';
import { quantile, type Report } from './report.ts';
import type { Service } from './service.ts';

const SECONDS = 30;
const MAX_DELAY_MS = 1_000;
const TICK_MS = 5;
const LOOK_EVERY_MS = 10;
const SIGNED_WITHIN_MS = 30_000;

interface Committed {
  readonly index: number;
  /** Time that the entry itself bears: a little before it was committed. */
  readonly at: number;
  /** When its writer was told that it is durable. */
  readonly toldAt: number;
}

/** A checkpoint as a reader of the database sees it. */
interface Seen {
  readonly size: number;
  readonly seenAt: number;
}

/** Appends at a steady pace while the service signs as it always does, and looks when each entry is covered. */
export async function measureCheckpoints(bench: Bench): Promise<Report> {
  const { rate } = bench.options;
  const seconds = bench.options.seconds ?? SECONDS;
  const service = await bench.emptyService();
  const reader = await mongo.MongoClient.connect(service.uri);
  try {
    const watch = new CheckpointWatch(reader.db());
    const watching = watch.run();
    const committed = await appendSteadily(service, rate, seconds, bench.say);
    await watch.until(committed.length);
    await watching;
    const fromCommit = delays(committed, watch.seen, ({ toldAt }) => toldAt);
    const fromEntry = delays(committed, watch.seen, ({ at }) => at);
    const span =
      Math.max(...committed.map(({ toldAt }) => toldAt)) - Math.min(...committed.map(({ at }) => at));
    const worst = Math.max(...fromEntry);
    const row = (what: string, of: readonly number[], share: number) => ({
      what,
      measured: `${quantile(of, share).toFixed(0)} ms`,
    });
    return {
      rows: [
        { what: 'entries', measured: `${committed.length} in ${(span / 1_000).toFixed(1)} s` },
        { what: 'checkpoints', measured: String(watch.seen.length) },
        row('commit to signed checkpoint, median', fromCommit, 0.5),
        row('commit to signed checkpoint, 99 %', fromCommit, 0.99),
        row('commit to signed checkpoint, longest', fromCommit, 1),
        {
          ...row("entry's own time to signed checkpoint, longest", fromEntry, 1),
          goal: `<= ${MAX_DELAY_MS} ms`,
          met: worst <= MAX_DELAY_MS,
        },
      ],
      details: { rate, seconds, entries: committed.length, seen: watch.seen },
    };
  } finally {
    await reader.close();
    await service.stop();
  }
}

const CHECKS: Stream<null> = { subjectType: 'bench', initial: () => null, evolve: () => null };

/** Submits by the clock, whether or not what came before is done. */
async function appendSteadily(
  { log }: Service,
  rate: number,
  seconds: number,
  say: Bench['say'],
): Promise<Committed[]> {
  const total = rate * seconds;
  const appended: Promise<Committed>[] = [];
  const started = performance.now();
  while (appended.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1_000) * rate));
    while (appended.length < due) {
      const { action, subject, actor, data } = entryWords(appended.length);
      appended.push(
        log.append({
          stream: CHECKS,
          subjectId: subject.id,
          actor,
          decide: () => [{ action, data }],
          answer: (_, [entry]) => ({
            index: entry!.index,
            at: Date.parse(entry!.at),
            toldAt: Date.now(),
          }),
        }),
      );
      if (appended.length % (rate * 5) === 0) say(`submitted ${appended.length} of ${total} entries`);
    }
    await wait(TICK_MS);
  }
  return Promise.all(appended);
}

/** Notes when each checkpoint is first there for a reader. */
class CheckpointWatch {
  readonly seen: Seen[] = [];
  readonly #db: mongo.Db;
  #stopped = false;

  constructor(db: mongo.Db) {
    this.#db = db;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const [newest] = await this.#db
        .collection('audit_checkpoints', { readConcern: { level: 'majority' } })
        .find({}, { projection: { size: 1 } })
        .sort({ _id: -1 })
        .limit(1)
        .toArray();
      const size = Number(newest?.['size'] ?? 0);
      if (size > (this.seen.at(-1)?.size ?? 0)) this.seen.push({ size, seenAt: Date.now() });
      await wait(LOOK_EVERY_MS);
    }
  }

  /** Stops once everything is covered. */
  async until(entries: number): Promise<void> {
    const deadline = performance.now() + SIGNED_WITHIN_MS;
    while ((this.seen.at(-1)?.size ?? 0) < entries) {
      if (performance.now() > deadline) throw new Error('the last entries were not signed for');
      await wait(LOOK_EVERY_MS);
    }
    this.#stopped = true;
  }
}

/** For each entry the time until the first checkpoint that covers it was seen. */
function delays(
  committed: readonly Committed[],
  seen: readonly Seen[],
  since: (entry: Committed) => number,
): number[] {
  let next = 0;
  return committed
    .toSorted((a, b) => a.index - b.index)
    .map((entry) => {
      while (seen[next]!.size <= entry.index) next++;
      return seen[next]!.seenAt - since(entry);
    });
}
