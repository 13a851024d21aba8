import { describe, expect, it } from '@jest/globals';

import { ruleSetContentVersion } from './content-version.ts';
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
