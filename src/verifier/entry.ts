import { isUtf8 } from 'node:buffer';
import { MAX_LEAF_BYTES } from '../audit/format/constants.ts';
import { CanonicalReader, NotCanonicalError } from './canonical-json.ts';
import { Divergence, quoted } from './verdict.ts';

/** The parts of an entry that something else is compared with. */
export interface Entry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly action: string;
  readonly subject: Readonly<Record<string, unknown>>;
  readonly actor: Readonly<Record<string, unknown>>;
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const ACTION = /^[a-z_]+\.[a-z_]+$/;
/** Fields of a stored entry; all but the index and the leaf repeat parts of the leaf. */
const STORED_FIELDS = ['_id', 'id', 'at', 'action', 'subject', 'actor', 'leaf'];

/**
 * Reads a leaf: RFC 8785 canonical JSON of one entry, version 1. The canonical form puts every key at one
 * place, so an entry is read off like a form.
 *
 * @throws Divergence ENTRY_MALFORMED
 */
export function readEntry(leaf: Buffer, index: number): Entry {
  const bad = (expected: string, found: unknown) =>
    new Divergence('ENTRY_MALFORMED', { index, expected, found: quoted(found) });
  if (leaf.length > MAX_LEAF_BYTES) {
    throw bad(`an entry of at most ${MAX_LEAF_BYTES} bytes`, `${leaf.length} bytes`);
  }
  if (!isUtf8(leaf)) throw bad('UTF-8', 'bytes that are not');
  let entry: EntryText;
  try {
    entry = readForm(new CanonicalReader(leaf));
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    throw bad(`canonical JSON of an entry, version 1: ${error.message}`, leaf.toString());
  }
  const { id, at, action, subject, actor } = entry;
  if (!UUID_V7.test(id)) throw bad('a UUID of version 7 as id', id);
  const time = TIME.test(at) ? timeOf(at) : NaN;
  if (Number.isNaN(time)) throw bad('a time in UTC with milliseconds as at', at);
  if (!ACTION.test(action)) throw bad('an action', action);
  return { id, at: time, action, subject, actor };
}

type EntryText = Omit<Entry, 'at'> & { readonly at: string };

function readForm(reader: CanonicalReader): EntryText {
  reader.expect('{"action":');
  const action = reader.string();
  reader.expect(',"actor":{"id":');
  const actorId = reader.string();
  reader.expect(',"type":');
  const actorType = reader.string();
  const via = reader.accept(',"via":') ? reader.string() : null;
  reader.expect('},"at":');
  const at = reader.string();
  reader.expect(',"data":');
  reader.object();
  reader.expect(',"id":');
  const id = reader.string();
  reader.expect(',"subject":{"id":');
  const subjectId = reader.string();
  reader.expect(',"type":');
  const subjectType = reader.string();
  reader.expect('},"v":1}');
  reader.expectEnd();
  const actor = { id: actorId, type: actorType };
  return {
    id,
    at,
    action,
    subject: { id: subjectId, type: subjectType },
    actor: via === null ? actor : { ...actor, via },
  };
}

/**
 * Compares what is stored beside a leaf with the leaf. Queries read those fields, so a change there would
 * hide an entry, or show it to the wrong subject, while every hash is still right.
 *
 * @throws Divergence FIELD_DIFFERS
 */
export function checkStoredFields(
  entry: Entry,
  document: Readonly<Record<string, unknown>>,
  index: number,
): void {
  const differs = (field: string, expected: unknown, found: unknown) =>
    new Divergence('FIELD_DIFFERS', {
      index,
      expected: `${field} ${quoted(expected)}`,
      found: found === undefined ? 'none' : quoted(found),
    });
  const { id, at, action, subject, actor } = document;
  if (id !== entry.id) throw differs('id', entry.id, id);
  if (!(at instanceof Date) || at.getTime() !== entry.at) {
    throw differs('at', new Date(entry.at).toISOString(), at);
  }
  if (action !== entry.action) throw differs('action', entry.action, action);
  if (!sameParty(entry.subject, subject)) throw differs('subject', entry.subject, subject);
  if (!sameParty(entry.actor, actor)) throw differs('actor', entry.actor, actor);
  for (const field in document) {
    if (!STORED_FIELDS.includes(field)) {
      throw new Divergence('FIELD_DIFFERS', {
        index,
        expected: `no fields but ${STORED_FIELDS.join(', ')}`,
        found: quoted(field),
      });
    }
  }
}

/** The day that was read last, `2026-06-01`, and its beginning. */
let lastDay = '';
let lastDayMs = NaN;

/**
 * Milliseconds since 1970, NaN for a time that doesn't exist. Reading a day costs as much as hashing an
 * entry, and entries come many to a day, so a day is read once.
 */
function timeOf(at: string): number {
  const day = at.slice(0, 10);
  if (day !== lastDay) {
    const date = new Date(`${day}T00:00:00.000Z`);
    const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
    lastDay = day;
    lastDayMs = exists ? date.getTime() : NaN;
  }
  const hours = Number(at.slice(11, 13));
  const minutes = Number(at.slice(14, 16));
  const seconds = Number(at.slice(17, 19));
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  return lastDayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number(at.slice(20, 23));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameParty(entry: Readonly<Record<string, unknown>>, stored: unknown): boolean {
  if (!isObject(stored) || Object.keys(stored).length !== Object.keys(entry).length) return false;
  for (const key in entry) if (entry[key] !== stored[key]) return false;
  return true;
}
