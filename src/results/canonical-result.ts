import { canonicalJson } from '../platform/canonical-json.ts';
import type { JsonObject } from './json-text.ts';

/**
 * RFC 8785 canonical JSON of a result, in UTF-8. Two deliveries of one result that differ in white space, in
 * the order of members, in escapes or in their envelope have equal bytes, so a digest of them finds
 * duplicates.
 *
 * The result MUST come from `parseJsonText`: other values may hold what canonical JSON can't say (a lone
 * surrogate, Infinity) and throw.
 */
export function canonicalResultBytes(result: JsonObject): Buffer {
  return Buffer.from(canonicalJson(result));
}
