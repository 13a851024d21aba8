import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose, { type Connection } from 'mongoose';
import { Appender, type AppenderObserver } from '../../src/audit/appender.ts';
import { AUDIT_LOG_PLAN } from '../../src/audit/audit-collections.ts';
import { AuditLogRepository } from '../../src/audit/audit-log.repository.ts';
import type { AuditLog } from '../../src/audit/audit-log.service.ts';
import { AuditQueries } from '../../src/audit/audit-queries.service.ts';
import { LogGrowth } from '../../src/audit/log-growth.service.ts';
import type { EntryDraft, Stream } from '../../src/audit/stream.ts';
import { SystemClock } from '../../src/platform/clock.ts';
import { Metrics } from '../../src/platform/metrics/metrics.service.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { FeedPages } from '../../src/sessions/feed-pages.ts';
import { FeedService } from '../../src/sessions/feed.service.ts';
import type { SessionChange } from '../../src/sessions/session-change.ts';
import { evolveSession, initialSession, type SessionState } from '../../src/sessions/session-state.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const SESSIONS: Stream<SessionState> = {
  subjectType: 'session',
  initial: initialSession,
  evolve: evolveSession,
};
/** Shares its ids with sessions. */
const OTHERS: Stream<null> = { subjectType: 'other', initial: () => null, evolve: () => null };
const EVERY_SESSION = Array.from({ length: 20 }, (_, n) => `s${n}`);
const vendor = { code: '200', decision: null, decisionMessage: null, riskLevel: null };
const nobody = new AbortController().signal;
const LONG_MS = 30_000;

/** What happens to a session next, whatever it is. */
function nextOf(state: SessionState, turn: number): EntryDraft[] {
  const conclusion = {
    ...{ version: 1, riskLevel: 1, ruleSetVersion: 'r', engineVersion: '1', inputsDigest: 'i' },
    ...{ ruleTable: [], omittedFindings: 0, grade: 'CALLBACK_ONLY', confirmed: true },
  };
  if (state.results.length === 0) {
    return [{ action: 'callback.received', data: { version: 1, digest: 'd', bytes: 1, vendor } }];
  }
  if (turn % 3 === 0) return [{ action: 'retrieval.failed', data: { outcome: 'TIMEOUT', attempts: [] } }];
  const decision = Math.floor(turn / 4) % 2 === 0 ? 'APPROVE' : 'NEED_REVIEW';
  return [{ action: 'conclusion.reached', data: { ...conclusion, decision } }];
}

describe('the feed on MongoDB', () => {
  let database: TestDatabase;
  let connections: Connection[];
  let growths: LogGrowth[];

  async function connect(): Promise<Connection> {
    const connection = await mongoose.createConnection(database.uri, { dbName: database.name }).asPromise();
    connections.push(connection);
    return connection;
  }

  /** What one instance has of writer and feed. */
  async function instance() {
    const connection = await connect();
    let committed: (size: number) => void = () => undefined;
    const observer: AppenderObserver = {
      committed: (entries) => committed(entries.at(-1)!.entry.index + 1),
      attemptFailed: () => undefined,
      projecting: () => () => undefined,
      projectionFailed: () => undefined,
      knownSubjectsFailed: () => undefined,
    };
    const repository = new AuditLogRepository(connection);
    const appender = new Appender(repository, new SystemClock(), observer, {
      queueLimit: 10_000,
      commitTimeoutMs: 60_000,
      clockToleranceMs: 5_000,
    });
    const log = { onCommitted: (listen: (size: number) => void) => (committed = listen) };
    const growth = new LogGrowth(repository, log as unknown as AuditLog);
    growths.push(growth);
    const queries = new AuditQueries(connection);
    const feed = new FeedService(queries, growth, new Metrics());
    const write = (uuid: string, turn: number) =>
      appender.submit({
        stream: turn % 7 === 6 ? OTHERS : SESSIONS,
        subjectId: uuid,
        actor: { type: 'system', id: 'test' },
        decide: (state: SessionState | null) =>
          state === null ? [{ action: 'evidence.archived', data: {} }] : nextOf(state, turn),
        answer: (_state, own) => own.at(-1)!.index,
      });
    return { queries, feed, write };
  }

  beforeEach(async () => {
    connections = [];
    growths = [];
    database = testDatabase();
    await provideCollection((await connect()).getClient().db(database.name), AUDIT_LOG_PLAN);
  });
  afterEach(async () => {
    for (const growth of growths) growth.onModuleDestroy();
    await database.drop();
    for (const connection of connections) await connection.close();
  });

  async function fullRead(queries: AuditQueries): Promise<SessionChange[]> {
    const changes: SessionChange[] = [];
    const sut = new FeedPages(queries);
    for (let next = -1; ;) {
      const page = await sut.read(next, 200);
      changes.push(...page.items);
      if (page.atHead) return changes;
      next = page.next;
    }
  }

  it('gives a reader that dies at random each change once and in order while three instances write', async () => {
    const instances = [await instance(), await instance(), await instance()];
    const random = seededRandom('feed');
    const writes = instances.map(async ({ write }, writer) => {
      let last = -1;
      for (let turn = 0; turn < 60; turn += 1) {
        const uuids = EVERY_SESSION.filter((_, n) => (n + turn + writer) % 4 === 0);
        last = Math.max(last, ...(await Promise.all(uuids.map((uuid) => write(uuid, turn)))));
      }
      return last;
    });
    let head = Infinity;
    const written = Promise.all(writes).then((lasts) => (head = Math.max(...lasts)));

    const kept: SessionChange[] = [];
    let next = -1;
    while (next < head) {
      const { feed } = random.pick(instances);
      const page = await feed.read({ after: next, limit: random.integer(1, 30) }, 1_000, 'reader', nobody);
      if (random.fraction() < 0.2) continue; // Died before it kept anything.
      kept.push(...page.items);
      next = page.next;
    }
    await written;

    const everything = await fullRead((await instance()).queries);
    expect(kept).toEqual(everything);
    expect(everything.length).toBeGreaterThan(200);
    const indexes = kept.map(({ index }) => index);
    expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
  });

  it('wakes a reader at one instance when another one commits', async () => {
    const [reader, writer] = [await instance(), await instance()];
    const page = reader.feed.read({ after: -1, limit: 10 }, LONG_MS, 'reader', nobody);
    const index = await writer.write('a', 0);
    expect(await page).toMatchObject({ items: [{ index, uuid: 'a', status: 'RECEIVED' }], next: index });
  });

  it('gives of each session the stretch of its history that is asked for, in order', async () => {
    const { queries, write } = await instance();
    for (let turn = 0; turn < 6; turn += 1) {
      await Promise.all(EVERY_SESSION.map((uuid) => write(uuid, turn)));
    }
    const spans = [
      { ids: ['s1', 's2'], after: -1, before: 60 },
      { ids: ['s3'], after: 30, before: 90 },
      { ids: ['s4'], after: 50, before: 51 },
    ];
    const found: [string, number][] = [];
    for await (const { subject, index } of queries.histories('session', spans))
      found.push([subject.id, index]);
    const all = await queries.readFrom(0, 1_000);
    const expected = spans.flatMap(({ ids, after, before }) =>
      all
        .filter(({ subject, index }) => ids.includes(subject.id) && index > after && index < before)
        .map(({ subject, index }): [string, number] => [subject.id, index]),
    );
    expect(new Set(found.map(String))).toEqual(new Set(expected.map(String)));
    for (const uuid of ['s1', 's2', 's3']) {
      const indexes = found.filter(([id]) => id === uuid).map(([, index]) => index);
      expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    }
  });

  it('knows which positions the log has reached', async () => {
    const { feed, queries, write } = await instance();
    const index = await write('a', 0);
    expect([await queries.holds(index), await queries.holds(index + 1)]).toEqual([true, false]);
    const beyond = feed.read({ after: index + 1, limit: 10 }, 0, 'reader', nobody);
    await expect(beyond).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
