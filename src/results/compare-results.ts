import { childPath, FieldPaths } from './field-paths.ts';
import { isJsonArray, isJsonObject, member, type JsonObject, type JsonValue } from './json-text.ts';
import { isNoValue } from './vendor-values.ts';

/**
 * Compares two copies of one session's result, field by field over what both of them have, and returns the
 * paths that differ, sorted and capped at `MAX_PATHS`. Names only, no values, so the list may stand in the
 * audit log. The order of the two copies doesn't matter.
 *
 * - A member that only one copy has is no difference: callbacks lack `kyc_conclusion` and
 *   `ocr.warning_data`. A member that is *no value* in one copy and a value in the other is one, and so is an
 *   item more in a list.
 * - Numbers and booleans are compared by meaning: "49.090" equals 49.09, "True" equals true.
 * - Messages and warnings are wording, follow the session's language and aren't compared, save for
 *   `decision_message`, which is a word of a code list (`NEED_REVIEW`).
 * - Media addresses are compared by presence. How they are signed is undocumented, and object storage signs
 *   anew at each read, in the query, the path or the host.
 */
export function compareResults(callback: JsonObject, pulled: JsonObject): string[] {
  const differing = new FieldPaths();
  compareObjects(callback, pulled, '', differing);
  return differing.toSortedArray();
}

function compareObjects(a: JsonObject, b: JsonObject, path: string, differing: FieldPaths): void {
  // In sorted order, so that the cap keeps the same paths whichever order the vendor wrote the members in.
  for (const name of Object.keys(a).sort()) {
    if (differing.isFull) return;
    if (!Object.hasOwn(b, name) || isWording(name)) continue;
    const namePath = childPath(path, name);
    if (path === 'resources' || isAddress(name))
      comparePresence(member(a, name), member(b, name), namePath, differing);
    else compareValues(member(a, name), member(b, name), namePath, differing);
  }
}

function compareArrays(a: JsonValue[], b: JsonValue[], path: string, differing: FieldPaths): void {
  for (let i = 0; i < Math.max(a.length, b.length) && !differing.isFull; i++) {
    compareValues(a[i], b[i], childPath(path, i), differing);
  }
}

function compareValues(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
  path: string,
  differing: FieldPaths,
): void {
  if (isJsonObject(a) && isJsonObject(b)) compareObjects(a, b, path, differing);
  else if (isJsonArray(a) && isJsonArray(b)) compareArrays(a, b, path, differing);
  else if (!isSameValue(a, b)) differing.add(path);
}

function comparePresence(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
  path: string,
  differing: FieldPaths,
): void {
  if (isEmpty(a) !== isEmpty(b)) differing.add(path);
}

/** Wording in both of the vendor's name styles: `message`, `warning_message`, `verifyMessage`. */
function isWording(name: string): boolean {
  return (/(?:^|_)message$|Message$/.test(name) && name !== 'decision_message') || name === 'warning';
}

function isAddress(name: string): boolean {
  return name.endsWith('_url');
}

/** For any pair but two objects or two lists; an object never equals a list or a scalar unless both are empty. */
function isSameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (typeof a === 'object' || typeof b === 'object') return false;
  return meaningOf(String(a)) === meaningOf(String(b));
}

/** A section that the vendor sends as "N/A" in one copy may be spelled out with "N/A" in each member in the other. */
function isEmpty(value: JsonValue | undefined): boolean {
  if (isJsonArray(value)) return value.every(isEmpty);
  if (isJsonObject(value)) return Object.values(value).every(isEmpty);
  return isNoValue(value);
}

/** Compared as text, because two long identity numbers may be the same double. */
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,20})?$/;

function meaningOf(scalar: string): string {
  const text = scalar.trim();
  if (DECIMAL.test(text)) return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return /^(?:true|false)$/i.test(text) ? text.toLowerCase() : text;
}
