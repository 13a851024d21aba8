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
  // By UTF-16 code units, which is both the RFC's order and that of sort().
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quoted(name)}:${canonicalJson(value)}`;
  }
  return `${text}}`;
}

/** Needs an escape, or may be one half of a surrogate pair. */
const NOT_PLAIN = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  if (!NOT_PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogate');
  return JSON.stringify(text);
}
