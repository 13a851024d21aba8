import type { NormalisedResult, NormalisedWarning } from '../../results/normalised-result.ts';
import { codesOf } from '../warning-codes.ts';
import type { Fact } from './fact.ts';

const WARNING_CODES = codesOf('QUALITY', 'FRAUD', 'POST_CHECK');
const KNOWN = new Set(WARNING_CODES);

interface Warnings {
  readonly entries: readonly NormalisedWarning[];
  /** `warning_data`, `rule_table` and the `rules` of each of its groups are all there. */
  readonly complete: boolean;
}

/** Of a callback, as a rule. */
const NO_LISTS: Warnings = { entries: [], complete: false };

function warningsOf({ ocr, vendorConclusion }: NormalisedResult): Warnings {
  if (ocr.warnings === null && vendorConclusion === null) return NO_LISTS;
  const lists = [ocr.warnings, ...(vendorConclusion?.ruleTable?.map((group) => group.rules) ?? [null])];
  return { entries: lists.flatMap((list) => list ?? []), complete: !lists.includes(null) };
}

/** Every list of warnings is there, so that a warning which isn't listed did not fire. */
export function hasAllWarningLists(result: NormalisedResult): boolean {
  return warningsOf(result).complete;
}

/** Only 0 says that the check was made and found nothing (assumption, from the vendor's sibling API). */
function hasFired(warning: NormalisedWarning): boolean {
  return warning.predictionResult !== 0;
}

function isKnown(warning: NormalisedWarning): boolean {
  return warning.code !== null && KNOWN.has(warning.code);
}

/** Every warning that fired has a code of the catalogue and says plainly that it fired. */
export function understandsWarnings(result: NormalisedResult): boolean {
  return warningsOf(result).entries.every(
    (warning) => !hasFired(warning) || (isKnown(warning) && warning.predictionResult === 1),
  );
}

const LISTS = 'ocr.warning_data and kyc_conclusion.rule_table';
const NOT_IN_CALLBACKS = 'Only the pulled result has warning_data and kyc_conclusion.';

export const WARNING_FACTS: readonly Fact[] = [
  {
    name: 'warnings.fired',
    type: 'codes',
    source: LISTS,
    description:
      'Codes of all warnings that fired, of both lists. prediction_result 0 means not fired; anything else, and none, means fired.',
    personal: false,
    scale: null,
    vocabulary: WARNING_CODES,
    normallyAbsent: NOT_IN_CALLBACKS,
    sent: ({ result }) => result.ocr.warnings ?? result.vendorConclusion?.ruleTable ?? null,
    read: ({ result }) => {
      const { entries, complete } = warningsOf(result);
      const fired = entries.filter(hasFired);
      const codes = fired.flatMap(({ code }) => (code !== null && KNOWN.has(code) ? [code] : []));
      if (codes.length === 0 && !complete) return null;
      // A warning without a known code may be any of them.
      return { codes: [...new Set(codes)].sort(), complete: complete && fired.every(isKnown) };
    },
  },
  {
    name: 'warnings.unknownCount',
    type: 'number',
    source: LISTS,
    description: 'How many warnings fired whose code is missing or not in the catalogue.',
    personal: false,
    scale: { min: 0, max: 100_000, unit: 'warnings' },
    vocabulary: null,
    normallyAbsent: NOT_IN_CALLBACKS,
    sent: ({ result }) => result.ocr.warnings ?? result.vendorConclusion?.ruleTable ?? null,
    read: ({ result }) => {
      const { entries, complete } = warningsOf(result);
      const unknown = entries.filter((warning) => hasFired(warning) && !isKnown(warning)).length;
      return unknown === 0 && !complete ? null : unknown;
    },
  },
];
