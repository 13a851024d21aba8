import type { ProvenanceGrade } from './fact.ts';
import type { Decision, FourEyes } from './rule-set.ts';

/** Why one person is not enough to decide on a session in review. */
export const FOUR_EYES_REASONS = [
  /** The rules reject this result: only two people together may approve against them. */
  'OVERRIDE_OF_REJECT',
  /** The risk is as high as the rule set names, or higher: two people decide, whatever they decide. */
  'RISK_LEVEL',
  /** Callback and pulled result contradict each other: two people decide, whatever they decide. */
  'CONFLICT',
] as const;
export type FourEyesReason = (typeof FOUR_EYES_REASONS)[number];

/**
 * What the rule set demands of people who decide on this result. It is part of the conclusion, so a rule set
 * that is activated later changes nothing for a session that waits already.
 * @param fourEyes null where the rule set demands nothing
 */
export function fourEyesReasons(
  fourEyes: FourEyes | null,
  { decision, riskLevel, grade }: { decision: Decision; riskLevel: number; grade: ProvenanceGrade },
): FourEyesReason[] {
  if (fourEyes === null) return [];
  const { overrideOfReject = false, riskLevelAtLeast = Infinity, conflict = false } = fourEyes;
  const applies: Readonly<Record<FourEyesReason, boolean>> = {
    OVERRIDE_OF_REJECT: overrideOfReject && decision === 'REJECT',
    RISK_LEVEL: riskLevel >= riskLevelAtLeast,
    CONFLICT: conflict && grade === 'CONFLICT',
  };
  return FOUR_EYES_REASONS.filter((reason) => applies[reason]);
}
