import { epochDay, parseIsoDate } from './calendar.ts';
import { ruleSetContentVersion } from './content-version.ts';
import type { Fact, FactValue } from './fact.ts';
import { FACTS } from './facts.ts';
import { all, any, not, UNKNOWN, type Ternary } from './kleene.ts';
import { OPERATORS, type OperatorName } from './operators/index.ts';
import type { Operand, Operator } from './operators/operator.ts';
import type { Comparison, Condition, FourEyes, Requirement, Rule, RuleGroup, RuleSet } from './rule-set.ts';

/** Values of the facts that a rule set reads, in the order of `CompiledRuleSet.facts`. */
export type Readings = readonly (FactValue | null)[];

export interface CompiledRuleSet {
  readonly version: string;
  readonly facts: readonly Fact[];
  readonly rules: readonly CompiledRule[];
  /** null where one person is always enough. */
  readonly fourEyes: FourEyes | null;
}

export interface CompiledRule {
  readonly code: string;
  readonly group: RuleGroup;
  readonly message: string;
  readonly riskLevel: number;
  readonly outcome: Rule['outcome'];
  readonly onUnknown: Rule['onUnknown'];
  readonly isRequirement: boolean;
  /** Days since 1970-01-01, both inclusive. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly test: (readings: Readings) => Ternary;
  readonly comparisons: readonly CompiledComparison[];
  /** At most as many bytes does a finding of this rule take in a conclusion's table, in UTF-8. */
  readonly rowBytes: number;
}

export interface CompiledComparison {
  readonly fact: Fact;
  readonly slot: number;
  readonly op: OperatorName;
  readonly operand: Operand;
  /** Under an odd number of `not`. */
  readonly negated: boolean;
  /** What would have been fine, such as "at least 80" for a rule against values below. */
  readonly expected: string;
  readonly test: (readings: Readings) => Ternary;
}

/** Group under which an approval that was not earned is explained. Rule sets can't use its code. */
export const APPROVAL_GROUP: RuleGroup = { code: 'APPROVAL', name: 'Required for Approval' };

/**
 * Prepares a rule set for fast evaluation.
 *
 * @param ruleSet MUST have passed `validateRuleSet`; anything else may throw
 * @param version under which it concludes; that of its content unless it repeats another rule set's
 */
export function compileRuleSet(ruleSet: RuleSet, version = ruleSetContentVersion(ruleSet)): CompiledRuleSet {
  const compiler = new Compiler(ruleSet.parameters);
  return {
    rules: [
      ...ruleSet.rules.map((rule) => compiler.rule(rule)),
      ...ruleSet.approveRequires.map((requirement) => compiler.requirement(requirement)),
    ],
    facts: compiler.facts,
    fourEyes: ruleSet.fourEyes ?? null,
    version,
  };
}

class Compiler {
  readonly facts: Fact[] = [];
  private readonly parameters: RuleSet['parameters'];

  constructor(parameters: RuleSet['parameters']) {
    this.parameters = parameters;
  }

  rule(rule: Rule): CompiledRule {
    return sized({
      code: rule.code,
      group: rule.group,
      message: rule.message.en,
      riskLevel: rule.riskLevel,
      outcome: rule.outcome,
      onUnknown: rule.onUnknown,
      isRequirement: false,
      firstDay: effectiveDay(rule.effectiveFrom) ?? -Infinity,
      lastDay: effectiveDay(rule.effectiveUntil) ?? Infinity,
      ...this.condition(rule.when),
    });
  }

  /** A requirement is a rule against its opposite that is never ignored. */
  requirement({ code, message, riskLevel, condition }: Requirement): CompiledRule {
    return sized({
      code,
      group: APPROVAL_GROUP,
      message: message.en,
      riskLevel,
      outcome: 'NEED_REVIEW',
      onUnknown: 'NEED_REVIEW',
      isRequirement: true,
      firstDay: -Infinity,
      lastDay: Infinity,
      ...this.condition({ not: condition }),
    });
  }

  private condition(when: Condition): Pick<CompiledRule, 'test' | 'comparisons'> {
    const comparisons: CompiledComparison[] = [];
    const test = this.compile(when, false, comparisons);
    return { test, comparisons };
  }

  private compile(
    condition: Condition,
    negated: boolean,
    found: CompiledComparison[],
  ): CompiledComparison['test'] {
    if ('all' in condition) {
      const tests = condition.all.map((term) => this.compile(term, negated, found));
      return (readings) => all(tests, readings);
    }
    if ('any' in condition) {
      const tests = condition.any.map((term) => this.compile(term, negated, found));
      return (readings) => any(tests, readings);
    }
    if ('not' in condition) {
      const test = this.compile(condition.not, !negated, found);
      return (readings) => not(test(readings));
    }
    const comparison = this.comparison(condition, negated);
    found.push(comparison);
    return comparison.test;
  }

  private comparison({ fact: name, op, value, param }: Comparison, negated: boolean): CompiledComparison {
    const fact = FACTS.get(name);
    if (fact === undefined) throw new Error(`rule set was not validated: no fact ${name}`);
    const operand = value ?? (param === undefined ? null : (this.parameters[param]?.value ?? null));
    const slot = this.slotOf(fact);
    const operator: Operator = OPERATORS[op];
    return {
      fact,
      slot,
      op,
      operand,
      negated,
      expected: operator.describe(operand, !negated),
      // The one place that decides what absence means: nothing is known, whatever was asked.
      test: (readings) => {
        const reading = readings[slot] ?? null;
        return reading === null ? UNKNOWN : operator.compare(reading, operand);
      },
    };
  }

  private slotOf(fact: Fact): number {
    const slot = this.facts.indexOf(fact);
    return slot >= 0 ? slot : this.facts.push(fact) - 1;
  }
}

/** The members' names of a row and a group, the observed value and the numbers. */
const ROW_OVERHEAD = 256;

function sized(rule: Omit<CompiledRule, 'rowBytes'>): CompiledRule {
  const { code, message, group, comparisons } = rule;
  const size = (...texts: string[]) => Buffer.byteLength(JSON.stringify(texts), 'utf8');
  const longest = Math.max(0, ...comparisons.map(({ fact, expected }) => size(fact.name, expected)));
  return { ...rule, rowBytes: size(code, message, group.code, group.name) + longest + ROW_OVERHEAD };
}

function effectiveDay(date: string | undefined): number | null {
  const day = date === undefined ? null : parseIsoDate(date);
  return day === null ? null : epochDay(day);
}
