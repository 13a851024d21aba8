import type { NormalisedResult } from '../results/normalised-result.ts';
import type { VendorVerdict } from './session-state.ts';

/**
 * The vendor documents NEED_REVIEW; the others are what its word for the rest could be. Any other text stays
 * in the vault: even one word in capitals may be a name.
 */
const DECISION_WORDS = ['NEED_REVIEW', 'APPROVE', 'APPROVED', 'REJECT', 'REJECTED'];

/** What of the vendor's verdict may stand in the log: codes and known words, no free text. */
export function verdictOf({ code, vendorConclusion }: NormalisedResult): VendorVerdict {
  return {
    code,
    decision: vendorConclusion?.decision ?? null,
    decisionMessage:
      DECISION_WORDS.find((word) => word === vendorConclusion?.decisionMessage?.trim()) ?? null,
    riskLevel: vendorConclusion?.riskLevel ?? null,
  };
}
