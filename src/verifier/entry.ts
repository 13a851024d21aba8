import { isUtf8 } from 'node:buffer';
import { MAX_LEAF_BYTES } from '../audit/format/constants.ts';
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
/** Deeper than any entry is; keeps hostile nesting from exhausting the stack. */
const MAX_DEPTH = 64;

/**
 * Reads a leaf: RFC 8785 canonical JSON of one entry, version 1. The text is compared with the only one
 * that its values can have, which settles order, spelling, doubled keys and keys that no entry has at once.
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
  const text = leaf.toString('utf8');
  const { id, at, action, subject, actor, data } = parseObject(text, bad);

  if (typeof id !== 'string' || !UUID_V7.test(id)) throw bad('a UUID of version 7 as id', id);
  const time = typeof at === 'string' && TIME.test(at) ? timeOf(at) : NaN;
  if (typeof at !== 'string' || Number.isNaN(time)) throw bad('a time in UTC with milliseconds as at', at);
  if (typeof action !== 'string' || !ACTION.test(action)) throw bad('an action', action);
  if (!isParty(subject)) throw bad('a subject with type and id', subject);
  if (!isParty(actor)) throw bad('an actor with type and id', actor);
  if (!isObject(data)) throw bad('an object as data', data);

  const canonical =
    `{"action":"${action}","actor":${partyText(actor, true)},"at":"${at}","data":${canonicalText(data)},` +
    `"id":"${id}","subject":${partyText(subject, false)},"v":1}`;
  if (text !== canonical) throw bad('canonical JSON (RFC 8785) of an entry, version 1', text);
  return { id, at: time, action, subject, actor };
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

/** The second that was read last, `2026-06-01T08:00:00`, and its time. */
let lastSecond = '';
let lastSecondMs = NaN;

/**
 * Milliseconds since 1970, NaN for a day that doesn't exist. Reading a time costs as much as hashing an
 * entry, and entries come many to a second, so a second is read once.
 */
function timeOf(at: string): number {
  const second = at.slice(0, 19);
  if (second !== lastSecond) {
    const date = new Date(`${second}Z`);
    const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(second);
    lastSecond = second;
    lastSecondMs = exists ? date.getTime() : NaN;
  }
  return lastSecondMs + Number(at.slice(20, 23));
}

/**
 * The RFC 8785 form of a value, or null for one that has none here. JavaScript's own serialisation is that
 * form wherever the keys are in order, as they are after reading a canonical text, but for keys like "10",
 * which JavaScript moves to the front; such a value is written out.
 */
function canonicalText(value: unknown): string | null {
  return isOrdered(value, 0) ? JSON.stringify(value) : writeCanonically(value, 0);
}

/** Whether all keys come in canonical order, in a value without broken text or hostile nesting. */
function isOrdered(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isOrdered(item, depth + 1));
  let previous: string | undefined;
  for (const key of Object.keys(value)) {
    if (previous !== undefined && !(previous < key)) return false;
    if (!key.isWellFormed() || !isOrdered((value as Record<string, unknown>)[key], depth + 1)) return false;
    previous = key;
  }
  return true;
}

function writeCanonically(value: unknown, depth: number): string | null {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) {
    const items = value.map((item) => writeCanonically(item, depth + 1));
    return items.includes(null) ? null : `[${items.join(',')}]`;
  }
  if (!isObject(value)) return isOrdered(value, depth) ? JSON.stringify(value) : null;
  const members = Object.keys(value)
    .sort()
    .map((key) => [writeCanonically(key, depth), writeCanonically(value[key], depth + 1)] as const);
  if (members.some(([key, member]) => key === null || member === null)) return null;
  return `{${members.map((member) => member.join(':')).join(',')}}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Party {
  readonly id: string;
  readonly type: string;
  readonly via?: string;
}

function isParty(value: unknown): value is Party & Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const { id, type, via } = value;
  return isText(id) && isText(type) && (via === undefined || isText(via));
}

function partyText({ id, type, via }: Party, mayHaveVia: boolean): string {
  const client = via === undefined || !mayHaveVia ? '' : `,"via":${JSON.stringify(via)}`;
  return `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)}${client}}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function parseObject(text: string, bad: (expected: string, found: string) => Divergence) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('JSON', text);
  }
  if (!isObject(value)) throw bad('a JSON object', text);
  return value;
}

function sameParty(entry: Readonly<Record<string, unknown>>, stored: unknown): boolean {
  if (!isObject(stored) || Object.keys(stored).length !== Object.keys(entry).length) return false;
  for (const key in entry) if (entry[key] !== stored[key]) return false;
  return true;
}
