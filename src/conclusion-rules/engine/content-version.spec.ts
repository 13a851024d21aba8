import { describe, expect, it } from '@jest/globals';

import { digestPrefixOf, nthVersion, ruleSetContentVersion } from './content-version.ts';
import type { RuleSet } from './rule-set.ts';

const EMPTY: RuleSet = { name: 'a', description: 'b', parameters: {}, approveRequires: [], rules: [] };

describe(ruleSetContentVersion.name, () => {
  it('is the first 16 hex digits of SHA-256 over the canonical JSON', () => {
    // printf '{"approveRequires":[],"description":"b","name":"a","parameters":{},"rules":[]}' | sha256sum
    expect(ruleSetContentVersion(EMPTY)).toBe('70be6c6f408761d5');
  });

  it('does not depend on the order of members or on white space', () => {
    const shuffled = JSON.parse(
      ' { "rules": [], "name": "a", "parameters": {}, "description": "b", "approveRequires": [] } ',
    ) as RuleSet;
    expect(ruleSetContentVersion(shuffled)).toBe(ruleSetContentVersion(EMPTY));
  });

  it('changes with every change of content', () => {
    expect(ruleSetContentVersion({ ...EMPTY, name: 'A' })).not.toBe(ruleSetContentVersion(EMPTY));
  });
});

describe(nthVersion.name, () => {
  const digest = '3f9c1a5b7d2e4f608a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f50617';

  it('is that of the content, and then counts', () => {
    expect([1, 2, 10].map((n) => nthVersion(digest, n))).toEqual([
      '3f9c1a5b7d2e4f60',
      '3f9c1a5b7d2e4f60.2',
      '3f9c1a5b7d2e4f60.10',
    ]);
  });

  it('gives away how the digest begins', () => {
    expect([1, 2, 10].map((n) => digestPrefixOf(nthVersion(digest, n)))).toEqual(
      Array<string>(3).fill('3f9c1a5b7d2e4f60'),
    );
    expect(['', '3f9c', '3f9c1a5b7d2e4f60.', `${digest}`, '3F9C1A5B7D2E4F60'].map(digestPrefixOf)).toEqual(
      Array<null>(5).fill(null),
    );
  });
});
