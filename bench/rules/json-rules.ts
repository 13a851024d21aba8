import type { NestedCondition, RuleProperties } from 'json-rules-engine';
import { epochDay, parseIsoDate } from '../../src/conclusion-rules/engine/calendar.ts';
import { dayOfCheck } from '../../src/conclusion-rules/engine/evaluate.ts';
import type { ConclusionInput } from '../../src/conclusion-rules/engine/fact.ts';
import { FACTS } from '../../src/conclusion-rules/engine/facts.ts';
import type {
  Comparison,
  Condition,
  Decision,
  Rule,
  RuleSet,
} from '../../src/conclusion-rules/engine/rule-set.ts';
import type { Operand } from '../../src/conclusion-rules/engine/operators/operator.ts';

/**
 * A rule set in the terms of json-rules-engine. That has two answers and ours three, so each rule becomes up to
 * two: one for what is known to be met, one for what can't be told. Both are said with the engine's own
 * operators; `null` stands for a value that isn't there.
 */
export function toJsonRules(ruleSet: RuleSet): RuleProperties[] {
  const of = new Translation(ruleSet.parameters);
  return [
    ...ruleSet.rules.flatMap((rule) => of.rule(rule)),
    ...ruleSet.approveRequires.flatMap(({ code, condition }) =>
      of.rule({ code, when: { not: condition }, outcome: 'NEED_REVIEW', onUnknown: 'NEED_REVIEW' }),
    ),
  ];
}

/** The values that a rule set reads of a result, as json-rules-engine takes them. */
export function factsReader(ruleSet: RuleSet): (input: ConclusionInput) => Record<string, unknown> {
  const names = new Set(JSON.stringify(ruleSet).match(/(?<="fact":")[^"]+/g));
  const read = [...FACTS.values()].filter(({ name }) => names.has(name));
  return (input) => {
    const facts: Record<string, unknown> = { [DAY]: dayOfCheck(input) };
    for (const fact of read) {
      const value = fact.read(input);
      if (fact.type !== 'codes') facts[fact.name] = value;
      else {
        const set = typeof value === 'object' ? value : null;
        facts[fact.name] = set?.codes ?? null;
        facts[complete(fact.name)] = set?.complete ?? false;
      }
    }
    return facts;
  };
}

/** What a rule asks for once its event has come. */
export interface Asked {
  readonly code: string;
  readonly decision: Decision;
}

const DAY = 'check.day';
const complete = (fact: string): string => `${fact}.complete`;

/** A condition, or what it always is. */
type Known = NestedCondition | boolean;

class Translation {
  private readonly parameters: RuleSet['parameters'];

  constructor(parameters: RuleSet['parameters']) {
    this.parameters = parameters;
  }

  rule(
    rule: Pick<Rule, 'code' | 'when' | 'outcome' | 'onUnknown' | 'effectiveFrom' | 'effectiveUntil'>,
  ): RuleProperties[] {
    const met = this.isKnownToBe(true, rule.when);
    const failed = this.isKnownToBe(false, rule.when);
    const asks = (decision: Decision, condition: Known): RuleProperties[] => {
      const whole = all([condition, ...inForce(rule)]);
      if (whole === false) return [];
      const params: Asked = { code: rule.code, decision };
      return [{ conditions: { all: [whole === true ? ALWAYS : whole] }, event: { type: rule.code, params } }];
    };
    if (rule.onUnknown === rule.outcome) return asks(rule.outcome, not(failed));
    return [
      ...asks(rule.outcome, met),
      ...(rule.onUnknown === 'IGNORE' ? [] : asks(rule.onUnknown, all([not(met), not(failed)]))),
    ];
  }

  private isKnownToBe(wanted: boolean, condition: Condition): Known {
    if ('not' in condition) return this.isKnownToBe(!wanted, condition.not);
    if ('all' in condition) {
      const terms = condition.all.map((term) => this.isKnownToBe(wanted, term));
      return wanted ? all(terms) : any(terms);
    }
    if ('any' in condition) {
      const terms = condition.any.map((term) => this.isKnownToBe(wanted, term));
      return wanted ? any(terms) : all(terms);
    }
    return this.comparison(wanted, condition);
  }

  private comparison(wanted: boolean, { fact, op, value, param }: Comparison): Known {
    const operand: Operand = value ?? (param === undefined ? null : this.parameters[param]!.value);
    const isThere: Known = { fact, operator: 'notEqual', value: null };
    const says = (operator: string): Known => ({ fact, operator, value: operand });
    // The engine compares numbers only with numbers, but equality with anything.
    switch (op) {
      case 'isPresent':
        return wanted && isThere;
      case 'equals':
        return wanted ? says('equal') : all([isThere, says('notEqual')]);
      case 'in':
        return wanted ? says('in') : all([isThere, says('notIn')]);
      case 'atLeast':
        return says(wanted ? 'greaterThanInclusive' : 'lessThan');
      case 'lessThan':
        return says(wanted ? 'lessThan' : 'greaterThanInclusive');
      case 'atMost':
        return says(wanted ? 'lessThanInclusive' : 'greaterThan');
      case 'greaterThan':
        return says(wanted ? 'greaterThan' : 'lessThanInclusive');
      case 'containsAny': {
        const codes = operand as readonly string[];
        const each = (operator: string) => codes.map((code): Known => ({ fact, operator, value: code }));
        const whole: Known = { fact: complete(fact), operator: 'equal', value: true };
        return wanted ? any(each('contains')) : all([whole, ...each('doesNotContain')]);
      }
    }
  }
}

const ALWAYS: NestedCondition = { fact: DAY, operator: 'notEqual', value: null };

function inForce({ effectiveFrom, effectiveUntil }: Pick<Rule, 'effectiveFrom' | 'effectiveUntil'>): Known[] {
  const bound = (operator: string, date: string | undefined): Known[] =>
    date === undefined ? [] : [{ fact: DAY, operator, value: epochDay(parseIsoDate(date)!) }];
  return [...bound('greaterThanInclusive', effectiveFrom), ...bound('lessThanInclusive', effectiveUntil)];
}

function all(terms: readonly Known[]): Known {
  if (terms.includes(false)) return false;
  const open = terms.filter((term) => term !== true) as NestedCondition[];
  return open.length > 1 ? { all: open } : (open[0] ?? true);
}

function any(terms: readonly Known[]): Known {
  if (terms.includes(true)) return true;
  const open = terms.filter((term) => term !== false) as NestedCondition[];
  return open.length > 1 ? { any: open } : (open[0] ?? false);
}

function not(term: Known): Known {
  return typeof term === 'boolean' ? !term : { not: term };
}
