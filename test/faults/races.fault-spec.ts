import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from 'mongoose';
import { Appender } from '../../src/audit/appender.ts';
import { AuditLogRepository } from '../../src/audit/audit-log.repository.ts';
import { AuditQueries } from '../../src/audit/audit-queries.service.ts';
import type { EntryContent } from '../../src/audit/format/leaf.ts';
import type { Command, Stream } from '../../src/audit/stream.ts';
import type { Election } from '../../src/platform/mongo/insert-command.ts';
import { SystemClock } from '../../src/platform/clock.ts';
import { AuditedLog, silent } from './support/audited-log.ts';

/*
 * What the appender's unit tests show on a simulated log, on MongoDB: another writer takes an index between
 * any two documents of one batch.
 */

/** Knows every step that was taken, so that every entry can say what came before it when it was decided. */
const STEPS: Stream<readonly string[]> = {
  subjectType: 'session',
  initial: () => [],
  evolve: (state, { data }) => [...state, data['step'] as string],
};

/** Takes those of its steps that were not taken yet. */
function take(id: string, steps: readonly string[]): Command<readonly string[], number[]> {
  return {
    stream: STEPS,
    subjectId: id,
    actor: { type: 'system', id: 'test' },
    alwaysBegins: true,
    decide: (state) =>
      steps
        .filter((step) => !state.includes(step))
        .map((step, n) => ({ action: 'callback.received', data: { step, before: state.length + n } })),
    answer: (_, own) => own.map(({ index }) => index),
  };
}

/** The first batch is written up to a place; then another writer comes, and then the rest follows. */
class OvertakenRepository extends AuditLogRepository {
  private readonly place: number;
  private overtake: (() => Promise<unknown>) | null;
  size = 0;

  constructor(connection: Connection, place: number, overtake: () => Promise<unknown>) {
    super(connection);
    this.place = place;
    this.overtake = overtake;
  }

  override async insert(
    from: number,
    entries: readonly { readonly entry: EntryContent; readonly leaf: Buffer }[],
  ): Promise<Election> {
    const { overtake, place } = this;
    if (overtake === null) return super.insert(from, entries);
    this.overtake = null;
    this.size = entries.length;
    if (place > 0) await super.insert(from, entries.slice(0, place));
    await overtake();
    return super.insert(from + place, entries.slice(place));
  }
}

const LIMITS = { queueLimit: 1_000, commitTimeoutMs: 60_000, clockToleranceMs: 5_000 };

describe('another writer takes the index of a document in the batch', () => {
  let log: AuditedLog;
  beforeAll(async () => {
    log = await AuditedLog.open(new SystemClock());
  });
  afterAll(() => log.close());

  it.each([
    ['the first', 0],
    ['one between two commands', 2],
    ['one between two entries of a command', 3],
    ['the last', 5],
  ])('%s: all are committed once, in order, each on what it was decided on', async (name, place) => {
    const subjects = ['a', 'b', 'c'].map((id) => `${id}-${name.replaceAll(' ', '-')}`);
    const rival = new Appender(new AuditLogRepository(log.connection), log.clock, silent, LIMITS);
    const repository = new OvertakenRepository(log.connection, place, () =>
      // About a subject of the batch as well, so that what is left of the batch has to be decided again.
      Promise.all([2, 0].map((at) => rival.submit(take(subjects[at]!, ['theirs'])))),
    );
    const sut = new Appender(repository, log.clock, silent, LIMITS);
    const before = await log.db.collection('audit_log').countDocuments();
    const answers = await Promise.all(subjects.map((id) => sut.submit(take(id, ['first', 'second']))));
    expect(repository.size).toBe(6);

    const entries = await new AuditQueries(log.connection).readFrom(0, 1_000);
    expect(entries.map(({ index }) => index)).toEqual(entries.map((_, at) => at));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries.length - before).toBe(6 + 2);
    for (const [at, id] of subjects.entries()) {
      const ofSubject = entries.filter(({ subject }) => subject.id === id);
      expect(ofSubject.map(({ data }) => data['before'])).toEqual(ofSubject.map((_, before) => before));
      const own = answers[at]!;
      expect(own).toHaveLength(2);
      expect(own.map((index) => entries[index]!.subject.id)).toEqual([id, id]);
    }
    expect(new Set(answers.flat()).size).toBe(6);
  });
});
