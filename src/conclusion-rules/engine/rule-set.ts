import type { OperatorName } from './operators/index.ts';
import type { OperandValue } from './operators/operator.ts';

/** From best to worst. The decision of a session is the worst that any rule asks for. */
export const DECISIONS = ['APPROVE', 'NEED_REVIEW', 'REJECT'] as const;
export type Decision = (typeof DECISIONS)[number];

/** 1 low, 2 medium, 3 high; a conclusion without any finding has 0. The vendor's own scale is undocumented. */
export const RISK_LEVELS = [1, 2, 3] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/**
 * A rule set as people write it, in JSON. It's data: nothing in it is ever run. `validateRuleSet` turns an
 * unknown document into this type, and only what it let through may be compiled.
 */
export interface RuleSet {
  readonly name: string;
  readonly description: string;
  /** Thresholds and lists by name, so that they can be changed in one place and be argued for. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Approval is earned: every one of these must be known to hold, or a person decides. */
  readonly approveRequires: readonly Requirement[];
  /** In any order: it decides nothing. */
  readonly rules: readonly Rule[];
  /** When one person is not enough to decide on a session in review; without it, one always is. */
  readonly fourEyes?: FourEyes;
}

export interface FourEyes {
  /** Approving what the rules reject. */
  readonly overrideOfReject?: boolean;
  /** Deciding either way on a session of this risk level or a higher one. */
  readonly riskLevelAtLeast?: RiskLevel;
  /** Deciding either way where callback and pulled result contradict each other. */
  readonly conflict?: boolean;
  /** Why just these. */
  readonly reason?: string;
}

export interface Parameter {
  readonly value: OperandValue | readonly OperandValue[];
  /** Why this value. */
  readonly reason: string;
}

export interface RuleText {
  readonly en: string;
  readonly vi: string;
}

export interface Requirement {
  readonly code: string;
  /** What is said when it isn't known to hold. */
  readonly message: RuleText;
  readonly reason: string;
  readonly riskLevel: RiskLevel;
  readonly condition: Condition;
}

export interface Rule {
  /** Unique in the set. Rules about one of the vendor's warnings bear its code. */
  readonly code: string;
  readonly group: RuleGroup;
  readonly message: RuleText;
  /** Why the rule is there and why it weighs what it weighs. */
  readonly reason: string;
  readonly riskLevel: RiskLevel;
  /** What the rule asks for when it's met. No rule asks for approval. */
  readonly outcome: Exclude<Decision, 'APPROVE'>;
  readonly when: Condition;
  /**
   * What the rule asks for when nobody can tell. IGNORE is allowed only where every fact that the rule reads is
   * documented to be missing normally (`normallyAbsent` of the fact), and needs an `absenceReason`.
   */
  readonly onUnknown: Exclude<Decision, 'APPROVE'> | 'IGNORE';
  readonly absenceReason?: string;
  /** First and last day, yyyy-mm-dd in Vietnam, of checks that the rule applies to. */
  readonly effectiveFrom?: string;
  readonly effectiveUntil?: string;
}

export interface RuleGroup {
  readonly code: string;
  readonly name: string;
}

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | Comparison;

/** `value` or `param`, the name of a parameter; neither for an operator without operand. */
export interface Comparison {
  readonly fact: string;
  readonly op: OperatorName;
  readonly value?: OperandValue | readonly OperandValue[];
  readonly param?: string;
}
