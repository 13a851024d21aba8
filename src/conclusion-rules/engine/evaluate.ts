import { dayInVietnam, epochDay } from './calendar.ts';
import type { CompiledComparison, CompiledRule, CompiledRuleSet, Readings } from './compile.ts';
import type { ConclusionInput, ReadFact } from './fact.ts';
import { type FourEyesReason, fourEyesReasons } from './four-eyes.ts';
import { FALSE, not, TRUE, type Ternary } from './kleene.ts';
import { DECISIONS, type Decision, type RuleGroup } from './rule-set.ts';

/**
 * Raised whenever the same rule set and the same result could now conclude differently: a fact reads otherwise,
 * an operator compares otherwise, the catalogue of codes changes. A conclusion stores it, so that a replay
 * knows whether it may expect the same answer.
 */
export const ENGINE_VERSION = '1';

/** Holds no personal data, so it may stand in the audit log. */
export interface Conclusion {
  readonly decision: Decision;
  /** The highest of all findings, 0 for none. What can't be told counts as if it were met. */
  readonly riskLevel: number;
  readonly ruleSetVersion: string;
  readonly engineVersion: string;
  /** Why the decision isn't APPROVE; empty if it is. Worst group and worst rule first. */
  readonly ruleTable: readonly ConclusionGroup[];
  /** Findings that the table has no room for; `explain` lists them all. */
  readonly omittedFindings: number;
  /** Why two people must decide if it comes to a review; empty where one is enough. */
  readonly fourEyes: readonly FourEyesReason[];
}

/** A conclusion goes into an entry of the audit log, which holds 32 KiB in all, so its table gets half of them. */
const TABLE_BYTES = 16 * 1024;

export interface ConclusionGroup {
  readonly groupCode: string;
  readonly groupName: string;
  readonly riskLevel: number;
  readonly rules: readonly ConclusionRule[];
}

export interface ConclusionRule {
  readonly code: string;
  /** English; the Vietnamese text stands in the rule set. */
  readonly message: string;
  readonly riskLevel: number;
  readonly outcome: 'MET' | 'CANNOT_TELL';
  /** The fact that decided, or that could not be told. */
  readonly fact: string;
  readonly observed: Observed;
  /** What would have been fine, in words. */
  readonly expected: string;
}

/** A score, a yes or no, or a code. null for no value, and for values that are personal data. */
export type Observed = number | boolean | string | null;

/**
 * Concludes from a result. Never throws, and depends on nothing but its arguments: not on the order of the
 * rules, the clock or earlier calls.
 *
 * The promise about absence, for every rule set that `validateRuleSet` lets through:
 * 1. Something that was sent but isn't understood (garbage, an unknown code, a number off its scale) never
 *    leads to APPROVE.
 * 2. Taking values out of a result never turns another decision into APPROVE, except where every reason for
 *    the other decision was a rule with `onUnknown: IGNORE` — a choice that the rule set states and argues.
 * 3. Without a face comparison, a liveness verdict and an OCR status there is no APPROVE.
 *
 * It says nothing about *entries* of a list: a shorter list of warnings is a complete statement of its own.
 * And REJECT may become NEED_REVIEW when the proof for rejecting is gone; a rule that must not weaken says
 * `onUnknown: REJECT`.
 *
 * @param read reads the facts of that same input; for callers who read them as well
 */
export function evaluate(
  compiled: CompiledRuleSet,
  input: ConclusionInput,
  read: ReadFact = (fact) => fact.read(input),
): Conclusion {
  const readings = compiled.facts.map(read);
  const today = dayOfCheck(input);
  const findings: Finding[] = [];
  for (const rule of compiled.rules) {
    if (!isInForce(rule, today)) continue;
    const answer = rule.test(readings);
    const effect = effectOf(rule, answer);
    if (effect !== 'NONE') findings.push({ rule, answer, effect });
  }
  const reasons = reasonsAmong(findings).sort(worstFirst);
  const shown = thoseThatFit(reasons);
  const decision = strictest(findings);
  const riskLevel = highest(reasons.map(({ rule }) => rule));
  return {
    decision,
    riskLevel,
    ruleSetVersion: compiled.version,
    engineVersion: ENGINE_VERSION,
    ruleTable: tableOf(shown, readings),
    omittedFindings: reasons.length - shown.length,
    fourEyes: fourEyesReasons(compiled.fourEyes, { decision, riskLevel, grade: input.grade }),
  };
}

interface Finding {
  readonly rule: CompiledRule;
  readonly answer: Ternary;
  readonly effect: Exclude<Decision, 'APPROVE'>;
}

/** The day of the check in Vietnam. NaN for no moment at all: then no rule is out of force. */
export function dayOfCheck({ checkedAt }: ConclusionInput): number {
  const day = dayInVietnam(checkedAt);
  return day === null ? NaN : epochDay(day);
}

export function isInForce({ firstDay, lastDay }: CompiledRule, today: number): boolean {
  return !(today < firstDay || today > lastDay);
}

/** What a rule with this answer asks for. */
export function effectOf(rule: CompiledRule, answer: Ternary): Finding['effect'] | 'NONE' {
  if (answer === FALSE) return 'NONE';
  if (answer === TRUE) return rule.outcome;
  return rule.onUnknown === 'IGNORE' ? 'NONE' : rule.onUnknown;
}

function strictest(findings: readonly Finding[]): Decision {
  let decision: Decision = 'APPROVE';
  for (const { effect } of findings) {
    if (DECISIONS.indexOf(effect) > DECISIONS.indexOf(decision)) decision = effect;
  }
  return decision;
}

/** Unmet requirements repeat what the rules say, so they count only where no rule says anything. */
function reasonsAmong(findings: readonly Finding[]): Finding[] {
  const ofRules = findings.filter(({ rule }) => !rule.isRequirement);
  return ofRules.length > 0 ? ofRules : [...findings];
}

function thoseThatFit(findings: readonly Finding[]): readonly Finding[] {
  let bytes = 0;
  const tooMany = findings.findIndex(({ rule }) => (bytes += rule.rowBytes) > TABLE_BYTES);
  return tooMany < 0 ? findings : findings.slice(0, tooMany);
}

function tableOf(findings: readonly Finding[], readings: Readings): ConclusionGroup[] {
  const groups = new Map<string, { group: RuleGroup; rules: ConclusionRule[] }>();
  for (const finding of findings) {
    const { group } = finding.rule;
    const row = rowOf(finding, readings);
    const rows = groups.get(group.code)?.rules;
    if (rows === undefined) groups.set(group.code, { group, rules: [row] });
    else rows.push(row);
  }
  return [...groups.values()].map(({ group, rules }) => ({
    groupCode: group.code,
    groupName: group.name,
    riskLevel: highest(rules),
    rules,
  }));
}

/** Codes are unique, so this order is the same for every order of the rules. */
function worstFirst(a: Finding, b: Finding): number {
  if (a.effect !== b.effect) return a.effect === 'REJECT' ? -1 : 1;
  return b.rule.riskLevel - a.rule.riskLevel || compareText(a.rule.code, b.rule.code);
}

function rowOf({ rule, answer }: Finding, readings: Readings): ConclusionRule {
  const comparison = decisive(rule, answer, readings);
  return {
    code: rule.code,
    message: rule.message,
    riskLevel: rule.riskLevel,
    outcome: answer === TRUE ? 'MET' : 'CANNOT_TELL',
    fact: comparison?.fact.name ?? '',
    observed: comparison === undefined ? null : observe(comparison, readings),
    expected: comparison?.expected ?? '',
  };
}

/** The first comparison that by itself answers as the whole rule does. */
function decisive(
  { comparisons }: CompiledRule,
  answer: Ternary,
  readings: Readings,
): CompiledComparison | undefined {
  const deciding = comparisons.find(
    ({ test, negated }) => (negated ? not(test(readings)) : test(readings)) === answer,
  );
  return deciding ?? comparisons[0];
}

/** What may be shown of the value that a comparison read. */
export function observe({ fact, slot, operand }: CompiledComparison, readings: Readings): Observed {
  const reading = readings[slot] ?? null;
  if (reading === null || fact.personal) return null;
  if (typeof reading === 'string' && fact.shown?.includes(reading) === false) return null;
  if (typeof reading !== 'object') return reading;
  return reading.codes.find((code) => Array.isArray(operand) && operand.includes(code)) ?? null;
}

function highest(rated: readonly { readonly riskLevel: number }[]): number {
  return rated.reduce((level, { riskLevel }) => Math.max(level, riskLevel), 0);
}

/** By code unit: the same order everywhere, whatever the locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
