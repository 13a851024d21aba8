import type { JsonValue } from './json-text.ts';

/** Marks a value that is present but can't be read as its type. */
export const UNREADABLE = Symbol('unreadable');

/** What a reader makes of one raw value; `null` is *no value*. Readers never guess and never throw. */
export type Reading<T> = T | null | typeof UNREADABLE;

/** Absent, null, blank and "N/A" in any capitals all mean *no value* to the vendor. */
export function isNoValue(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string') return value === undefined || value === null;
  const text = value.trim();
  return text === '' || (text.length === 3 && text.toUpperCase() === 'N/A');
}

/** Text as sent. */
export function readText(value: JsonValue | undefined): Reading<string> {
  if (isNoValue(value)) return null;
  return typeof value === 'string' ? value : UNREADABLE;
}

/** Text of a card's field, where a number or boolean is kept in its JSON spelling: the fields are open-ended. */
export function readFieldText(value: JsonValue | undefined): Reading<string> {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : readText(value);
}

const CODE = /^(?:[A-Za-z]{1,5}-?|-)?[0-9]{1,5}$/;

/**
 * A result or warning code such as "303", "-1", "E-1" or "FC03"; an integer becomes text. Codes go into the
 * audit log, which must not carry personal data, so anything that doesn't look like a code is unreadable.
 */
export function readCode(value: JsonValue | undefined): Reading<string> {
  return readMatching(typeof value === 'number' ? String(value) : value, CODE);
}

const GROUP_CODE = /^[A-Za-z][A-Za-z_-]{0,19}[0-9]{0,5}$/;

/** A rule group such as "FC". Undocumented groups are kept as long as no identity number fits in. */
export function readGroupCode(value: JsonValue | undefined): Reading<string> {
  return readMatching(value, GROUP_CODE);
}

function readMatching(value: JsonValue | undefined, pattern: RegExp): Reading<string> {
  if (isNoValue(value)) return null;
  const text = typeof value === 'string' ? value.trim() : '';
  return pattern.test(text) ? text : UNREADABLE;
}

/** A boolean, or "true"/"false" in any capitals ("True" in chip results). 1, 0 and "yes" are not booleans. */
export function readFlag(value: JsonValue | undefined): Reading<boolean> {
  if (isNoValue(value)) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return UNREADABLE;
  switch (value.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return UNREADABLE;
  }
}

/** Upper end of a scale that starts at 0: percent, or a probability. */
export type Scale = 100 | 1;

/** No sign, exponent, radix, comma, leading zero or bare point: a spelling that needs a guess isn't read. */
const PLAIN_DECIMAL = /^(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,20})?$/;

/** A score on its scale, from a JSON number or a plain decimal text. Off the scale is unreadable. */
export function readScore(value: JsonValue | undefined, scale: Scale): Reading<number> {
  if (isNoValue(value)) return null;
  const score = typeof value === 'number' ? value : parseMatching(value, PLAIN_DECIMAL);
  return score >= 0 && score <= scale ? score : UNREADABLE;
}

const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,4})$/;
const MAX_INTEGER = 99_999;

/**
 * A small integer (decision, risk level, count). At most five digits, because these go into the audit log
 * and an identity number must not fit in.
 */
export function readInteger(value: JsonValue | undefined): Reading<number> {
  if (isNoValue(value)) return null;
  const integer = typeof value === 'number' ? value : parseMatching(value, PLAIN_INTEGER);
  return Number.isInteger(integer) && Math.abs(integer) <= MAX_INTEGER ? integer : UNREADABLE;
}

/** The number, or NaN, which no range holds. */
function parseMatching(value: JsonValue | undefined, pattern: RegExp): number {
  const text = typeof value === 'string' ? value.trim() : '';
  return pattern.test(text) ? Number(text) : NaN;
}
