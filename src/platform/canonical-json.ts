/** What has a JSON text; members that are undefined are left out. */
export type Json =
  null | boolean | number | string | undefined | readonly Json[] | { readonly [name: string]: Json };

/**
 * RFC 8785 canonical JSON: one text for one value, whoever writes it. In our own words because every callback
 * passes here three times, and held against the package `canonicalize` by its spec.
 *
 * The value MUST be a tree, no deeper than the stack.
 * @throws TypeError for what JSON can't say: NaN, Infinity, a lone surrogate, anything but plain data
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
      // Also -0 becomes "0", as the RFC wants it.
      return String(value);
    case 'object':
      if (value === null) return 'null';
      return isList(value) ? listText(value) : objectText(value);
    default:
      throw new TypeError(`canonical JSON has no ${typeof value}`);
  }
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function listText(items: readonly Json[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ',';
    text += canonicalJson(items[i]);
  }
  return `${text}]`;
}

function objectText(object: { readonly [name: string]: Json }): string {
  let text = '{';
  for (const name of sorted(Object.keys(object))) {
    const value = object[name];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += labelOf(name) + canonicalJson(value);
  }
  return `${text}}`;
}

/** More names than that are better sorted by others. */
const FEW = 32;

/**
 * Sorts names by UTF-16 code units, in place, as the RFC wants it and as `sort()` does; most objects have few
 * names, nearly in order, and `sort()` takes several times as long and as much memory for those.
 */
function sorted(names: string[]): string[] {
  if (names.length > FEW) return names.sort();
  for (let i = 1; i < names.length; i++) {
    const name = names[i] ?? '';
    let place = i;
    for (; place > 0 && (names[place - 1] ?? '') > name; place--) names[place] = names[place - 1] ?? '';
    names[place] = name;
  }
  return names;
}

/** A name and its colon as text. Names come again and again, so those that came first are kept. */
const labels = new Map<string, string>();
const MAX_LABELS = 1_000;
const MAX_LABEL_LENGTH = 64;

function labelOf(name: string): string {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const label = `${quoted(name)}:`;
  if (labels.size < MAX_LABELS && name.length <= MAX_LABEL_LENGTH) labels.set(name, label);
  return label;
}

/** Needs an escape, or may be one half of a surrogate pair. */
const NOT_PLAIN = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  if (!NOT_PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogate');
  return JSON.stringify(text);
}
