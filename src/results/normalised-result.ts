/**
 * The vendor's result in our own terms: one shape for callback and pull, values typed, scales named.
 *
 * `null` always means *no value*: the vendor sent nothing, "", "N/A", or something that can't be read as
 * the type. It never means 0 or false, so that a rule can answer "cannot tell" instead of guessing.
 * Source of every field: the vendor's page "Data retrieval methods", sections 1.2 and 2.4.
 */
export interface NormalisedResult {
  /** The client_uuid that the bank chose when it started the vendor's session. */
  readonly uuid: string;
  /** Overall code as text, such as "200" or "303". */
  readonly code: string | null;
  /** Overall message as sent. Wording differs between the vendor's editions, so nothing decides on it. */
  readonly message: string | null;
  readonly ocr: NormalisedOcr;
  readonly liveness: NormalisedLiveness;
  readonly faceMatch: NormalisedFaceMatch;
  /** The vendor's own conclusion; null when absent, which is the rule for callbacks. */
  readonly vendorConclusion: VendorConclusion | null;
  /** Addresses of the session's media, as sent. Never shown to end customers. */
  readonly resources: Readonly<Record<EvidenceKind, string | null>>;
  /**
   * Paths (dotted, such as `face_match.similarity`) whose value was present but could not be read as its
   * type. Names only, no values, so the list may stand in the audit log. Sorted, at most 100.
   */
  readonly unreadable: readonly string[];
}

export const EVIDENCE_KINDS = ['front', 'back', 'video'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export interface NormalisedOcr {
  readonly code: string | null;
  readonly message: string | null;
  /** One entry per card side in the order sent, front first; [] when the list is absent or unreadable. */
  readonly documents: readonly NormalisedDocument[];
  /**
   * Warnings of `ocr.warning_data`; null when the list is absent (callbacks never carry it) or unreadable, []
   * when empty. An entry that can't be read stays in its place with every value null.
   */
  readonly warnings: readonly NormalisedWarning[] | null;
}

export interface NormalisedDocument {
  /** The vendor's `type`, such as "new" or "chip_front". Unknown types are kept. */
  readonly type: string | null;
  /** The vendor's `type_new`, such as "cccd_12_front". Unknown types are kept. */
  readonly typeNew: string | null;
  /** Confidence of the whole side, 0–100. */
  readonly overallScore: number | null;
  /**
   * Every text field of the side under the vendor's own name (`id`, `name`, `dob`, `mrz`, …). An array, as
   * some cards send for `mrz` or `class`, keeps its items.
   */
  readonly fields: Readonly<Record<string, NormalisedField>>;
  /** `address_entities`, value null where the vendor sent "". */
  readonly addressEntities: Readonly<Record<string, string | null>> | null;
  /** `mrz_details` of chip cards: what the vendor read out of the machine-readable lines. */
  readonly mrzDetails: Readonly<Record<string, string | null>> | null;
}

export interface NormalisedField {
  readonly value: string | readonly string[] | null;
  /** The vendor's `<field>_prob`, 0–100; for an array the lowest of its items. */
  readonly probability: number | null;
}

export interface NormalisedWarning {
  /** Warning code such as "E30" or "FC03"; null when missing or not a code. */
  readonly code: string | null;
  readonly message: string | null;
  /** 1 = the warning fired (assumption, from the vendor's sibling API). */
  readonly predictionResult: number | null;
  readonly riskLevel: number | null;
  /** 0–1. */
  readonly confidentScore: number | null;
  /** How often it fired in the session (assumption). */
  readonly count: number | null;
}

export interface NormalisedLiveness {
  readonly code: string | null;
  readonly message: string | null;
  readonly isLive: boolean | null;
  /** 0–1; below 0.5 is live. */
  readonly spoofProbability: number | null;
  /** Produced for low-resolution video only, otherwise null. */
  readonly isDeepfake: boolean | null;
  /** 0–1; 0.5 and above is a deepfake. */
  readonly deepfakeProbability: number | null;
  readonly needToReview: boolean | null;
  readonly warning: string | null;
}

export interface NormalisedFaceMatch {
  readonly code: string | null;
  readonly message: string | null;
  readonly isMatch: boolean | null;
  /** 0–100; the vendor calls 80 and above a match. */
  readonly similarity: number | null;
  readonly warning: string | null;
}

export interface VendorConclusion {
  /** The vendor's decision number. Only 2 = NEED_REVIEW is documented. */
  readonly decision: number | null;
  /** Such as "NEED_REVIEW"; other values are not documented. */
  readonly decisionMessage: string | null;
  /** Scale undocumented. */
  readonly riskLevel: number | null;
  /** `null` when absent or unreadable, [] when empty: only an empty list says that no rule fired. */
  readonly ruleTable: readonly VendorRuleGroup[] | null;
  readonly ocrRetry: number | null;
  readonly faceRetry: number | null;
}

export interface VendorRuleGroup {
  readonly groupCode: string | null;
  readonly groupName: string | null;
  readonly riskLevel: number | null;
  /** `null` when absent or unreadable, [] when empty. */
  readonly rules: readonly NormalisedWarning[] | null;
}
