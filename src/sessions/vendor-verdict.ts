import type { NormalisedResult } from '../results/normalised-result.ts';
import type { VendorVerdict } from './session-state.ts';

/** A word such as NEED_REVIEW; longer or other text could carry personal data and stays in the vault. */
const DECISION_WORD = /^[A-Z][A-Z_]{0,39}$/;

/** What of the vendor's verdict may stand in the log: codes and known words, no free text. */
export function verdictOf({ code, vendorConclusion }: NormalisedResult): VendorVerdict {
  const message = vendorConclusion?.decisionMessage ?? null;
  return {
    code,
    decision: vendorConclusion?.decision ?? null,
    decisionMessage: message !== null && DECISION_WORD.test(message) ? message : null,
    riskLevel: vendorConclusion?.riskLevel ?? null,
  };
}
