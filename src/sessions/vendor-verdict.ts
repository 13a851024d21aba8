import type { NormalisedResult } from '../results/normalised-result.ts';
import { VENDOR_DECISION_WORDS } from '../results/vendor-decision-words.ts';
import type { VendorVerdict } from './session-state.ts';

/** What of the vendor's verdict may stand in the log: codes and known words, no free text. */
export function verdictOf({ code, vendorConclusion }: NormalisedResult): VendorVerdict {
  return {
    code,
    decision: vendorConclusion?.decision ?? null,
    decisionMessage:
      VENDOR_DECISION_WORDS.find((word) => word === vendorConclusion?.decisionMessage?.trim()) ?? null,
    riskLevel: vendorConclusion?.riskLevel ?? null,
  };
}
