import { isUtf8 } from 'node:buffer';

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * Why bytes can't be used as JSON.
 * `AMBIGUOUS_JSON` is valid JSON that two parsers may read as two different values (not I-JSON, RFC 7493):
 * a member name twice in one object, a number beyond a double, a lone surrogate. A person must look at it.
 */
export type UnusableReason =
  'EMPTY' | 'INVALID_UTF8' | 'NOT_JSON' | 'TOO_DEEP' | 'TOO_MANY_VALUES' | 'AMBIGUOUS_JSON';

export type ParsedJson =
  { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly reason: UnusableReason };

/**
 * Deepest nesting accepted; `{}` has depth 1. The vendor's deepest value lies at 6. Everything behind the
 * parser may therefore recurse.
 */
export const MAX_DEPTH = 64;

/**
 * Most values accepted, lists and objects among them, and most members of objects; the vendor's results have
 * about 150. Reading a body takes time by its values and even more by its names, not by its bytes, and
 * meanwhile nobody else is served.
 */
export const MAX_VALUES = 250_000;
export const MAX_MEMBERS = 120_000;

/**
 * Reads any JSON text in UTF-8, with or without a byte order mark. Never throws and repairs nothing.
 *
 * An integer beyond 2^53 is kept, although a double rounds it: 64-bit ids are common in JSON and nothing
 * decides on them. Member names such as `__proto__` become own properties, so look members up with `member`.
 */
export function parseJsonText(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) return unusable('INVALID_UTF8');
  const start = startsWithByteOrderMark(bytes) ? 3 : 0;
  const text = bytes.toString('utf8', start);
  if (text.trim() === '') return unusable('EMPTY');

  const { depth, values, members } = measureStructure(bytes, start);
  if (depth > MAX_DEPTH) return unusable('TOO_DEEP');
  if (values > MAX_VALUES || members > MAX_MEMBERS) return unusable('TOO_MANY_VALUES');

  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return unusable('NOT_JSON');
  }
  return isUnambiguous(value, members, text.includes('\\u'))
    ? { ok: true, value }
    : unusable('AMBIGUOUS_JSON');
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: JsonValue | undefined): value is JsonValue[] {
  return Array.isArray(value);
}

/** The member of that name, or undefined. Inherited names such as `constructor` are never members. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function unusable(reason: UnusableReason): ParsedJson {
  return { ok: false, reason };
}

function startsWithByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Nesting depth, and what stands outside strings: colons, which in valid JSON is the number of members
 * *written*, and commas and opening brackets, which is the number of values, an empty list or object counted
 * twice. Stops at the first level, value or member too many, so that no such text reaches a parser.
 */
function measureStructure(bytes: Buffer, start: number): { depth: number; values: number; members: number } {
  let level = 0;
  let depth = 0;
  let values = 1;
  let members = 0;
  let inString = false;
  for (let i = start; i < bytes.length && values <= MAX_VALUES && members <= MAX_MEMBERS; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === COLON) {
      members++;
    } else if (byte === COMMA) {
      values++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      level++;
      values++;
      if (level > depth) depth = level;
      if (depth > MAX_DEPTH) break;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      level--;
    }
  }
  return { depth, values, members };
}

/**
 * @param writtenMembers members in the text; `JSON.parse` keeps the last of each name, so fewer parsed
 *   members than written ones mean that a name came twice
 * @param hasEscapes whether the text holds a `\u` escape; valid UTF-8 can't carry a lone surrogate otherwise
 */
function isUnambiguous(root: JsonValue, writtenMembers: number, hasEscapes: boolean): boolean {
  const isFine = (value: JsonValue) =>
    typeof value === 'string'
      ? !hasEscapes || value.isWellFormed()
      : typeof value !== 'number' || Number.isFinite(value);
  if (!isFine(root)) return false;
  let parsedMembers = 0;
  // Only what has members of its own waits; most values are texts.
  const pending: (JsonValue[] | JsonObject)[] = typeof root === 'object' && root !== null ? [root] : [];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const names = isJsonArray(value) ? null : Object.keys(value);
    if (names !== null) parsedMembers += names.length;
    if (hasEscapes && names?.every((name) => name.isWellFormed()) === false) return false;
    for (const item of isJsonArray(value) ? value : Object.values(value)) {
      if (typeof item === 'object' && item !== null) pending.push(item);
      else if (!isFine(item)) return false;
    }
  }
  return parsedMembers === writtenMembers;
}
