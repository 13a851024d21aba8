import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection } from 'mongoose';
import type { AppConfig } from '../../src/platform/config/app-config.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { PrimaryChanges } from '../../src/platform/mongo/primary-changes.service.ts';
import { ExceptionRepository } from '../../src/reconciliation/exception.repository.ts';
import { EXCEPTIONS_PLAN } from '../../src/reconciliation/reconciliation-collections.ts';
import { SessionRepository } from '../../src/sessions/session.repository.ts';
import { type SessionDocument, SESSIONS_PLAN } from '../../src/sessions/session.schema.ts';
import { sessionsOf } from '../support/session-documents.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 31, hour));
const pulled = { nextPullAt: at(12), pullDeadline: at(20) };

/** Customers and exceptions besides the ones that are asked for. */
const MANY = 50;

describe('queries that an index has to serve', () => {
  let database: TestDatabase;
  let connection: Connection;
  let sessions: SessionRepository;
  let exceptions: ExceptionRepository;

  beforeEach(async () => {
    database = testDatabase();
    connection = await createConnection(database.uri, { dbName: database.name }).asPromise();
    await provideCollection(connection.db!, SESSIONS_PLAN);
    await provideCollection(connection.db!, EXCEPTIONS_PLAN);
    const primary = new PrimaryChanges(connection);
    sessions = new SessionRepository(connection, primary, {} as AppConfig);
    exceptions = new ExceptionRepository(connection, primary);
  });
  afterEach(async () => {
    await connection.close();
    await database.drop();
  });

  const keep = (documents: readonly Partial<SessionDocument>[]) =>
    sessionsOf(connection.db!).insertMany(
      documents.map((document, n) => {
        const state = JSON.stringify({ uuid: `s${n}` });
        return { _id: `s${n}`, firstIndex: n, grade: null, state, ...document } as SessionDocument;
      }),
    );

  const raise = (documents: readonly object[]) =>
    connection.db!.collection<{ _id: string }>('exceptions').insertMany(
      documents.map((document, n) => ({
        ...{
          _id: `e${n}`,
          firstIndex: n,
          status: 'OPEN',
          session: null,
          owner: null,
          state: { id: `e${n}` },
        },
        ...document,
      })),
    );

  /** Documents that MongoDB reads for it. */
  async function readFor<T>(ask: () => Promise<T>): Promise<{ answer: T; documents: number }> {
    const db = connection.db!;
    await db.command({ profile: 2 });
    const answer = await ask();
    await db.command({ profile: 0 });
    const commands = await db
      .collection('system.profile')
      .find({ ns: { $ne: `${db.databaseName}.system.profile` } })
      .toArray();
    expect(commands.length).toBeGreaterThan(0);
    const documents = commands.reduce((sum, command) => sum + (command['docsExamined'] as number), 0);
    return { answer, documents };
  }

  it('tell how many sessions wait for a pull that proves their callback, without reading any', async () => {
    await keep([
      { ...pulled, grade: 'CALLBACK_ONLY', firstResultAt: at(10) },
      { ...pulled, grade: 'CALLBACK_ONLY', firstResultAt: at(9) },
      { ...pulled, grade: 'CONFLICT', firstResultAt: at(8) },
      { ...pulled },
      { grade: 'CALLBACK_ONLY', firstResultAt: at(7) },
    ]);
    expect(await readFor(() => sessions.unproven())).toEqual({
      answer: { count: 2, oldestAt: at(9).toISOString() },
      documents: 0,
    });
  });

  it('tell how many sessions wait for media, without reading any', async () => {
    await keep([
      { nextEvidenceAt: at(12), mediaWantedSince: at(11) },
      { nextEvidenceAt: at(13), mediaWantedSince: at(10) },
      { firstResultAt: at(9) },
    ]);
    expect(await readFor(() => sessions.awaitingEvidence())).toEqual({
      answer: { count: 2, oldestAt: at(10).toISOString() },
      documents: 0,
    });
  });

  it('tell that none waits', async () => {
    await keep([{}]);
    expect(await sessions.unproven()).toEqual({ count: 0, oldestAt: null });
    expect(await sessions.awaitingEvidence()).toEqual({ count: 0, oldestAt: null });
  });

  it("give a customer's sessions without reading those of others", async () => {
    const others = Array.from({ length: MANY }, (_, n) => ({ customerRef: `other-${n}` }));
    const own = { customerRef: 'cust-1' };
    await keep([own, ...others, own, { customerRef: null }]);
    const { answer, documents } = await readFor(() => sessions.page(own, 10));
    expect(answer.items.map(({ uuid }) => uuid)).toEqual([`s${MANY + 1}`, 's0']);
    expect(documents).toBeLessThan(MANY);
  });

  it('give the exceptions about sessions, and those of a person, without reading others', async () => {
    const others = Array.from({ length: MANY }, (_, n) => ({ session: `other-${n}`, owner: `other-${n}` }));
    await raise([{ session: 's', owner: 'maker-1' }, ...others, { session: null }]);
    const ofSession = await readFor(() => exceptions.findOfSessions(['s', 't']));
    expect(ofSession).toEqual({ answer: [{ id: 'e0' }], documents: 1 });
    const withOpen = await readFor(() => exceptions.withOpen(['s', 't']));
    expect([...withOpen.answer]).toEqual(['s']);
    const ofPerson = await readFor(() => exceptions.page({ owner: 'maker-1' }, 10));
    expect(ofPerson.answer.items).toEqual([{ id: 'e0' }]);
    for (const { documents } of [withOpen, ofPerson]) expect(documents).toBeLessThan(MANY);
  });
});
