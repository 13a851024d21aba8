import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { RuleSet } from './rule-set.ts';

/** Hex digits of a version: 64 bits, enough to tell a bank's rule sets apart and short enough to read out. */
const VERSION_LENGTH = 16;

/**
 * The version of a rule set is its content: the first 16 hex digits of SHA-256 over its RFC 8785 canonical
 * JSON. Whoever holds the document can check that it's the one a conclusion names.
 */
export function ruleSetContentVersion(document: RuleSet): string {
  // Only undefined and functions have no JSON text, and an object is neither.
  const text = canonicalize(document) as string;
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, VERSION_LENGTH);
}
