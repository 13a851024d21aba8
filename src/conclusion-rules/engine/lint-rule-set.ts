import { codesOf } from '../warning-codes.ts';
import { at } from './document-checker.ts';
import type { Comparison, Condition, Rule, RuleSet } from './rule-set.ts';
import { ValueSearch, type Wanted, wanted } from './satisfiability.ts';

export const SEVERITIES = ['ERROR', 'WARNING'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const FINDING_CODES = [
  /** A condition, or an `all` within one, that nothing can meet. */
  'CONTRADICTION',
  /** No result can be concluded on like this, though the set speaks of it. */
  'UNREACHABLE_DECISION',
  /** Wherever the rule asks for a review, another one rejects. */
  'OVERRULED_RULE',
  /** A warning of the vendor's catalogue that no rule asks for. */
  'WARNING_CODE_WITHOUT_RULE',
  /** What speaks against a person can be approved. */
  'APPROVES_TOO_EASILY',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  /** An ERROR is never what its author meant. A WARNING is for the second person to judge. */
  readonly severity: Severity;
  readonly code: FindingCode;
  /** Such as `rules.3.when`. */
  readonly path: string;
  readonly message: string;
}

/** About a second of search; the default set takes a hundredth of it. */
const SEARCH_STEPS = 300_000;

/**
 * What can be said against a rule set without any result. It finds what it can prove and nothing else: no
 * finding is no proof of soundness.
 *
 * @param ruleSet MUST have passed `validateRuleSet`, which also refuses sets that approve without a face match, a
 *   liveness verdict, an OCR status or an understood result
 */
export function lintRuleSet(ruleSet: RuleSet): Finding[] {
  const linter = new Linter(ruleSet);
  return [
    ...linter.contradictions(),
    ...linter.unreachableDecisions(),
    ...linter.overruledRules.map((index) =>
      warning('OVERRULED_RULE', at('rules', index), 'never decides: other rules reject whatever it meets'),
    ),
    ...codesWithoutRule(ruleSet),
    ...linter.easyApprovals(),
  ];
}

class Linter {
  /** Indexes of the rules that ask for a review only where another one rejects. */
  readonly overruledRules: readonly number[];
  private readonly ruleSet: RuleSet;
  private readonly search = new ValueSearch(SEARCH_STEPS);
  /** All that has to hold for an approval, as far as it is certain. */
  private readonly approval: readonly Wanted[];

  constructor(ruleSet: RuleSet) {
    this.ruleSet = ruleSet;
    this.approval = this.wantedForApproval();
    this.overruledRules = ruleSet.rules.flatMap((rule, index) => (this.isOverruled(rule) ? [index] : []));
  }

  contradictions(): Finding[] {
    const { approveRequires, rules } = this.ruleSet;
    const paths = [
      ...approveRequires.flatMap(({ condition }, index) =>
        this.impossibleIn(condition, `approveRequires.${index}.condition`),
      ),
      ...rules.flatMap(({ when }, index) => this.impossibleIn(when, `rules.${index}.when`)),
    ];
    const message = 'can never be met: its parts contradict each other';
    return paths.map((path) => ({ severity: 'ERROR', code: 'CONTRADICTION', path, message }));
  }

  unreachableDecisions(): Finding[] {
    const { rules } = this.ruleSet;
    const rejecting = rules.filter(({ outcome, onUnknown }) => [outcome, onUnknown].includes('REJECT'));
    const reviewing = rules.filter(({ outcome }) => outcome === 'NEED_REVIEW');
    const canReject = rejecting.some(({ onUnknown, when }) => onUnknown === 'REJECT' || this.canHold(when));
    const unreachable = [
      ...(this.search.isSatisfiable(this.approval) ? [] : ['APPROVE']),
      ...(rejecting.length === 0 || canReject ? [] : ['REJECT']),
      ...(reviewing.length === 0 || this.overruledRules.length < reviewing.length ? [] : ['NEED_REVIEW']),
    ];
    return unreachable.map((decision) =>
      warning(
        'UNREACHABLE_DECISION',
        decision === 'APPROVE' ? 'approveRequires' : 'rules',
        `no result can be concluded on with ${decision} by these rules`,
      ),
    );
  }

  easyApprovals(): Finding[] {
    if (!this.search.isSatisfiable(this.approval)) return [];
    const messages = UNFAVOURABLE.filter(([condition]) =>
      this.search.isSatisfiable([...this.approval, wanted(condition, true, {}, 'NEVER')]),
    ).map(([, message]) => message);
    const required = this.ruleSet.approveRequires.flatMap(({ condition }) => comparisonsIn(condition));
    if (!required.some(({ fact }) => fact.startsWith('document.'))) {
      messages.push('nothing of the document has to be read for an approval');
    }
    return messages.map((message) => warning('APPROVES_TOO_EASILY', 'approveRequires', message));
  }

  private wantedForApproval(): Wanted[] {
    const { approveRequires, rules, parameters } = this.ruleSet;
    return [
      ...approveRequires.map(({ condition }) => wanted(condition, true, parameters, 'NEVER')),
      // What may be unknown, or out of force, may stand aside.
      ...rules
        .filter((rule) => rule.onUnknown !== 'IGNORE' && isAlwaysInForce(rule))
        .map(({ when }) => wanted(when, false, parameters, 'NEVER')),
    ];
  }

  private isOverruled({ outcome, when }: Rule): boolean {
    if (outcome !== 'NEED_REVIEW' || !this.canHold(when)) return false;
    const { rules, parameters } = this.ruleSet;
    const known = necessaryFacts(when);
    // A rule that may be unknown where this one is met doesn't certainly reject there.
    const overruling = rules.filter(
      (rule) =>
        rule.outcome === 'REJECT' &&
        isAlwaysInForce(rule) &&
        comparisonsIn(rule.when).every(({ fact }) => known.has(fact)),
    );
    const alone = overruling.map((rule) => wanted(rule.when, false, parameters, 'ALWAYS'));
    return !this.search.isSatisfiable([wanted(when, true, parameters, 'ALWAYS'), ...alone]);
  }

  /** Paths of the condition itself or else of every `all` in it that can't be met. */
  private impossibleIn(condition: Condition, path: string, isWhole = true): string[] {
    const isSuspect = isWhole || 'all' in condition;
    if (isSuspect && !this.canHold(condition)) return [path];
    return termsOf(condition, path).flatMap(([term, where]) => this.impossibleIn(term, where, false));
  }

  private canHold(condition: Condition): boolean {
    return this.search.isSatisfiable([wanted(condition, true, this.ruleSet.parameters, 'ALWAYS')]);
  }
}

function warning(code: FindingCode, path: string, message: string): Finding {
  return { severity: 'WARNING', code, path, message };
}

function isAlwaysInForce({ effectiveFrom, effectiveUntil }: Rule): boolean {
  return effectiveFrom === undefined && effectiveUntil === undefined;
}

function termsOf(condition: Condition, path: string): [Condition, string][] {
  if ('not' in condition) return [[condition.not, at(path, 'not')]];
  if ('all' in condition) return condition.all.map((term, index) => [term, at(at(path, 'all'), index)]);
  if ('any' in condition) return condition.any.map((term, index) => [term, at(at(path, 'any'), index)]);
  return [];
}

/** Facts that must have a value for the condition to hold. */
function necessaryFacts(condition: Condition): Set<string> {
  if ('all' in condition) return new Set(condition.all.flatMap((term) => [...necessaryFacts(term)]));
  if ('any' in condition) return new Set();
  if ('not' in condition) return 'fact' in condition.not ? necessaryFacts(condition.not) : new Set();
  return new Set([condition.fact]);
}

function comparisonsIn(condition: Condition): Comparison[] {
  if ('fact' in condition) return [condition];
  return termsOf(condition, '').flatMap(([term]) => comparisonsIn(term));
}

/** E00 says that everything passed; it is the one code that needs no rule. */
const NO_WARNING = 'E00';

function codesWithoutRule({ rules, parameters }: RuleSet): Finding[] {
  const asked = new Set(
    rules
      .flatMap(({ when }) => comparisonsIn(when))
      .filter(({ fact }) => fact === 'warnings.fired')
      .flatMap(({ value, param }) => value ?? (param === undefined ? [] : (parameters[param]?.value ?? []))),
  );
  return codesOf('QUALITY', 'FRAUD', 'POST_CHECK')
    .filter((code) => code !== NO_WARNING && !asked.has(code))
    .map((code) => warning('WARNING_CODE_WITHOUT_RULE', 'rules', `no rule asks for the warning ${code}`));
}

/** What speaks plainly against a person, and how it is said when it can be approved all the same. */
const UNFAVOURABLE: readonly (readonly [Condition, string])[] = [
  [{ fact: 'liveness.isLive', op: 'equals', value: false }, 'a person who is not live can be approved'],
  [
    { fact: 'faceMatch.isMatch', op: 'equals', value: false },
    'a face that the vendor calls no match can be approved',
  ],
  [
    { not: { fact: 'ocr.code', op: 'equals', value: '200' } },
    'a document whose reading failed can be approved',
  ],
  [
    { fact: 'provenance.grade', op: 'equals', value: 'CONFLICT' },
    'a result that contradicts its callback can be approved',
  ],
];
