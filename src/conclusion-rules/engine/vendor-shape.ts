import type { Conclusion, ConclusionRule } from './evaluate.ts';
import type { Decision } from './rule-set.ts';

/** `kyc_conclusion` as the vendor's page shows it (section 2.4). */
export interface VendorShapedConclusion {
  readonly decision: number;
  readonly decision_message: Decision;
  readonly risk_level: number;
  readonly rule_table: readonly {
    readonly risk_level: number;
    readonly group_code: string;
    readonly group_name: string;
    readonly rules: readonly VendorShapedRule[];
  }[];
}

export interface VendorShapedRule {
  readonly warning_code: string;
  readonly warning_message: string;
  readonly prediction_result: number;
  readonly risk_level: number;
  readonly confident_score: string;
  readonly count: number;
}

/** Only 2 is documented; 1 and 3 are an assumption, so a caller who knows better says so. */
export const ASSUMED_DECISION_NUMBERS: Readonly<Record<Decision, number>> = {
  APPROVE: 1,
  NEED_REVIEW: 2,
  REJECT: 3,
};

/**
 * Our conclusion in the vendor's shape, for services that already read that one. The shape has no room for
 * "cannot tell": such a rule counts as fired and its message says so. `ocr_retry` and `face_retry` are facts of
 * the vendor's session and not part of our conclusion.
 */
export function toVendorShape(
  conclusion: Conclusion,
  decisionNumbers: Readonly<Record<Decision, number>> = ASSUMED_DECISION_NUMBERS,
): VendorShapedConclusion {
  return {
    decision: decisionNumbers[conclusion.decision],
    decision_message: conclusion.decision,
    risk_level: conclusion.riskLevel,
    rule_table: conclusion.ruleTable.map((group) => ({
      risk_level: group.riskLevel,
      group_code: group.groupCode,
      group_name: group.groupName,
      rules: group.rules.map(ruleOf),
    })),
  };
}

function ruleOf(rule: ConclusionRule): VendorShapedRule {
  return {
    warning_code: rule.code,
    warning_message: rule.outcome === 'MET' ? rule.message : `Cannot tell: ${rule.message}`,
    prediction_result: 1,
    risk_level: rule.riskLevel,
    confident_score: 'N/A',
    count: 1,
  };
}
