import mongoose, { mongo } from 'mongoose';
import type * as auditQueriesModule from '../src/audit/audit-queries.service.ts';
import type { EntryFilter } from '../src/audit/audit-queries.service.ts';
import type { Bench } from './bench.ts';
import { RARE_ACTION, RARE_PERSON, subjectId } from './entries.ts';
import { median, type Report } from './report.ts';
import { built } from './service.ts';

const LIMIT = 50;
/** One more tells whether there is a next page, and one the end of a range. */
const MAX_EXAMINED = LIMIT + 2;
/** The vendor acts in every sixth entry at least, and has no index of its own. */
const MAX_EXAMINED_OF_THE_VENDOR = 6 * MAX_EXAMINED;
const ROUNDS = 5;

interface Query {
  readonly what: string;
  readonly filter: EntryFilter;
  readonly cursor?: string;
  /** {@link MAX_EXAMINED} unless the query passes over entries on the way. */
  readonly maxExamined?: number;
}

/** Runs each query as the service does and asks the database what it had to look at. */
export async function measureQueries(bench: Bench): Promise<Report> {
  const { entries } = bench.options;
  const { uri } = await bench.filledLog();
  const { AuditQueries } = await built<typeof auditQueriesModule>('audit/audit-queries.service.js');
  const connection = await mongoose.createConnection(uri, { monitorCommands: true }).asPromise();
  try {
    const sent: mongo.Document[] = [];
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find') sent.push(command);
    });
    const db = connection.getClient().db(connection.name);
    const queries = new AuditQueries(connection);
    const day = await middleDay(db, entries);
    const measured = [];
    const { nextCursor } = await queries.page(day, LIMIT);
    for (const { what, filter, cursor, maxExamined = MAX_EXAMINED } of queriesOf(entries, day, nextCursor!)) {
      const times: number[] = [];
      let found = 0;
      for (let round = 0; round < ROUNDS; round++) {
        sent.length = 0;
        const started = performance.now();
        found = (await queries.page(filter, LIMIT, cursor)).items.length;
        times.push(performance.now() - started);
      }
      const plans = [];
      for (const command of [...sent]) plans.push(await explain(db, command));
      measured.push({ what, found, milliseconds: median(times), maxExamined, plans });
      bench.say(`${what}: ${median(times).toFixed(1)} ms`);
    }
    return {
      rows: measured.map(({ what, found, milliseconds, maxExamined, plans }) => {
        const worst = Math.max(...plans.map(({ examined }) => examined));
        const scans = plans.some(({ stages }) => stages.includes('COLLSCAN') || stages.includes('SORT'));
        return {
          what,
          measured: `${found} found, ${worst} examined${scans ? ', NO INDEX' : ''}, ${milliseconds.toFixed(1)} ms`,
          goal: `<= ${maxExamined} examined`,
          met: worst <= maxExamined && !scans,
        };
      }),
      details: { entries, measured },
    };
  } finally {
    await connection.close();
  }
}

function queriesOf(entries: number, day: { from: Date; to: Date }, cursor: string): Query[] {
  const middle = Math.floor(entries / 2);
  const subject = subjectId(middle);
  const common = 'callback.received';
  return [
    { what: 'timeline of a check', filter: { subject, subjectType: 'bench' } },
    { what: 'the first page', filter: {} },
    { what: 'a page in the middle', filter: {}, cursor },
    { what: 'a day', filter: day },
    { what: 'a common action', filter: { action: common } },
    { what: 'a common action on a day', filter: { action: common, ...day } },
    { what: 'a rare action', filter: { action: RARE_ACTION } },
    { what: 'a subject and an action', filter: { subject, action: common } },
    { what: 'a common actor', filter: { actor: 'fpt-ai' }, maxExamined: MAX_EXAMINED_OF_THE_VENDOR },
    { what: 'a rare actor', filter: { actor: RARE_PERSON } },
    { what: 'a rare actor on a day', filter: { actor: RARE_PERSON, ...day } },
    { what: 'an actor and a rare action', filter: { actor: RARE_PERSON, action: RARE_ACTION } },
    { what: 'an actor that never acted', filter: { actor: 'nobody' } },
  ];
}

/** A day in the middle of the log. */
async function middleDay(db: mongo.Db, entries: number): Promise<{ from: Date; to: Date }> {
  const _id = mongo.Long.fromNumber(Math.floor(entries / 2));
  const entry = await db.collection<{ _id: mongo.Long; at: Date }>('audit_log').findOne({ _id });
  const from = entry!.at;
  return { from, to: new Date(from.getTime() + 24 * 3_600_000) };
}

interface Plan {
  /** Documents or keys of an index, whichever are more. */
  readonly examined: number;
  readonly stages: readonly string[];
}

/** @param command as it was sent */
async function explain(db: mongo.Db, command: mongo.Document): Promise<Plan> {
  const asked = ['find', 'filter', 'projection', 'sort', 'limit', 'singleBatch'];
  const find = Object.fromEntries(Object.entries(command).filter(([field]) => asked.includes(field)));
  const { executionStats } = (await db.command({ explain: find, verbosity: 'executionStats' })) as {
    executionStats: ExecutionStats;
  };
  const stages: string[] = [];
  for (let stage: Stage | undefined = executionStats.executionStages; stage; stage = stage.inputStage) {
    stages.push(stage.stage);
  }
  const { totalDocsExamined, totalKeysExamined } = executionStats;
  return { examined: Math.max(totalDocsExamined, totalKeysExamined), stages };
}

interface Stage {
  readonly stage: string;
  readonly inputStage?: Stage;
}

interface ExecutionStats {
  readonly totalDocsExamined: number;
  readonly totalKeysExamined: number;
  readonly executionStages: Stage;
}
