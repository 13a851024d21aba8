import { canonicalJson } from '../../platform/canonical-json.ts';
import type { CompiledComparison, CompiledRuleSet, Readings } from './compile.ts';
import { dayOfCheck, effectOf, isInForce, observe, type Observed } from './evaluate.ts';
import type { ConclusionInput, FactValue, ReadFact } from './fact.ts';
import { FACTS } from './facts.ts';
import { FALSE, TRUE, UNKNOWN, type Ternary } from './kleene.ts';
import type { OperatorName } from './operators/index.ts';
import { inWords } from './operators/operator.ts';
import type { Decision } from './rule-set.ts';

/** What one rule or requirement made of a result. Holds no personal data. */
export interface TraceEntry {
  readonly code: string;
  readonly groupCode: string;
  readonly outcome: 'MET' | 'NOT_MET' | 'CANNOT_TELL' | 'NOT_IN_FORCE';
  /** What the rule asks for; null where it asks for nothing. */
  readonly effect: Exclude<Decision, 'APPROVE'> | null;
  /** All comparisons in reading order. A requirement is a rule against its opposite. */
  readonly comparisons: readonly TracedComparison[];
}

export interface TracedComparison {
  readonly fact: string;
  readonly op: OperatorName;
  /** The bound in words; null for an operator without one. */
  readonly bound: string | null;
  readonly observed: Observed;
  readonly answer: 'TRUE' | 'FALSE' | 'UNKNOWN';
  /** Why nobody could tell; null where it could be told. */
  readonly whyUnknown: WhyUnknown | null;
}

export type WhyUnknown =
  /** The vendor sent nothing, "" or "N/A". */
  | 'NO_VALUE'
  /** Sent, but off its scale, an unknown code or no readable date. */
  | 'NOT_UNDERSTOOD'
  /** The code isn't among those that came, but a list or a code is missing. */
  | 'INCOMPLETE';

/**
 * Every rule and requirement of the set, met or not, in the order of the document. It follows from the result
 * and the rule set alone, so it's made when somebody asks and never stored.
 */
export function explain(compiled: CompiledRuleSet, input: ConclusionInput): TraceEntry[] {
  const readings = compiled.facts.map((fact) => fact.read(input));
  const today = dayOfCheck(input);
  return compiled.rules.map((rule) => {
    const answer = rule.test(readings);
    const effect = effectOf(rule, answer);
    const inForce = isInForce(rule, today);
    return {
      code: rule.code,
      groupCode: rule.group.code,
      outcome: inForce ? OUTCOMES[answer] : 'NOT_IN_FORCE',
      effect: effect === 'NONE' || !inForce ? null : effect,
      comparisons: rule.comparisons.map((comparison) => traceOf(comparison, readings, input)),
    };
  });
}

const OUTCOMES = { [TRUE]: 'MET', [FALSE]: 'NOT_MET', [UNKNOWN]: 'CANNOT_TELL' } as const satisfies Record<
  Ternary,
  string
>;
const ANSWERS = { [TRUE]: 'TRUE', [FALSE]: 'FALSE', [UNKNOWN]: 'UNKNOWN' } as const satisfies Record<
  Ternary,
  string
>;

function traceOf(
  comparison: CompiledComparison,
  readings: Readings,
  input: ConclusionInput,
): TracedComparison {
  const { fact, op, operand } = comparison;
  const answer = ANSWERS[comparison.test(readings)];
  return {
    fact: fact.name,
    op,
    bound: operand === null ? null : inWords(operand),
    observed: observe(comparison, readings),
    answer,
    whyUnknown: answer === 'UNKNOWN' ? whyUnknown(comparison, readings, input) : null,
  };
}

function whyUnknown(
  { fact, slot }: CompiledComparison,
  readings: Readings,
  input: ConclusionInput,
): WhyUnknown {
  if ((readings[slot] ?? null) !== null) return 'INCOMPLETE';
  return fact.sent(input) === null ? 'NO_VALUE' : 'NOT_UNDERSTOOD';
}

/**
 * All that a conclusion can depend on, besides the rule set and the engine, as RFC 8785 canonical JSON. It
 * holds personal data (age, expiry): keep a keyed digest of it, never the text.
 *
 * @param read reads the facts of that same input; for callers who read them as well
 */
export function canonicalInputs(input: ConclusionInput, read: ReadFact = (fact) => fact.read(input)): string {
  const facts = FACTS_IN_ORDER.map(({ key, fact }) => key + canonicalText(read(fact)));
  return `{"checkedAt":${JSON.stringify(input.checkedAt)},"facts":{${facts.join()}}}`;
}

/** In the order of RFC 8785, so that it is worked out once. */
const FACTS_IN_ORDER = [...FACTS.values()]
  .map((fact) => ({ name: fact.name, key: `${JSON.stringify(fact.name)}:`, fact }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

function canonicalText(value: FactValue | null): string {
  return canonicalJson(typeof value === 'object' && value !== null ? { ...value } : value);
}
