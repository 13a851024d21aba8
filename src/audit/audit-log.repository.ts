import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { type Election, insertDocuments } from '../platform/mongo/insert-command.ts';
import {
  AUDIT_LOG,
  type AuditEntryDocument,
  auditLogCollection,
  toDocument,
  toLogEntry,
} from './audit-entry.schema.ts';
import type { EntryContent, LogEntry, Subject } from './format/leaf.ts';
import type { PlacedLeaf } from './own-leaves.ts';

/** Where the next entry goes, and the time below which it must not be. */
export interface Head {
  /** Index of the next entry; the size of the log. */
  readonly next: number;
  /** `at` of the newest entry, RFC 3339; "" while the log is empty. */
  readonly at: string;
}

/** What somebody has added to the log at one time, without what it says. */
export interface BatchOutline {
  /** Time of its entries, RFC 3339. */
  readonly at: string;
  /** The index behind its last entry. */
  readonly until: number;
  /** The subject's id of each entry. */
  readonly subjectIds: readonly string[];
}

/** Few enough to be no burden to whoever is served meanwhile. */
const SUBJECTS_AT_ONCE = 1_000;
/** Documents of an answer; without it the first has 101, and all others cost another trip. */
const ANSWERED_AT_ONCE = 10_000;

/** Reads and inserts entries. There is no method that updates or deletes one, and there must not be. */
@Injectable()
export class AuditLogRepository {
  private readonly db: mongo.Db;
  private readonly collection: mongo.Collection<AuditEntryDocument>;
  /**
   * What a command is decided on shows all that was shown before and all that was written. Even a majority read need
   * not: a member that has only just become primary learns a moment later how much of its log a majority has.
   */
  private readonly session: mongo.ClientSession;

  constructor(@InjectConnection() connection: Connection) {
    this.db = connection.getClient().db(connection.name);
    this.collection = auditLogCollection(connection);
    this.session = connection.getClient().startSession({ causalConsistency: true });
  }

  async readHead(): Promise<Head> {
    const [newest] = await this.collection
      .find({}, { projection: { at: 1 }, session: this.session })
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    return newest ? { next: Number(newest._id) + 1, at: newest.at.toISOString() } : { next: 0, at: '' };
  }

  /**
   * Inserts entries at `from`, `from + 1`, … in that order, stopping at the first index that is taken.
   * @returns the election of the primary that took them
   * @throws MongoError on any failure; then what was written is only known from {@link readOutlines}.
   */
  insert(
    from: number,
    entries: readonly { readonly entry: EntryContent; readonly leaf: Buffer }[],
  ): Promise<Election> {
    const documents = entries.map(({ entry, leaf }, offset) => ({
      document: toDocument(from + offset, entry, leaf),
      bytes: leaf.length,
    }));
    const options = { ordered: true, writeConcern: DURABLE, readBy: this.session };
    return insertDocuments(this.db, AUDIT_LOG, documents, options);
  }

  /** What was added from `index` on, oldest first, as far as it's among the next `limit` entries. */
  async readOutlines(index: number, limit: number): Promise<BatchOutline[]> {
    const documents = await this.collection
      .find(
        { _id: { $gte: mongo.Long.fromNumber(index) } },
        { projection: { at: 1, 'subject.id': 1 }, session: this.session },
      )
      .sort({ _id: 1 })
      .limit(limit)
      .batchSize(ANSWERED_AT_ONCE)
      .toArray();
    return [...Map.groupBy(documents, ({ at }) => at.getTime())].map(([at, entries]) => ({
      at: new Date(at).toISOString(),
      until: Math.max(...entries.map(({ _id }) => Number(_id))) + 1,
      subjectIds: entries.map(({ subject }) => subject.id),
    }));
  }

  /** Those of the entries that are in the log, in its order. */
  async readByIds(ids: readonly string[]): Promise<LogEntry[]> {
    if (ids.length === 0) return [];
    const documents = await this.collection
      .find({ id: { $in: [...ids] } }, { projection: { leaf: 1 }, session: this.session })
      .sort({ _id: 1 })
      .batchSize(ANSWERED_AT_ONCE)
      .toArray();
    return documents.map(toLogEntry);
  }

  /** The leaf bytes of up to `limit` entries from `index` on, in order. */
  async readLeaves(index: number, limit: number): Promise<PlacedLeaf[]> {
    const documents = await this.collection
      .find({ _id: indexesIn(index, index + limit) }, { projection: { leaf: 1, at: 1 } })
      .sort({ _id: 1 })
      .batchSize(ANSWERED_AT_ONCE)
      .toArray();
    return documents.map(({ _id, at, leaf }) => ({ index: Number(_id), at, leaf: Buffer.from(leaf.buffer) }));
  }

  /**
   * The entries in `[from, until)` about any of the subjects, all of them if no indexes are given, those of each in
   * log order. Subjects of several types may share an id.
   */
  async readSubjects(ids: readonly string[], from = 0, until = Number.MAX_SAFE_INTEGER): Promise<LogEntry[]> {
    if (ids.length === 0) return [];
    // Served by the index {subject.id: 1, _id: 1}.
    const documents = await this.collection
      .find(
        { 'subject.id': { $in: [...ids] }, _id: indexesIn(from, until) },
        { projection: { leaf: 1 }, session: this.session },
      )
      .sort({ 'subject.id': 1, _id: 1 })
      .batchSize(ANSWERED_AT_ONCE)
      .toArray();
    return documents.map(toLogEntry);
  }

  /** The subject's id of each entry before `next`, in no order that means anything. */
  async *subjectsBefore(next: number): AsyncGenerator<string> {
    const index = { 'subject.id': 1, _id: 1 } as const;
    // The index alone answers this; the entries are not read.
    const documents = this.collection
      .find({ _id: { $lt: mongo.Long.fromNumber(next) } }, { projection: { _id: 0, 'subject.id': 1 } })
      .hint(index)
      .batchSize(SUBJECTS_AT_ONCE);
    for await (const { subject } of documents) yield subject.id;
  }

  /** Those of the ids that the log has entries about. */
  async knownSubjects(type: string, ids: readonly string[]): Promise<Set<string>> {
    return new Set(
      await this.collection.distinct('subject.id', { 'subject.id': { $in: [...ids] }, 'subject.type': type }),
    );
  }

  /** What the entries in `[from, until)` are about. */
  async readSubjectsIn(from: number, until: number): Promise<{ index: number; subject: Subject }[]> {
    const documents = await this.collection
      .find({ _id: indexesIn(from, until) }, { projection: { subject: 1 } })
      .sort({ _id: 1 })
      .batchSize(ANSWERED_AT_ONCE)
      .toArray();
    return documents.map(({ _id, subject }) => ({ index: Number(_id), subject }));
  }
}

function indexesIn(from: number, until: number): { $gte: mongo.Long; $lt: mongo.Long } {
  return { $gte: mongo.Long.fromNumber(from), $lt: mongo.Long.fromNumber(until) };
}
