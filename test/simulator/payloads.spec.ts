import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DOCUMENT_KINDS } from './documents.ts';
import { MEDIA_KINDS, mediumOf } from './media.ts';
import { aCallback, aPulledResult, theDocumentedCallback, theDocumentedResult } from './payloads.ts';

/** The names of all members, with their nesting but without values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(shapeOf);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => a.localeCompare(b))
          .map(([key, member]) => [key, shapeOf(member)]),
      )
    : typeof value;
}

describe(aCallback.name, () => {
  it('has exactly the members of the vendor’s sample', () => {
    expect(shapeOf(aCallback())).toEqual(shapeOf(theDocumentedCallback('any')));
  });

  it('gives the same bytes for the same recipe and another person for another seed', () => {
    expect(JSON.stringify(aCallback({ seed: 7 }))).toBe(JSON.stringify(aCallback({ seed: 7 })));
    expect(aCallback({ uuid: 'a' }).ocr.data[0]!['id']).not.toBe(aCallback({ uuid: 'b' }).ocr.data[0]!['id']);
  });

  it('matches from 80 and not below, with the vendor’s codes', () => {
    expect(aCallback({ similarity: 80 })).toMatchObject({
      code: '200',
      face_match: { code: '200', isMatch: 'true', similarity: '80' },
    });
    expect(aCallback({ similarity: 79.99 })).toMatchObject({
      code: '303',
      face_match: { code: '303', isMatch: 'false', similarity: '79.99' },
    });
  });

  it('is live below 0.5 and a deepfake from 0.5, with the vendor’s codes', () => {
    expect(aCallback({ spoofProbability: 0.4999 }).liveness).toMatchObject({ code: '200', is_live: 'true' });
    expect(aCallback({ spoofProbability: 0.5 })).toMatchObject({
      code: '301',
      liveness: { is_live: 'false' },
    });
    expect(aCallback({ deepfakeProbability: 0.4999 }).liveness.is_deepfake).toBe('false');
    expect(aCallback({ deepfakeProbability: 0.5 })).toMatchObject({
      code: '302',
      liveness: { is_deepfake: 'true' },
    });
  });

  it('says "N/A" in every value of a step that was not reached', () => {
    const { face_match: faceMatch, code } = aCallback({ notReached: ['face_match'] });

    expect(new Set(Object.values(faceMatch))).toEqual(new Set(['N/A']));
    expect(code).toBe('200');
  });

  it('invents people whose ID number follows the rule: province, gender and century, birth year', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const front = aCallback({ seed }).ocr.data[0]! as Record<string, string>;
        expect(front['id']).toMatch(/^(001|031|036|048|079|092)[01]\d{8}$/);
        expect(front['id']![3]).toBe(front['sex'] === 'NAM' ? '0' : '1');
        expect(front['id']!.slice(4, 6)).toBe(front['dob']!.slice(-2));
      }),
    );
  });

  it.each([
    ['CCCD', 'new', 'cccd_12_front', 'new_back'],
    ['CCCD_CHIP', 'chip_front', 'cccd_chip_front', 'chip_back'],
    ['CMND_9', 'old', 'cmnd_09_front', 'old_back'],
    ['CMND_12', 'new', 'cmnd_12_front', 'new_back'],
  ] as const)('names a %s as the vendor does', (document, type, typeNew, backType) => {
    expect(aCallback({ document }).ocr.data).toMatchObject([{ type, type_new: typeNew }, { type: backType }]);
  });

  it('shows the quirks of each document: lists, missing type, a single side, "N/A" fields', () => {
    const sides = Object.fromEntries(DOCUMENT_KINDS.map((kind) => [kind, aCallback({ document: kind })]));

    expect(sides['CCCD_CHIP']!.ocr.data[1]!['mrz']).toHaveLength(3);
    expect((sides['CCCD_CHIP']!.ocr.data[1]!['mrz'] as string[]).map((line) => line.length)).toEqual([
      30, 30, 30,
    ]);
    expect(sides['CMND_9']!.ocr.data[0]).toMatchObject({ sex: 'N/A', doe: 'N/A', doe_prob: 'N/A' });
    expect(sides['CMND_9']!.ocr.data[0]!['id']).toHaveLength(9);
    expect(sides['PASSPORT']!.ocr.data).toHaveLength(1);
    expect(sides['PASSPORT']!.ocr.data[0]).not.toHaveProperty('type');
    expect(sides['PASSPORT']!.resources).not.toHaveProperty('back');
    expect(sides['DRIVING_LICENCE']!.ocr.data[1]).toMatchObject({
      class: ['A1', 'B2'],
      class_prob: [expect.any(String), expect.any(String)],
    });
  });
});

describe(aPulledResult.name, () => {
  it('equals the callback of the same recipe in everything that a callback has', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...DOCUMENT_KINDS),
        fc.float({ min: 0, max: 100, noNaN: true }),
        (seed, document, similarity) => {
          const { kyc_conclusion: _, ...shared } = aPulledResult({ seed, document, similarity });
          const { warning_data: __, ...ocr } = shared.ocr;
          expect({ ...shared, ocr }).toEqual(aCallback({ seed, document, similarity }));
        },
      ),
    );
  });

  it('has exactly the members of the vendor’s sample when the same warnings fired', () => {
    const result = aPulledResult({ warnings: ['E30', 'FC03', 'QC01'] });

    expect(shapeOf(result)).toEqual(shapeOf(theDocumentedResult('any')));
    expect(result.ocr.warning_data.map((warning) => warning.warning_code)).toEqual(['E30']);
    expect(result.kyc_conclusion).toMatchObject({
      decision: 2,
      decision_message: 'NEED_REVIEW',
      rule_table: [
        { group_code: 'FC', group_name: 'ID Fraud Check', rules: [{ warning_code: 'FC03' }] },
        { group_code: 'QC', group_name: 'ID Quality Check', rules: [{ warning_code: 'QC01' }] },
      ],
    });
  });
});

describe(mediumOf.name, () => {
  it('gives a JPEG for the sides and an MP4 for the video, other bytes for each session', () => {
    const [front, back, video] = MEDIA_KINDS.map((kind) => mediumOf('session-1', kind).bytes);

    expect(front!.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(front!.subarray(-2).toString('hex')).toBe('ffd9');
    expect(video!.subarray(4, 8).toString()).toBe('ftyp');
    expect(front!.equals(back!)).toBe(false);
    expect(front!.equals(mediumOf('session-2', 'front').bytes)).toBe(false);
    expect(front!.equals(mediumOf('session-1', 'front').bytes)).toBe(true);
  });
});
