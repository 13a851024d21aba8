/**
 * The words that the vendor's `decision_message` is taken for. It documents NEED_REVIEW; the others are what
 * its word for the rest could be (assumption). Any other text stays in the vault and is not understood: even
 * one word in capitals may be a name.
 */
export const VENDOR_DECISION_WORDS: readonly string[] = [
  'NEED_REVIEW',
  'APPROVE',
  'APPROVED',
  'REJECT',
  'REJECTED',
];
