import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { type AuditEntryDocument, toDocument } from '../src/audit/audit-entry.schema.ts';
import { encodeLeaf } from '../src/audit/format/leaf.ts';
import { entryWords } from './entries.ts';

const BATCH = 1_000;
const TOLD_EVERY = 100_000;
/** Entries are spread over this time, up to now. */
const SPAN_MS = 365 * 24 * 3_600_000;
const STUCK_AFTER_MS = 60_000;

/**
 * Brings a log to a number of entries, past the appender, and waits until the service that runs on it has
 * signed them all. Takes a log up where an earlier run left it.
 */
export async function fillLog(db: mongo.Db, entries: number, say: (line: string) => void): Promise<void> {
  const log = db.collection<AuditEntryDocument>('audit_log');
  const [newest] = await log.find().sort({ _id: -1 }).limit(1).toArray();
  const present = newest === undefined ? 0 : Number(newest._id) + 1;
  if (present > entries) throw new Error(`the database holds ${present} entries, more than ${entries}`);
  const now = Date.now();
  const from = newest === undefined ? now - SPAN_MS : newest.at.getTime();
  const started = performance.now();
  for (let first = present; first < entries; first += BATCH) {
    const documents = Array.from({ length: Math.min(BATCH, entries - first) }, (_, offset) => {
      const index = first + offset;
      const at = new Date(from + Math.floor(((now - from) * (index - present)) / (entries - present)));
      const content = { id: randomUUIDv7(), at: at.toISOString(), ...entryWords(index) };
      return toDocument(index, content, encodeLeaf(content));
    });
    await log.insertMany(documents, { ordered: true });
    const done = first + documents.length;
    if (done % TOLD_EVERY === 0) {
      const perSecond = ((done - present) / (performance.now() - started)) * 1_000;
      say(`filled ${done} of ${entries} entries, ${Math.round(perSecond)}/s`);
    }
  }
  await allSigned(db, entries, say);
}

async function allSigned(db: mongo.Db, entries: number, say: (line: string) => void): Promise<void> {
  let [signed, since] = [-1, performance.now()];
  for (;;) {
    const [checkpoint] = await db.collection('audit_checkpoints').find().sort({ _id: -1 }).limit(1).toArray();
    const size = Number(checkpoint?.['size'] ?? 0);
    if (size === entries) return;
    if (size !== signed) [signed, since] = [size, performance.now()];
    if (performance.now() - since > STUCK_AFTER_MS) throw new Error(`no checkpoint after the one of ${size}`);
    say(`signed ${size} of ${entries} entries`);
    await wait(2_000);
  }
}
