import { readFileSync } from 'node:fs';
import { WARNING_CODES } from '../../src/conclusion-rules/warning-codes.ts';
import { documentSides, type DocumentKind, type DocumentSide } from './documents.ts';
import { inventPerson } from './people.ts';
import { seededRandom } from './seeded-random.ts';

/** The body of a callback: sections 1.2 of the vendor's page "Data retrieval methods". */
export interface VendorCallback {
  uuid: string;
  code: string;
  message: string;
  ocr: { code: string; message: string; data: DocumentSide[] };
  liveness: StepResult &
    Record<'is_live' | 'spoof_prob' | 'is_deepfake' | 'deepfake_prob' | 'warning', string>;
  face_match: StepResult & Record<'isMatch' | 'similarity' | 'warning', string>;
  resources: { front: string; back?: string; video: string };
}

/** The body of a pulled result, section 2.4: the callback's members and these. */
export interface VendorResult extends VendorCallback {
  ocr: VendorCallback['ocr'] & { warning_data: VendorWarning[] };
  kyc_conclusion: {
    decision: number;
    decision_message: string;
    risk_level: number;
    rule_table: { risk_level: number; group_code: string; group_name: string; rules: VendorWarning[] }[];
    ocr_retry: number;
    face_retry: number;
  };
}

export interface VendorWarning {
  warning_code: string;
  warning_message: string;
  prediction_result: number;
  risk_level: number;
  confident_score: string;
  count: number;
}

interface StepResult {
  code: string;
  message: string;
}

/** What went on in a session. Whatever is left out is invented from the seed and speaks for the person. */
export interface CallbackRecipe {
  readonly uuid?: string;
  /** Decides on the person and all scores; the uuid by default, so that sessions differ. */
  readonly seed?: string | number;
  readonly document?: DocumentKind;
  /** 0 to 100; a match from 80. */
  readonly similarity?: number;
  /** 0 to 1; live below 0.5. */
  readonly spoofProbability?: number;
  /** 0 to 1; a deepfake from 0.5. Left out: not examined, "N/A", as for a video of good resolution. */
  readonly deepfakeProbability?: number;
  /** Steps that the session did not reach: every value of the section is "N/A". */
  readonly notReached?: readonly ('liveness' | 'face_match')[];
  /** Where `resources` point to; without it to the page's placeholders. */
  readonly mediaBaseUrl?: string;
}

export interface ResultRecipe extends CallbackRecipe {
  /** Warnings that fired: post-check codes (`E…`) go to `ocr.warning_data`, the others to the rule table. */
  readonly warnings?: readonly string[];
  /** The vendor's own decision. Only 2 NEED_REVIEW is documented; 1 APPROVED and 3 REJECTED are assumptions. */
  readonly decision?: { readonly decision: number; readonly decision_message: string };
}

/** The body of a callback, in the vendor's own form. The same recipe gives the same bytes. */
export function aCallback(recipe: CallbackRecipe = {}): VendorCallback {
  const seed = String(recipe.seed ?? recipe.uuid ?? 1);
  const random = seededRandom(seed);
  const document = recipe.document ?? 'CCCD';
  const data = documentSides(document, inventPerson(random), random);
  const liveness = livenessOf(recipe, random.integer(100, 3999) / 10_000);
  const faceMatch = faceMatchOf(recipe, random.integer(8600, 9899) / 100);
  const uuid = recipe.uuid ?? `session-${seed}`;
  const failed = [liveness, faceMatch].find(({ code }) => code !== '200' && code !== 'N/A');
  return {
    uuid,
    // The first step that failed names the session. "200" for success is an assumption: the page shows none.
    code: failed?.code ?? '200',
    message: failed?.message ?? 'successful',
    ocr: { code: '200', message: 'ocr successful', data },
    liveness,
    face_match: faceMatch,
    resources: resourcesOf(uuid, recipe.mediaBaseUrl, data.length > 1),
  };
}

/** The body of a pulled result for the same session; equal to the callback in everything that both have. */
export function aPulledResult(recipe: ResultRecipe = {}): VendorResult {
  const callback = aCallback(recipe);
  const random = seededRandom(`${callback.uuid}/conclusion`);
  const warnings = (recipe.warnings ?? []).map((code) => ({
    code,
    catalogued: WARNING_CODES.find((entry) => entry.code === code),
  }));
  const isPostCheck = ({ code }: { code: string }): boolean => code.startsWith('E');
  const groups = Map.groupBy(
    warnings.filter((warning) => !isPostCheck(warning)),
    ({ code, catalogued }) => catalogued?.group.code ?? code.replace(/\d+$/, ''),
  );
  return {
    ...callback,
    ocr: { ...callback.ocr, warning_data: warnings.filter(isPostCheck).map(warningOf) },
    kyc_conclusion: {
      ...(recipe.decision ?? decisionOn(callback, warnings.length)),
      risk_level: warnings.length === 0 ? 0 : 1,
      rule_table: [...groups].map(([group, members]) => ({
        risk_level: 1,
        group_code: group,
        group_name: members[0]?.catalogued?.group.name ?? group,
        rules: members.map(warningOf),
      })),
      ocr_retry: random.integer(1, 4),
      face_retry: random.integer(1, 3),
    },
  };
}

/** The page's own sample of a callback under another uuid: a face match of 49.09, code 303. */
export function theDocumentedCallback(uuid: string): VendorCallback {
  return { ...(readSample('callback.sample.json') as VendorCallback), uuid };
}

/** The page's own sample of a pulled result under another uuid: NEED_REVIEW with FC03, QC01 and E30. */
export function theDocumentedResult(uuid: string): VendorResult {
  return { ...(readSample('get-result.sample.json') as VendorResult), uuid };
}

function readSample(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/vendor/${name}`, import.meta.url), 'utf8'));
}

function livenessOf(recipe: CallbackRecipe, inventedSpoof: number): VendorCallback['liveness'] {
  if (recipe.notReached?.includes('liveness')) {
    const nothing = 'N/A';
    return {
      code: nothing,
      message: nothing,
      is_live: nothing,
      spoof_prob: nothing,
      is_deepfake: nothing,
      deepfake_prob: nothing,
      warning: nothing,
    };
  }
  const spoof = recipe.spoofProbability ?? inventedSpoof;
  const deepfake = recipe.deepfakeProbability;
  const step: StepResult =
    spoof >= 0.5
      ? { code: '301', message: 'face in video is spoof' }
      : deepfake !== undefined && deepfake >= 0.5
        ? { code: '302', message: 'video seems like deepfake' }
        : { code: '200', message: 'liveness check successful' };
  return {
    ...step,
    is_live: String(spoof < 0.5),
    spoof_prob: String(spoof),
    is_deepfake: deepfake === undefined ? 'N/A' : String(deepfake >= 0.5),
    deepfake_prob: deepfake === undefined ? 'N/A' : String(deepfake),
    warning: deepfake === undefined ? '' : 'Resolution of video is too low',
  };
}

function faceMatchOf(recipe: CallbackRecipe, inventedSimilarity: number): VendorCallback['face_match'] {
  if (recipe.notReached?.includes('face_match')) {
    return { code: 'N/A', message: 'N/A', isMatch: 'N/A', similarity: 'N/A', warning: 'N/A' };
  }
  const similarity = recipe.similarity ?? inventedSimilarity;
  const step: StepResult =
    similarity >= 80
      ? { code: '200', message: 'face matching successful' }
      : { code: '303', message: 'face is not matching with document' };
  return { ...step, isMatch: String(similarity >= 80), similarity: String(similarity), warning: 'N/A' };
}

/** A document with one side presumably has no `back` (assumption). */
function resourcesOf(
  uuid: string,
  baseUrl: string | undefined,
  hasBack: boolean,
): VendorCallback['resources'] {
  const address = (kind: string): string =>
    baseUrl === undefined ? `url-${kind}` : `${baseUrl}/${encodeURIComponent(uuid)}/${kind}`;
  return { front: address('front'), ...(hasBack && { back: address('back') }), video: address('video') };
}

function decisionOn(callback: VendorCallback, warnings: number) {
  if (callback.code !== '200') {
    return { decision: 3, decision_message: 'REJECTED' };
  }
  const complete = callback.liveness.code === '200' && callback.face_match.code === '200';
  return complete && warnings === 0
    ? { decision: 1, decision_message: 'APPROVED' }
    : { decision: 2, decision_message: 'NEED_REVIEW' };
}

function warningOf({
  code,
  catalogued,
}: {
  code: string;
  catalogued: { english: string } | undefined;
}): VendorWarning {
  return {
    warning_code: code,
    warning_message: catalogued?.english ?? `warning ${code}`,
    prediction_result: 1,
    risk_level: 1,
    confident_score: code.startsWith('FC') ? '0.8' : 'N/A',
    count: 1,
  };
}
