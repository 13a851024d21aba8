import { type Connection, mongo } from 'mongoose';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import type { EntryContent, LogEntry } from './format/leaf.ts';
import { decodeLeaf } from './format/leaf.ts';

export const AUDIT_LOG = 'audit_log';

/**
 * An entry as stored. `leaf` alone is the truth; the other fields repeat parts of it for queries, and the
 * verifier checks that they agree.
 */
export interface AuditEntryDocument {
  /** The index, stored as a 64-bit integer. */
  readonly _id: number | mongo.Long;
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly subject: EntryContent['subject'];
  readonly actor: EntryContent['actor'];
  readonly leaf: mongo.Binary;
}

export function auditLogCollection(connection: Connection): mongo.Collection<AuditEntryDocument> {
  return connection
    .getClient()
    .db(connection.name)
    .collection<AuditEntryDocument>(AUDIT_LOG, {
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      writeConcern: DURABLE,
    });
}

export function toDocument(index: number, content: EntryContent, leaf: Buffer): AuditEntryDocument {
  const { id, at, action, subject, actor } = content;
  return {
    _id: mongo.Long.fromNumber(index),
    id,
    at: new Date(at),
    action,
    subject,
    actor,
    leaf: new mongo.Binary(leaf),
  };
}

export function toLogEntry(document: Pick<AuditEntryDocument, '_id' | 'leaf'>): LogEntry {
  return { index: Number(document._id), ...decodeLeaf(document.leaf.buffer) };
}
