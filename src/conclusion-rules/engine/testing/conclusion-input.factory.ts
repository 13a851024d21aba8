import type {
  NormalisedDocument,
  NormalisedFaceMatch,
  NormalisedField,
  NormalisedLiveness,
  NormalisedResult,
  NormalisedWarning,
  VendorConclusion,
} from '../../../results/normalised-result.ts';
import type { ConclusionInput, ProvenanceGrade } from '../fact.ts';

/** For tests only. The person is invented; the checks fall on CHECKED_AT. */
export const CHECKED_AT = '2025-03-01T03:00:00.000Z';

type Fields = Readonly<Record<string, string | readonly string[] | null>>;

export interface SideOverrides extends Partial<Omit<NormalisedDocument, 'fields'>> {
  /** Merged over the usual fields. */
  readonly fields?: Fields;
}

export interface ResultOverrides {
  readonly code?: string | null;
  readonly ocrCode?: string | null;
  readonly liveness?: Partial<NormalisedLiveness>;
  readonly faceMatch?: Partial<NormalisedFaceMatch>;
  readonly front?: SideOverrides | null;
  readonly back?: SideOverrides | null;
  readonly warnings?: readonly NormalisedWarning[] | null;
  readonly vendorConclusion?: Partial<VendorConclusion> | null;
  readonly unreadable?: readonly string[];
}

const FRONT: NormalisedDocument = {
  type: 'new',
  typeNew: 'cccd_12_front',
  overallScore: 99.47,
  fields: fieldsOf({
    id: '036190000001',
    name: 'NGUYỄN THỊ ĐÀO',
    dob: '02/03/1990',
    sex: 'NỮ',
    nationality: 'VIỆT NAM',
    doe: '02/03/2030',
    home: 'Xã V, Huyện M, NAM ĐỊNH',
    address: 'Xã V, Huyện M, NAM ĐỊNH',
    QRcode: null,
  }),
  addressEntities: null,
  mrzDetails: null,
};

const BACK: NormalisedDocument = {
  type: 'new_back',
  typeNew: 'new_back',
  overallScore: 98.61,
  fields: fieldsOf({
    features: 'SẸO CHẤM',
    issue_date: '05/06/2018',
    issue_loc: 'CỤC CẢNH SÁT',
    mrz: null,
  }),
  addressEntities: null,
  mrzDetails: null,
};

/** A chip card in place of the usual one. */
export const CHIP_FRONT: SideOverrides = { type: 'chip_front', typeNew: 'cccd_chip_front' };
export const CHIP_BACK: SideOverrides = {
  type: 'chip_back',
  typeNew: 'chip_back',
  mrzDetails: { id: '036190000001', name: 'NGUYEN THI DAO' },
};

/** A passport in place of the usual card; goes with `back: null`. */
export const PASSPORT: SideOverrides = {
  type: null,
  typeNew: null,
  fields: { passport_number: 'C0000001', id: null, home: null, address: null },
};

function fieldsOf(fields: Fields): Record<string, NormalisedField> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      { value, probability: value === null ? null : 98.5 },
    ]),
  );
}

function side(usual: NormalisedDocument, overrides: SideOverrides = {}): NormalisedDocument {
  return { ...usual, ...overrides, fields: { ...usual.fields, ...fieldsOf(overrides.fields ?? {}) } };
}

export function aWarning(code: string | null, overrides: Partial<NormalisedWarning> = {}): NormalisedWarning {
  return {
    code,
    message: null,
    predictionResult: 1,
    riskLevel: 1,
    confidentScore: null,
    count: 1,
    ...overrides,
  };
}

/** A callback's result in which everything is fine, but for what is said. */
export function aResult(overrides: ResultOverrides = {}): NormalisedResult {
  const { front, back } = overrides;
  return {
    uuid: 'session-1',
    code: overrides.code === undefined ? '200' : overrides.code,
    message: null,
    ocr: {
      code: overrides.ocrCode === undefined ? '200' : overrides.ocrCode,
      message: null,
      documents: [
        ...(front === null ? [] : [side(FRONT, front)]),
        ...(back === null ? [] : [side(BACK, back)]),
      ],
      warnings: overrides.warnings ?? null,
    },
    liveness: {
      code: '200',
      message: null,
      isLive: true,
      spoofProbability: 0.3435,
      isDeepfake: null,
      deepfakeProbability: null,
      needToReview: null,
      warning: null,
      ...overrides.liveness,
    },
    faceMatch: {
      code: '200',
      message: null,
      isMatch: true,
      similarity: 95.2,
      warning: null,
      ...overrides.faceMatch,
    },
    vendorConclusion: overrides.vendorConclusion ? aVendorConclusion(overrides.vendorConclusion) : null,
    resources: { front: 'url-front', back: 'url-back', video: 'url-video' },
    unreadable: overrides.unreadable ?? [],
  };
}

function aVendorConclusion(overrides: Partial<VendorConclusion>): VendorConclusion {
  return {
    decision: 1,
    decisionMessage: 'APPROVE',
    riskLevel: 0,
    ruleTable: [],
    ocrRetry: 1,
    faceRetry: 1,
    ...overrides,
  };
}

/** A pulled result in which everything is fine and the vendor approves, but for what is said. */
export function aPulledResult(overrides: ResultOverrides = {}): NormalisedResult {
  return aResult({
    ...overrides,
    warnings: overrides.warnings === undefined ? [] : overrides.warnings,
    vendorConclusion: overrides.vendorConclusion === undefined ? {} : overrides.vendorConclusion,
  });
}

export function aCallback(overrides: ResultOverrides = {}): ConclusionInput {
  return { result: aResult(overrides), grade: 'CALLBACK_ONLY', checkedAt: CHECKED_AT };
}

export function aPull(overrides: ResultOverrides = {}, grade: ProvenanceGrade = 'AGREED'): ConclusionInput {
  return { result: aPulledResult(overrides), grade, checkedAt: CHECKED_AT };
}
