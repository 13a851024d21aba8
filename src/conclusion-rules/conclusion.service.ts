import { Injectable } from '@nestjs/common';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { ActiveRuleSets } from './active-rule-sets.service.ts';
import type { CompiledRuleSet } from './engine/compile.ts';
import { type Conclusion, evaluate } from './engine/evaluate.ts';
import { canonicalInputs } from './engine/explain.ts';
import type { ConclusionInput } from './engine/fact.ts';
import { readFacts } from './engine/facts.ts';

/** A conclusion that can be proven again later: it names the rules and, by digest, everything they read. */
export interface PinnedConclusion extends Conclusion {
  readonly inputsDigest: string;
}

/** Applies the bank's rules to a result. */
@Injectable()
export class ConclusionService {
  constructor(
    private readonly active: ActiveRuleSets,
    private readonly digest: KeyedDigest,
  ) {}

  /**
   * Concludes by the rule set that is active at `checkedAt`. Never throws, and gives the same answer for the
   * same input and schedule of activations.
   */
  readonly judge = (input: ConclusionInput): PinnedConclusion =>
    this.judgeBy(this.active.at(input.checkedAt), input);

  /** Concludes by the rule set that is active at a time on results of any time. Never throws. */
  readonly judgeAsOf =
    (time: string) =>
    (input: ConclusionInput): PinnedConclusion =>
      this.judgeBy(this.active.at(time), input);

  /** Concludes by a rule set of the caller's choice, for replays and trials. */
  judgeBy(ruleSet: CompiledRuleSet, input: ConclusionInput): PinnedConclusion {
    const read = readFacts(input);
    return {
      ...evaluate(ruleSet, input, read),
      inputsDigest: this.digest.of('rule-inputs', canonicalInputs(input, read)),
    };
  }
}
