import { createHash } from 'node:crypto';

import { canonicalJson, type Json } from '../../platform/canonical-json.ts';
import type { RuleSet } from './rule-set.ts';

/** Hex digits of a version: 64 bits, enough to tell a bank's rule sets apart and short enough to read out. */
const VERSION_LENGTH = 16;

/**
 * The version of a rule set is its content: the first 16 hex digits of SHA-256 over its RFC 8785 canonical
 * JSON. Whoever holds the document can check that it's the one a conclusion names.
 */
export function ruleSetContentVersion(document: RuleSet): string {
  return ruleSetDigest(canonicalRuleSet(document)).slice(0, VERSION_LENGTH);
}

/** RFC 8785 canonical JSON of a rule set: the bytes that are digested and kept. */
export function canonicalRuleSet(document: RuleSet): string {
  return canonicalJson(document as unknown as Json);
}

/** SHA-256 of a rule set's canonical JSON, in lower-case hex. */
export function ruleSetDigest(canonical: string): string {
  return createHash('sha256').update(canonical, 'utf8').digest('hex');
}

/**
 * The version of the n-th rule set with the same content, from 1: the content's version, then with `.2`, `.3`, …
 * A draft that repeats another is a draft of its own, with an author and an approval of its own.
 */
export function nthVersion(digest: string, n: number): string {
  const content = digest.slice(0, VERSION_LENGTH);
  return n === 1 ? content : `${content}.${n}`;
}

/** What the digest of a version's content begins with; null for what is no version. */
export function digestPrefixOf(version: string): string | null {
  return /^([0-9a-f]{16})(?:\.[1-9]\d*)?$/.exec(version)?.[1] ?? null;
}
