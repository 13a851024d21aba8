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
const ACTION = /^[a-z_]+\.[a-z_]+$/;
const KEYS = ['action', 'actor', 'at', 'data', 'id', 'subject', 'v'];
const PARTY = ['id', 'type'];
const PARTY_VIA = ['id', 'type', 'via'];
/** Fields of a stored entry; all but the index and the leaf repeat parts of the leaf. */
const STORED_FIELDS = ['_id', 'id', 'at', 'action', 'subject', 'actor', 'leaf'];
/** Deeper than any entry is; keeps hostile nesting from exhausting the stack. */
const MAX_DEPTH = 64;

/**
 * Reads a leaf: RFC 8785 canonical JSON of one entry, version 1.
 *
 * @throws Divergence ENTRY_MALFORMED
 */
export function readEntry(leaf: Buffer, index: number): Entry {
  const bad = (expected: string, found: string) =>
    new Divergence('ENTRY_MALFORMED', { index, expected, found });
  if (leaf.length > MAX_LEAF_BYTES) {
    throw bad(`an entry of at most ${MAX_LEAF_BYTES} bytes`, `more`);
  }
  const text = leaf.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('JSON', quoted(text));
  }
  if (!isUtf8(leaf) || !isCanonical(value, text)) throw bad('canonical JSON (RFC 8785)', quoted(text));
  if (!isObject(value) || !hasKeys(value, KEYS)) throw bad(`an object of ${KEYS.join(', ')}`, quoted(text));

  const { v, id, at, action, subject, actor, data } = value;
  if (v !== 1) throw bad('version 1', quoted(v));
  if (typeof id !== 'string' || !UUID_V7.test(id)) throw bad('a UUID of version 7 as id', quoted(id));
  const time = typeof at === 'string' ? Date.parse(at) : NaN;
  if (Number.isNaN(time) || new Date(time).toISOString() !== at) {
    throw bad('a time in UTC with milliseconds as at', quoted(at));
  }
  if (typeof action !== 'string' || !ACTION.test(action)) throw bad('an action', quoted(action));
  if (!isParty(subject) || !hasKeys(subject, PARTY)) throw bad('a subject with type and id', quoted(subject));
  if (!isParty(actor)) throw bad('an actor with type and id', quoted(actor));
  if (!isObject(data)) throw bad('an object as data', quoted(data));
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

/**
 * Whether a text is the RFC 8785 form of the value that it was parsed into. JavaScript's own serialisation
 * is that form but for the order of keys, so usually it is enough to compare with it and look at the order;
 * only objects with keys like "10", which JavaScript moves to the front, are written out in full.
 */
function isCanonical(value: unknown, text: string): boolean {
  return JSON.stringify(value) === text ? isOrdered(value, 0) : canonicalForm(value, 0) === text;
}

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

function canonicalForm(value: unknown, depth: number): string | null {
  if (depth > MAX_DEPTH || (typeof value === 'string' && !value.isWellFormed())) return null;
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalForm(item, depth + 1)).join(',')}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalForm(value[key], depth + 1)}`);
  return `{${members.join(',')}}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has these keys and no others. Both are in canonical order. */
function hasKeys(value: object, keys: readonly string[]): boolean {
  const own = Object.keys(value);
  return own.length === keys.length && own.every((key, i) => key === keys[i]);
}

function isParty(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isObject(value) &&
    (hasKeys(value, PARTY) || hasKeys(value, PARTY_VIA)) &&
    Object.values(value).every((part) => typeof part === 'string')
  );
}

function sameParty(entry: Readonly<Record<string, unknown>>, stored: unknown): boolean {
  if (!isObject(stored)) return false;
  for (const key in entry) if (entry[key] !== stored[key]) return false;
  for (const key in stored) if (!(key in entry)) return false;
  return true;
}
