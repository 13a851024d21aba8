import { VENDOR_DECISION_WORDS } from '../../results/vendor-decision-words.ts';
import { codesOf } from '../warning-codes.ts';
import { DERIVED_DOCUMENT_FACTS, REPORTED_DOCUMENT_FACTS } from './document-facts.ts';
import { booleanFact, codeFact, numberFact, presenceFact } from './fact-builders.ts';
import {
  isMisunderstood,
  PROVENANCE_GRADES,
  type ConclusionInput,
  type Fact,
  type ReadFact,
} from './fact.ts';
import { COUNT, PERCENT, PROBABILITY, UNDOCUMENTED } from './scales.ts';
import { hasAllWarningLists, understandsWarnings, WARNING_FACTS } from './warning-facts.ts';

const REQUEST_CODES = codesOf('REQUEST', 'INPUT_FILE');
const FACE_CODES = codesOf('FACE');

const STATUS_FACTS: readonly Fact[] = [
  codeFact(
    {
      name: 'result.code',
      source: 'code',
      description: 'Overall code; that of the section that failed, if one did.',
    },
    [...FACE_CODES, ...REQUEST_CODES],
    (result) => result.code,
  ),
  codeFact(
    { name: 'ocr.code', source: 'ocr.code', description: 'Code of reading the document.' },
    ['200', ...REQUEST_CODES],
    (result) => result.ocr.code,
  ),
  codeFact(
    { name: 'liveness.code', source: 'liveness.code', description: 'Code of the liveness check.' },
    FACE_CODES,
    (result) => result.liveness.code,
  ),
  codeFact(
    { name: 'faceMatch.code', source: 'face_match.code', description: 'Code of the face comparison.' },
    FACE_CODES,
    (result) => result.faceMatch.code,
  ),
];

const LOW_RESOLUTION_ONLY = 'Only produced for low-resolution video, otherwise "N/A".';

const FACE_FACTS: readonly Fact[] = [
  booleanFact(
    {
      name: 'liveness.isLive',
      source: 'liveness.is_live',
      description: 'A living person, in the vendor’s judgement.',
    },
    (result) => result.liveness.isLive,
  ),
  numberFact(
    {
      name: 'liveness.spoofProbability',
      source: 'liveness.spoof_prob',
      description: 'How likely a picture, mask or screen is; below 0.5 is live.',
    },
    PROBABILITY,
    (result) => result.liveness.spoofProbability,
  ),
  booleanFact(
    {
      name: 'liveness.isDeepfake',
      source: 'liveness.is_deepfake',
      description: 'A video made or altered by a machine, in the vendor’s judgement.',
      normallyAbsent: LOW_RESOLUTION_ONLY,
    },
    (result) => result.liveness.isDeepfake,
  ),
  numberFact(
    {
      name: 'liveness.deepfakeProbability',
      source: 'liveness.deepfake_prob',
      description: 'How likely a deepfake is; 0.5 and above is one.',
      normallyAbsent: LOW_RESOLUTION_ONLY,
    },
    PROBABILITY,
    (result) => result.liveness.deepfakeProbability,
  ),
  booleanFact(
    {
      name: 'liveness.needToReview',
      source: 'liveness.need_to_review',
      description: 'The vendor asks for a person to look at the video.',
      normallyAbsent: 'Documented for the liveness call only; neither sample of a result has it.',
    },
    (result) => result.liveness.needToReview,
  ),
  presenceFact(
    {
      name: 'liveness.warning',
      source: 'liveness.warning',
      description: 'The vendor warns of something in words.',
      normallyAbsent: '"" where there is nothing to warn of.',
    },
    (result) => result.liveness.warning,
  ),
  booleanFact(
    {
      name: 'faceMatch.isMatch',
      source: 'face_match.isMatch',
      description: 'The person on the document, in the vendor’s judgement.',
    },
    (result) => result.faceMatch.isMatch,
  ),
  numberFact(
    {
      name: 'faceMatch.similarity',
      source: 'face_match.similarity',
      description: 'How alike the faces are; the vendor calls 80 and above a match.',
    },
    PERCENT,
    (result) => result.faceMatch.similarity,
  ),
  presenceFact(
    {
      name: 'faceMatch.warning',
      source: 'face_match.warning',
      description: 'The vendor warns of something in words.',
      normallyAbsent: '"N/A" where there is nothing to warn of.',
    },
    (result) => result.faceMatch.warning,
  ),
];

const NOT_IN_CALLBACKS = 'Only the pulled result has kyc_conclusion.';

const VENDOR_FACTS: readonly Fact[] = [
  numberFact(
    {
      name: 'vendor.decision',
      source: 'kyc_conclusion.decision',
      description: 'The vendor’s decision. Only 2 = NEED_REVIEW is documented.',
      normallyAbsent: NOT_IN_CALLBACKS,
    },
    UNDOCUMENTED,
    (result) => result.vendorConclusion?.decision,
  ),
  codeFact(
    {
      name: 'vendor.decisionMessage',
      source: 'kyc_conclusion.decision_message',
      description: 'The vendor’s decision as a word. Only NEED_REVIEW is documented, so the list is open.',
      shown: VENDOR_DECISION_WORDS,
      normallyAbsent: NOT_IN_CALLBACKS,
    },
    null,
    (result) => result.vendorConclusion?.decisionMessage,
  ),
  numberFact(
    {
      name: 'vendor.riskLevel',
      source: 'kyc_conclusion.risk_level',
      description: 'The vendor’s risk level; its scale is not documented.',
      normallyAbsent: NOT_IN_CALLBACKS,
    },
    UNDOCUMENTED,
    (result) => result.vendorConclusion?.riskLevel,
  ),
  numberFact(
    {
      name: 'attempts.ocr',
      source: 'kyc_conclusion.ocr_retry',
      description: 'Attempts at the document (assumption: they could be those left).',
      normallyAbsent: NOT_IN_CALLBACKS,
    },
    COUNT,
    (result) => result.vendorConclusion?.ocrRetry,
  ),
  numberFact(
    {
      name: 'attempts.face',
      source: 'kyc_conclusion.face_retry',
      description: 'Attempts at the face (assumption: they could be those left).',
      normallyAbsent: NOT_IN_CALLBACKS,
    },
    COUNT,
    (result) => result.vendorConclusion?.faceRetry,
  ),
];

const EVIDENCE_FACTS: readonly Fact[] = [
  presenceFact(
    { name: 'evidence.front', source: 'resources.front', description: 'There is a picture of the front.' },
    (result) => result.resources.front,
  ),
  presenceFact(
    {
      name: 'evidence.back',
      source: 'resources.back',
      description: 'There is a picture of the back.',
      normallyAbsent: 'A passport has one side.',
    },
    (result) => result.resources.back,
  ),
  presenceFact(
    { name: 'evidence.video', source: 'resources.video', description: 'There is a video of the face.' },
    (result) => result.resources.video,
  ),
];

/** The vendor's own codes and numbers: the facts of which something can be sent that isn't understood. */
const REPORTED_FACTS: readonly Fact[] = [
  ...STATUS_FACTS,
  ...FACE_FACTS,
  ...REPORTED_DOCUMENT_FACTS,
  ...VENDOR_FACTS,
].filter(({ type }) => type === 'code' || type === 'number');

function isUnderstood(input: ConclusionInput): boolean {
  return (
    input.result.unreadable.length === 0 &&
    understandsWarnings(input.result) &&
    !REPORTED_FACTS.some((fact) => isMisunderstood(fact, input))
  );
}

/** A callback never carries warnings or the vendor's conclusion, so only a pulled result can lack them. */
function isComplete({ result, grade }: ConclusionInput): boolean {
  return grade === 'CALLBACK_ONLY' || hasAllWarningLists(result);
}

const WHOLE_RESULT_FACTS: readonly Fact[] = [
  {
    name: 'provenance.grade',
    type: 'code',
    source: 'which copies of the result there are, and whether they agree',
    description: 'CALLBACK_ONLY, PULL_ONLY, AGREED or CONFLICT.',
    personal: false,
    scale: null,
    vocabulary: PROVENANCE_GRADES,
    normallyAbsent: null,
    sent: ({ grade }) => grade,
    read: ({ grade }) => grade,
  },
  {
    name: 'result.understood',
    type: 'presence',
    source: 'the whole result',
    description:
      'Nothing was sent that can’t be read: no unreadable field, no number off its scale, no unknown code.',
    personal: false,
    scale: null,
    vocabulary: null,
    normallyAbsent: null,
    sent: () => true,
    read: (input) => (isUnderstood(input) ? true : null),
  },
  {
    name: 'result.complete',
    type: 'presence',
    source: 'ocr.warning_data and kyc_conclusion',
    description:
      'A pulled result has all its lists of warnings and its conclusion. A callback counts as complete without.',
    personal: false,
    scale: null,
    vocabulary: null,
    normallyAbsent: null,
    sent: () => true,
    read: (input) => (isComplete(input) ? true : null),
  },
  {
    name: 'result.unreadableCount',
    type: 'number',
    source: 'the whole result',
    description: 'How many fields were sent but can’t be read as what they are.',
    personal: false,
    scale: { min: 0, max: 100_000, unit: 'fields' },
    vocabulary: null,
    normallyAbsent: null,
    sent: ({ result }) => result.unreadable.length,
    read: ({ result }) => result.unreadable.length,
  },
];

/** Everything that rules can ask about, by name. */
export const FACTS: ReadonlyMap<string, Fact> = new Map(
  [
    ...WHOLE_RESULT_FACTS,
    ...STATUS_FACTS,
    ...FACE_FACTS,
    ...REPORTED_DOCUMENT_FACTS,
    ...DERIVED_DOCUMENT_FACTS,
    ...WARNING_FACTS,
    ...VENDOR_FACTS,
    ...EVIDENCE_FACTS,
  ].map((fact) => [fact.name, fact]),
);

const PLACES: ReadonlyMap<Fact, number> = new Map([...FACTS.values()].map((fact, place) => [fact, place]));

/** Reads every fact of an input, each once: several ask for all of them. */
export function readFacts(input: ConclusionInput): ReadFact {
  const readings = Array.from(FACTS.values(), (fact) => fact.read(input));
  return (fact) => readings[PLACES.get(fact) ?? -1] ?? null;
}
