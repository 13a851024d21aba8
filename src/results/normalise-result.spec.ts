import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MAX_PATHS } from './field-paths.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { normaliseResult } from './normalise-result.ts';
import type { NormalisedResult } from './normalised-result.ts';
import { MAX_ITEMS } from './section-reader.ts';

const sample = (name: string): JsonObject =>
  JSON.parse(
    readFileSync(new URL(`../../test/fixtures/vendor/${name}.sample.json`, import.meta.url), 'utf8'),
  ) as JsonObject;

const field = (value: string | null, probability: number | null) => ({ value, probability });

const EXPECTED_CALLBACK: NormalisedResult = {
  uuid: 'your-uuid',
  code: '303',
  message: 'face is not matching with document',
  ocr: {
    code: '200',
    message: 'ocr successful',
    warnings: null,
    documents: [
      {
        type: 'new',
        typeNew: 'cccd_12_front',
        overallScore: 99.47,
        fields: {
          id: field('0xxxxxxxxx9', 98.66),
          name: field('Nguyễn Văn A', 99.09),
          dob: field('dd/mm/yyyy', 98.41),
          sex: field('NAM', 98.3),
          nationality: field('VIỆT NAM', 99.77),
          doe: field('dd/mm/yyyy', 98.93),
          home: field('Xã V, Huyện M, NAM ĐỊNH', 96.54),
          address: field('Xã V, Huyện M, NAM ĐỊNH', 98.27),
          QRcode: field(null, null),
        },
        addressEntities: { province: 'NAM ĐỊNH', district: 'Huyện V', ward: 'Xã V', street: null },
        mrzDetails: null,
      },
      {
        type: 'new_back',
        typeNew: 'new_back',
        overallScore: 98.61,
        fields: {
          ethnicity: field(null, null),
          religion: field(null, null),
          features: field('SẸO CHẤM', 99.78),
          issue_date: field('dd/mm/yyyy', 99.31),
          issue_loc: field('CỤC TRƯỞNG CỤC CẢNH SÁT QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI', 95.7),
          mrz: field(null, null),
        },
        addressEntities: null,
        mrzDetails: null,
      },
    ],
  },
  liveness: {
    code: '200',
    message: 'liveness check successful',
    isLive: true,
    spoofProbability: 0.3435,
    isDeepfake: null,
    deepfakeProbability: null,
    needToReview: null,
    warning: null,
  },
  faceMatch: {
    code: '303',
    message: 'face is not matching with document',
    isMatch: false,
    similarity: 49.09,
    warning: null,
  },
  vendorConclusion: null,
  resources: { front: 'url-front', back: 'url-back', video: 'url-video' },
  unreadable: [],
};

const EXPECTED_PULL: NormalisedResult = {
  ...EXPECTED_CALLBACK,
  ocr: {
    ...EXPECTED_CALLBACK.ocr,
    warnings: [
      {
        code: 'E30',
        message: 'Front side and back side are not from the same card',
        predictionResult: 1,
        riskLevel: 1,
        confidentScore: null,
        count: 1,
      },
    ],
  },
  vendorConclusion: {
    decision: 2,
    decisionMessage: 'NEED_REVIEW',
    riskLevel: 1,
    ruleTable: [
      {
        groupCode: 'FC',
        groupName: 'ID Fraud Check',
        riskLevel: 1,
        rules: [
          {
            code: 'FC03',
            message: 'Document has been edited or is colored photocopy',
            predictionResult: 1,
            riskLevel: 1,
            confidentScore: 0.8,
            count: 1,
          },
        ],
      },
      {
        groupCode: 'QC',
        groupName: 'ID Quality Check',
        riskLevel: 1,
        rules: [
          {
            code: 'QC01',
            message: 'Image resolution is too low',
            predictionResult: 1,
            riskLevel: 1,
            confidentScore: null,
            count: 2,
          },
        ],
      },
    ],
    ocrRetry: 4,
    faceRetry: 3,
  },
};

/** Every number and boolean of a normalised result by its path. */
const factsOf = (result: NormalisedResult): Map<string, unknown> => {
  const facts = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'number' || typeof value === 'boolean') facts.set(path, value);
    else if (value !== null && typeof value === 'object') {
      for (const [name, item] of Object.entries(value)) visit(item, `${path}.${name}`);
    }
  };
  visit(result, '');
  return facts;
};

/** Paths of every value below the root, sections and lists included. */
const pathsIn = (value: JsonValue, path: string[] = []): string[][] =>
  value === null || typeof value !== 'object'
    ? [path]
    : [
        ...(path.length > 0 ? [path] : []),
        ...Object.entries(value).flatMap(([name, item]) => pathsIn(item, [...path, name])),
      ];

const replaced = (value: JsonValue, path: string[], by: JsonValue): JsonValue => {
  const [name, ...rest] = path;
  if (name === undefined) return by;
  const copy = structuredClone(value) as Record<string, JsonValue>;
  copy[name] = replaced(copy[name] as JsonValue, rest, by);
  return copy;
};

const PULL = sample('get-result');

/** Values that no reader may take for a number or a boolean. */
const garbage = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    '',
    'N/A',
    'NaN',
    'Infinity',
    '1e2',
    '0x50',
    '80,5',
    '1000000',
    '-0.5',
    'yes',
    1000000,
    -0.5,
  ),
  fc.string().filter((text) => !/^(?:-?[0-9.]+|true|false)$/i.test(text.trim())),
  fc.array(fc.constantFrom<JsonValue>('N/A', 'x', null, [], {})),
  fc.dictionary(fc.stringMatching(/^x[a-z]*$/), fc.constantFrom<JsonValue>('N/A', 'x', null)),
) as fc.Arbitrary<JsonValue>;

describe(normaliseResult.name, () => {
  it("reads the vendor's callback sample value by value", () => {
    expect(normaliseResult('your-uuid', sample('callback'))).toEqual(EXPECTED_CALLBACK);
  });

  it("reads the vendor's pull sample value by value", () => {
    expect(normaliseResult('your-uuid', PULL)).toEqual(EXPECTED_PULL);
  });

  it('reads an empty result as no value anywhere', () => {
    const nothing = normaliseResult('session-1', {});

    expect(nothing).toEqual({
      uuid: 'session-1',
      code: null,
      message: null,
      ocr: { code: null, message: null, documents: [], warnings: null },
      liveness: {
        code: null,
        message: null,
        isLive: null,
        spoofProbability: null,
        isDeepfake: null,
        deepfakeProbability: null,
        needToReview: null,
        warning: null,
      },
      faceMatch: { code: null, message: null, isMatch: null, similarity: null, warning: null },
      vendorConclusion: null,
      resources: { front: null, back: null, video: null },
      unreadable: [],
    });
  });

  it.each([['ocr'], ['liveness'], ['face_match'], ['resources'], ['kyc_conclusion']])(
    'reads section %s as absent when it is "N/A", and reports it when it has a wrong type',
    (name) => {
      const nothing = normaliseResult('session-1', {});

      expect(normaliseResult('session-1', { [name]: 'N/A' })).toEqual(nothing);
      for (const wrong of ['text', 5, true, [], [{}]]) {
        expect(normaliseResult('session-1', { [name]: wrong })).toEqual({ ...nothing, unreadable: [name] });
      }
    },
  );

  it('reads what only some editions send: need_to_review and the warning of a low resolution', () => {
    const liveness = {
      is_deepfake: 'false',
      need_to_review: 'true',
      warning: 'Resolution of video is too low',
    };

    expect(normaliseResult('session-1', { liveness }).liveness).toMatchObject({
      isDeepfake: false,
      needToReview: true,
      warning: 'Resolution of video is too low',
    });
  });

  it('reports every value that it cannot read, by name only', () => {
    const result = normaliseResult('session-1', {
      code: 'Nguyễn Văn A',
      message: 5,
      face_match: { isMatch: 'maybe', similarity: '950' },
      liveness: { is_live: 1, spoof_prob: '49.09' },
      resources: { front: { url: 'x' } },
      ocr: {
        warning_data: [{ warning_code: '079090001234' }, 'E30'],
        data: [{ name_prob: 'high', 'Nguyễn Văn A_prob': [1, 'x'] }],
      },
      kyc_conclusion: { decision: 'two', rule_table: {} },
    });

    expect(result.unreadable).toEqual([
      'code',
      'face_match.isMatch',
      'face_match.similarity',
      'kyc_conclusion.decision',
      'kyc_conclusion.rule_table',
      'liveness.is_live',
      'liveness.spoof_prob',
      'message',
      'ocr.data.0.*.1',
      'ocr.data.0.name_prob',
      'ocr.warning_data.0.warning_code',
      'ocr.warning_data.1',
      'resources.front',
    ]);
    expect([...factsOf(result)]).toEqual([]);
  });

  it('tells an absent or unreadable list from an empty one', () => {
    const listsOf = (ocr: JsonValue, kyc_conclusion: JsonValue) => {
      const {
        ocr: { warnings },
        vendorConclusion,
      } = normaliseResult('session-1', { ocr, kyc_conclusion });
      return { warnings, ruleTable: vendorConclusion?.ruleTable };
    };

    expect(listsOf({ warning_data: [] }, { rule_table: [] })).toEqual({ warnings: [], ruleTable: [] });
    expect(listsOf({}, {})).toEqual({ warnings: null, ruleTable: null });
    expect(listsOf({ warning_data: 'N/A' }, { rule_table: 'x' })).toEqual({
      warnings: null,
      ruleTable: null,
    });
    expect(listsOf({}, { rule_table: [{ rules: [] }, {}] }).ruleTable).toMatchObject([
      { rules: [] },
      { rules: null },
    ]);
  });

  it('keeps the place of an entry that it cannot read, so that it is not overlooked', () => {
    const { ocr } = normaliseResult('session-1', {
      ocr: { data: ['N/A', { type: 'chip_back' }], warning_data: [7] },
    });

    expect(ocr.documents.map(({ type }) => type)).toEqual([null, 'chip_back']);
    expect(ocr.warnings).toHaveLength(1);
    expect(ocr.warnings?.[0]?.code).toBeNull();
  });

  it('does not read lists and cards of absurd length, and says so', () => {
    const items = (count: number) => Array.from({ length: count }, () => ({}));
    const fields = Object.fromEntries(Array.from({ length: MAX_ITEMS + 1 }, (_, i) => [`f${i}`, 'x']));

    expect(normaliseResult('session-1', { ocr: { data: items(MAX_ITEMS) } }).ocr.documents).toHaveLength(
      MAX_ITEMS,
    );
    expect(
      normaliseResult('session-1', {
        ocr: { data: items(MAX_ITEMS + 1), warning_data: items(MAX_ITEMS + 1) },
      }),
    ).toMatchObject({
      ocr: { documents: [], warnings: null },
      unreadable: ['ocr.data', 'ocr.warning_data'],
    });
    expect(normaliseResult('session-1', { ocr: { data: [fields] } })).toMatchObject({
      ocr: { documents: [{ fields: {} }] },
      unreadable: ['ocr.data.0'],
    });
  });

  it('keeps what decides in the list of unreadable paths when card fields would fill it', () => {
    const fields = Object.fromEntries(Array.from({ length: MAX_ITEMS }, (_, i) => [`f${i}`, {}]));
    const { unreadable } = normaliseResult('session-1', {
      ocr: { data: [fields] },
      face_match: { similarity: '950' },
    });

    expect(unreadable).toHaveLength(MAX_PATHS);
    expect(unreadable).toContain('face_match.similarity');
  });

  it('reads only what the vendor sent, never what every object inherits', () => {
    const result = normaliseResult(
      'session-1',
      JSON.parse(
        '{"__proto__":{"face_match":{"isMatch":"true"}},"liveness":{"__proto__":{"is_live":"true"}}}',
      ) as JsonObject,
    );

    expect(result.faceMatch.isMatch).toBeNull();
    expect(result.liveness.isLive).toBeNull();
  });

  it('never throws, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (result) => {
        expect(normaliseResult('session-1', result as JsonObject).uuid).toBe('session-1');
      }),
    );
  });

  it('never throws, whatever stands in a place that it reads', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pathsIn(PULL)), fc.jsonValue(), (path, value) => {
        const result = normaliseResult('session-1', replaced(PULL, path, value as JsonValue) as JsonObject);
        expect(result.uuid).toBe('session-1');
      }),
    );
  });

  it('never makes a number or boolean of garbage, and garbage changes no other one', () => {
    const before = factsOf(normaliseResult('session-1', PULL));
    fc.assert(
      fc.property(fc.constantFrom(...pathsIn(PULL)), garbage, (path, value) => {
        const after = factsOf(normaliseResult('session-1', replaced(PULL, path, value) as JsonObject));
        for (const [name, fact] of after) expect([name, fact]).toEqual([name, before.get(name)]);
      }),
      { numRuns: 500 },
    );
  });
});
