import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { CALLER_TYPES, CONSTANT_ACTORS } from '../access/actor.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { type AuditEntryDocument, auditLogCollection, toLogEntry } from './audit-entry.schema.ts';
import { type Action, decodeLeaf, type LogEntry } from './format/leaf.ts';
import { leafHash } from './format/merkle.ts';

/** Which entries are wanted; all given conditions hold together. */
export interface EntryFilter {
  readonly subject?: string | undefined;
  readonly subjectType?: string | undefined;
  /** One of these, where there are several. */
  readonly action?: Action | readonly Action[] | undefined;
  readonly actor?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** An entry as readers get it. */
export interface ReadEntry extends LogEntry {
  /** RFC 6962 leaf hash, base64. */
  readonly leafHash: string;
}

/** Entries about some subjects, in a stretch of the log that includes neither bound. */
export interface SubjectSpan {
  readonly ids: readonly string[];
  readonly after: number;
  readonly before: number;
}

const LINEARIZABLE_READ_MS = 5_000;

/** Reads the log for people and other services. */
@Injectable()
export class AuditQueries {
  private readonly collection: mongo.Collection<AuditEntryDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = auditLogCollection(connection);
  }

  /** The leaf bytes at an index, or null. */
  async findLeaf(index: number): Promise<Buffer | null> {
    const document = await this.collection.findOne(
      { _id: mongo.Long.fromNumber(index) },
      { projection: { leaf: 1 } },
    );
    return document === null ? null : Buffer.from(document.leaf.buffer);
  }

  async findEntry(index: number): Promise<ReadEntry | null> {
    const leaf = await this.findLeaf(index);
    return leaf === null ? null : readEntry(index, leaf);
  }

  /** The entries at these indexes, in order. */
  async findEntries(indexes: readonly number[]): Promise<ReadEntry[]> {
    const documents = await this.collection
      .find(
        { _id: { $in: indexes.map((index) => mongo.Long.fromNumber(index)) } },
        { projection: { leaf: 1 } },
      )
      .sort({ _id: 1 })
      .toArray();
    return documents.map(({ _id, leaf }) => readEntry(Number(_id), Buffer.from(leaf.buffer)));
  }

  /** Where the entries of an action stand between two indexes, both included; answered by an index alone. */
  async indexesOf(action: Action, { first, last }: { first: number; last: number }): Promise<number[]> {
    const between = { $gte: mongo.Long.fromNumber(first), $lte: mongo.Long.fromNumber(last) };
    const documents = await this.collection
      .find({ action, _id: between }, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .toArray();
    return documents.map(({ _id }) => Number(_id));
  }

  /** Entries, oldest first. `from` is included, `to` is not. */
  async page(filter: EntryFilter, limit: number, cursor?: string): Promise<Page<ReadEntry>> {
    const from = await this.firstIndexAt(filter.from);
    const until = filter.to === undefined ? undefined : await this.endIndexAt(filter.to);
    const start = cursor === undefined ? from : Math.max(from, indexOfCursor(cursor) + 1);
    const documents = await this.collection
      .find(
        {
          _id: {
            $gte: mongo.Long.fromNumber(start),
            ...(until !== undefined && { $lt: mongo.Long.fromNumber(until) }),
          },
          ...(filter.subject !== undefined && { 'subject.id': filter.subject }),
          ...(filter.subjectType !== undefined && { 'subject.type': filter.subjectType }),
          ...(filter.action !== undefined && { action: { $in: [filter.action].flat() } }),
          ...(filter.actor !== undefined && byActor(filter.actor)),
        },
        { projection: { leaf: 1 } },
      )
      .sort({ _id: 1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(
      documents,
      limit,
      ({ _id }) => Number(_id),
      ({ _id, leaf }) => readEntry(Number(_id), Buffer.from(leaf.buffer)),
    );
  }

  /** Those of the entry ids that are in the log. */
  async knownIds(ids: readonly string[]): Promise<Set<string>> {
    // Covered by the unique index on id.
    const documents = await this.collection
      .find({ id: { $in: [...ids] } }, { projection: { _id: 0, id: 1 } })
      .toArray();
    return new Set(documents.map(({ id }) => id));
  }

  /** The newest entry of an action, or null. */
  async newest(action: Action): Promise<ReadEntry | null> {
    const [document] = await this.collection
      .find({ action }, { projection: { leaf: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    return document ? readEntry(Number(document._id), Buffer.from(document.leaf.buffer)) : null;
  }

  /** Entries of an action, or of one of several, behind a log index, in order. */
  async after(action: Action | readonly Action[], index: number, limit: number): Promise<ReadEntry[]> {
    const documents = await this.collection
      .find(
        { action: { $in: [action].flat() }, _id: { $gt: mongo.Long.fromNumber(index) } },
        { projection: { leaf: 1 } },
      )
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return documents.map(({ _id, leaf }) => readEntry(Number(_id), Buffer.from(leaf.buffer)));
  }

  /** Up to `limit` entries from `index` on, in order. */
  async readFrom(index: number, limit: number): Promise<LogEntry[]> {
    const documents = await this.collection
      .find({ _id: { $gte: mongo.Long.fromNumber(index) } }, { projection: { leaf: 1 } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return documents.map(toLogEntry);
  }

  /** The entries of each span, those of one subject in order; as a stream, because a history may be long. */
  async *histories(subjectType: string, spans: readonly SubjectSpan[]): AsyncIterable<LogEntry> {
    const wanted = spans.filter(({ ids, after, before }) => ids.length > 0 && after + 1 < before);
    if (wanted.length === 0) return;
    // Served by the index {subject.id: 1, _id: 1}, span by span, merged.
    const cursor = this.collection
      .find(
        {
          $or: wanted.map(({ ids, after, before }) => ({
            'subject.id': { $in: [...ids] },
            'subject.type': subjectType,
            _id: { $gt: mongo.Long.fromNumber(after), $lt: mongo.Long.fromNumber(before) },
          })),
        },
        { projection: { leaf: 1 } },
      )
      .sort({ 'subject.id': 1, _id: 1 });
    for await (const document of cursor) yield toLogEntry(document);
  }

  /**
   * Whether there is an entry at the index. A primary that was just elected may for a moment show less than
   * the majority holds, so a no is given only after a read that waits for it to be sure.
   */
  async holds(index: number): Promise<boolean> {
    const filter = { _id: mongo.Long.fromNumber(index) };
    const projection = { _id: 1 } as const;
    const found =
      (await this.collection.findOne(filter, { projection })) ??
      (await this.collection.findOne(filter, {
        projection,
        readConcern: { level: 'linearizable' },
        maxTimeMS: LINEARIZABLE_READ_MS,
      }));
    return found !== null;
  }

  /** Where those of the entries stand that are in the log, by id. */
  async placesOf(ids: readonly string[]): Promise<Map<string, { index: number; at: string }>> {
    const documents = await this.collection
      .find({ id: { $in: [...ids] } }, { projection: { id: 1, at: 1 } })
      .toArray();
    return new Map(documents.map(({ _id, id, at }) => [id, { index: Number(_id), at: at.toISOString() }]));
  }

  /**
   * The index at which the entries made at `time` or later begin; 0 without a time. `at` never decreases
   * along the index, so a binary search answers this without an index of its own, which every insert would
   * have to pay for.
   */
  async firstIndexAt(time: Date | undefined): Promise<number> {
    return time === undefined ? 0 : this.endIndexAt(time);
  }

  /** The index at which the entries made before `time` end; the size of the log without a time. */
  async endIndexAt(time: Date | undefined): Promise<number> {
    const [newest] = await this.collection
      .find({}, { projection: { _id: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    const size = newest === undefined ? 0 : Number(newest._id) + 1;
    if (time === undefined) return size;
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const entry = await this.collection.findOne(
        { _id: mongo.Long.fromNumber(middle) },
        { projection: { at: 1 } },
      );
      if (entry !== null && entry.at < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The vendor and we act in nearly every entry, so theirs are found without an index; a caller's have one. */
function byActor(id: string): mongo.Filter<AuditEntryDocument> {
  const isConstant = CONSTANT_ACTORS.some((actor) => actor.id === id);
  return { 'actor.id': id, ...(!isConstant && { 'actor.type': { $in: [...CALLER_TYPES] } }) };
}

function readEntry(index: number, leaf: Buffer): ReadEntry {
  return { index, ...decodeLeaf(leaf), leafHash: leafHash(leaf).toString('base64') };
}
