import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import { canonicalRuleSet, nthVersion, ruleSetDigest } from './engine/content-version.ts';
import type { RuleSet } from './engine/rule-set.ts';
import { validateRuleSet } from './engine/validate-rule-set.ts';
import type { RuleSetIdentity } from './rule-set-state.ts';

const DEFAULT_RULE_SET = fileURLToPath(new URL('../../config/rule-sets/default.json', import.meta.url));

/** The rule set that comes with the release or is named by `RULE_SET_FILE`: it concludes until another is activated. */
@Injectable()
export class BuiltInRuleSet {
  readonly ruleSet: RuleSet;
  readonly version: string;
  readonly identity: RuleSetIdentity;

  /** @throws Error naming file, path and fault if the rule set can't be used: nothing is concluded by half a rule set. */
  constructor(config: AppConfig) {
    this.ruleSet = readRuleSet(config.ruleSetFile ?? DEFAULT_RULE_SET);
    const digest = ruleSetDigest(canonicalRuleSet(this.ruleSet));
    this.identity = { digest, name: this.ruleSet.name };
    this.version = nthVersion(digest, 1);
  }

  /** What is known of a version without any entry; null unless it is this one. */
  identityOf(version: string): RuleSetIdentity | null {
    return version === this.version ? this.identity : null;
  }
}

function readRuleSet(file: string): RuleSet {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`rule set ${file} can't be read as JSON`, { cause });
  }
  const validation = validateRuleSet(document);
  if (!validation.ok) {
    const faults = validation.errors.map(({ path, message }) => `  ${path}: ${message}`);
    throw new Error(`rule set ${file} can't be used:\n${faults.join('\n')}`);
  }
  return validation.ruleSet;
}
