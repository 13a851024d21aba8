import { FieldPaths } from './field-paths.ts';
import type { JsonObject } from './json-text.ts';
import { normaliseDocument } from './normalise-document.ts';
import type {
  NormalisedFaceMatch,
  NormalisedLiveness,
  NormalisedOcr,
  NormalisedResult,
  NormalisedWarning,
  VendorConclusion,
  VendorRuleGroup,
} from './normalised-result.ts';
import { SectionReader } from './section-reader.ts';

/**
 * The vendor's result in our own terms. Total: any JSON object gives a result and nothing throws. What can't
 * be read becomes `null` and its path is listed in `unreadable`; unknown members, codes and document types
 * are kept where the shape has room and never cause a rejection.
 *
 * @param uuid as read from the body, not read again here
 */
export function normaliseResult(uuid: string, result: JsonObject): NormalisedResult {
  const unreadable = new FieldPaths();
  const root = new SectionReader(result, '', unreadable);
  const resources = root.section('resources');
  // OCR comes last: it's the open-ended section, and the list of unreadable paths keeps what comes first.
  const closed = {
    uuid,
    code: root.code('code'),
    message: root.text('message'),
    liveness: livenessOf(root.section('liveness')),
    faceMatch: faceMatchOf(root.section('face_match')),
    vendorConclusion: conclusionOf(root.section('kyc_conclusion')),
    resources: {
      front: resources.text('front'),
      back: resources.text('back'),
      video: resources.text('video'),
    },
  };
  const ocr = ocrOf(root.section('ocr'));
  return { ...closed, ocr, unreadable: unreadable.toSortedArray() };
}

function ocrOf(ocr: SectionReader): NormalisedOcr {
  return {
    code: ocr.code('code'),
    message: ocr.text('message'),
    warnings: ocr.sections('warning_data')?.map(warningOf) ?? null,
    documents: ocr.sections('data')?.map(normaliseDocument) ?? [],
  };
}

function warningOf(warning: SectionReader): NormalisedWarning {
  return {
    code: warning.code('warning_code'),
    message: warning.text('warning_message'),
    predictionResult: warning.integer('prediction_result'),
    riskLevel: warning.integer('risk_level'),
    confidentScore: warning.score('confident_score', 1),
    count: warning.integer('count'),
  };
}

function livenessOf(liveness: SectionReader): NormalisedLiveness {
  return {
    code: liveness.code('code'),
    message: liveness.text('message'),
    isLive: liveness.flag('is_live'),
    spoofProbability: liveness.score('spoof_prob', 1),
    isDeepfake: liveness.flag('is_deepfake'),
    deepfakeProbability: liveness.score('deepfake_prob', 1),
    needToReview: liveness.flag('need_to_review'),
    warning: liveness.text('warning'),
  };
}

function faceMatchOf(faceMatch: SectionReader): NormalisedFaceMatch {
  return {
    code: faceMatch.code('code'),
    message: faceMatch.text('message'),
    isMatch: faceMatch.flag('isMatch'),
    similarity: faceMatch.score('similarity', 100),
    warning: faceMatch.text('warning'),
  };
}

function conclusionOf(conclusion: SectionReader): VendorConclusion | null {
  if (!conclusion.isPresent) return null;
  return {
    decision: conclusion.integer('decision'),
    decisionMessage: conclusion.text('decision_message'),
    riskLevel: conclusion.integer('risk_level'),
    ruleTable: conclusion.sections('rule_table')?.map(ruleGroupOf) ?? null,
    ocrRetry: conclusion.integer('ocr_retry'),
    faceRetry: conclusion.integer('face_retry'),
  };
}

function ruleGroupOf(group: SectionReader): VendorRuleGroup {
  return {
    groupCode: group.groupCode('group_code'),
    groupName: group.text('group_name'),
    riskLevel: group.integer('risk_level'),
    rules: group.sections('rules')?.map(warningOf) ?? null,
  };
}
