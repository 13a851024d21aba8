import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection } from 'mongoose';
import type { AppConfig } from '../../src/platform/config/app-config.ts';
import { provideCollection } from '../../src/platform/mongo/collections.ts';
import { PrimaryChanges } from '../../src/platform/mongo/primary-changes.service.ts';
import { SessionRepository } from '../../src/sessions/session.repository.ts';
import { type SessionDocument, SESSIONS_PLAN } from '../../src/sessions/session.schema.ts';
import { sessionsOf } from '../support/session-documents.ts';
import { type TestDatabase, testDatabase } from '../support/test-database.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 31, hour));
const pulled = { nextPullAt: at(12), pullDeadline: at(20) };

describe('how many sessions wait', () => {
  let database: TestDatabase;
  let connection: Connection;
  let sut: SessionRepository;

  beforeEach(async () => {
    database = testDatabase();
    connection = await createConnection(database.uri, { dbName: database.name }).asPromise();
    await provideCollection(connection.db!, SESSIONS_PLAN);
    sut = new SessionRepository(connection, new PrimaryChanges(connection), {} as AppConfig);
  });
  afterEach(async () => {
    await connection.close();
    await database.drop();
  });

  const keep = (documents: readonly Partial<SessionDocument>[]) =>
    sessionsOf(connection.db!).insertMany(
      documents.map((document, n) => ({ _id: `s${n}`, grade: null, ...document }) as SessionDocument),
    );

  /** Documents of sessions that MongoDB reads for it. */
  async function readFor<T>(ask: () => Promise<T>): Promise<{ answer: T; documents: number }> {
    const db = connection.db!;
    await db.command({ profile: 2 });
    const answer = await ask();
    await db.command({ profile: 0 });
    const commands = await db
      .collection('system.profile')
      .find({ ns: `${db.databaseName}.sessions` })
      .toArray();
    expect(commands.length).toBeGreaterThan(0);
    const documents = commands.reduce((sum, command) => sum + (command['docsExamined'] as number), 0);
    return { answer, documents };
  }

  it('for a pull that proves their callback is told without reading any', async () => {
    await keep([
      { ...pulled, grade: 'CALLBACK_ONLY', firstResultAt: at(10) },
      { ...pulled, grade: 'CALLBACK_ONLY', firstResultAt: at(9) },
      { ...pulled, grade: 'CONFLICT', firstResultAt: at(8) },
      { ...pulled },
      { grade: 'CALLBACK_ONLY', firstResultAt: at(7) },
    ]);
    expect(await readFor(() => sut.unproven())).toEqual({
      answer: { count: 2, oldestAt: at(9).toISOString() },
      documents: 0,
    });
  });

  it('for media is told without reading any', async () => {
    await keep([
      { nextEvidenceAt: at(12), mediaWantedSince: at(11) },
      { nextEvidenceAt: at(13), mediaWantedSince: at(10) },
      { firstResultAt: at(9) },
    ]);
    expect(await readFor(() => sut.awaitingEvidence())).toEqual({
      answer: { count: 2, oldestAt: at(10).toISOString() },
      documents: 0,
    });
  });

  it('is nothing where none does', async () => {
    await keep([{}]);
    expect(await sut.unproven()).toEqual({ count: 0, oldestAt: null });
    expect(await sut.awaitingEvidence()).toEqual({ count: 0, oldestAt: null });
  });
});
