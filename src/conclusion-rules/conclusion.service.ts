import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { type CompiledRuleSet, compileRuleSet } from './engine/compile.ts';
import { type Conclusion, evaluate } from './engine/evaluate.ts';
import { canonicalInputs } from './engine/explain.ts';
import type { ConclusionInput } from './engine/fact.ts';
import { validateRuleSet } from './engine/validate-rule-set.ts';

const DEFAULT_RULE_SET = fileURLToPath(new URL('../../config/rule-sets/default.json', import.meta.url));

/** A conclusion that can be proven again later: it names the rules and, by digest, everything they read. */
export interface PinnedConclusion extends Conclusion {
  readonly inputsDigest: string;
}

/** Applies the bank's rules to a result. */
@Injectable()
export class ConclusionService {
  private readonly ruleSet: CompiledRuleSet;

  /** @throws Error naming file, path and fault if the rule set can't be used: nothing is concluded by half a rule set. */
  constructor(
    config: AppConfig,
    private readonly digest: KeyedDigest,
  ) {
    const file = config.ruleSetFile ?? DEFAULT_RULE_SET;
    this.ruleSet = readRuleSet(file);
    new Logger(ConclusionService.name).log(`concluding by rule set ${this.ruleSet.version}`);
  }

  /** Concludes; never throws, and gives the same answer for the same input for as long as the rule set stands. */
  readonly judge = (input: ConclusionInput): PinnedConclusion => ({
    ...evaluate(this.ruleSet, input),
    inputsDigest: this.digest.of('rule-inputs', canonicalInputs(input)),
  });
}

function readRuleSet(file: string): CompiledRuleSet {
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
  return compileRuleSet(validation.ruleSet);
}
