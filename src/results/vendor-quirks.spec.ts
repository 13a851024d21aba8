import { describe, expect, it } from '@jest/globals';

import { canonicalResultBytes } from './canonical-result.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { normaliseResult } from './normalise-result.ts';
import type { NormalisedResult } from './normalised-result.ts';
import { readVendorBody } from './vendor-body.ts';

/** The whole way from the vendor's bytes to our facts. */
const received = (body: JsonObject, dataKey?: string): NormalisedResult => {
  const read = readVendorBody(Buffer.from(JSON.stringify({ uuid: 'session-1', ...body })), dataKey);
  if (!read.ok) throw new Error(read.reason);
  return normaliseResult(read.uuid, read.result);
};

describe("the vendor's data quirks", () => {
  it('1. booleans come as "true", "True" and true, beside "N/A"', () => {
    const isLive = (is_live: JsonValue) => received({ liveness: { is_live } }).liveness.isLive;

    expect(['true', 'True', true].map(isLive)).toEqual([true, true, true]);
    expect(['false', 'False', false].map(isLive)).toEqual([false, false, false]);
    expect(['N/A', '', null].map(isLive)).toEqual([null, null, null]);
  });

  it('2. numbers come as texts in OCR, liveness and face, as integers in the conclusion, as floats in face search', () => {
    const result = received({
      ocr: { data: [{ id: '0xxxxxxxxx9', id_prob: '98.66' }] },
      liveness: { spoof_prob: '0.3435' },
      face_match: { similarity: 49.09 },
      kyc_conclusion: { decision: 2, risk_level: '1' },
    });

    expect(result.ocr.documents[0]?.fields['id']?.probability).toBe(98.66);
    expect(result.liveness.spoofProbability).toBe(0.3435);
    expect(result.faceMatch.similarity).toBe(49.09);
    expect(result.vendorConclusion).toMatchObject({ decision: 2, riskLevel: 1 });
  });

  it('3. three scales: 0–100 for confidence and similarity, 0–1 for probabilities; a value off its scale is not read', () => {
    const withEverything = (value: string) =>
      received({
        ocr: { data: [{ overall_score: value, id_prob: value }], warning_data: [{ confident_score: value }] },
        liveness: { spoof_prob: value, deepfake_prob: value },
        face_match: { similarity: value },
      });

    const percent = withEverything('49.09');
    expect(percent.faceMatch.similarity).toBe(49.09);
    expect(percent.ocr.documents[0]).toMatchObject({
      overallScore: 49.09,
      fields: { id: { probability: 49.09 } },
    });
    expect(percent.unreadable).toEqual([
      'liveness.deepfake_prob',
      'liveness.spoof_prob',
      'ocr.warning_data.0.confident_score',
    ]);
    expect(withEverything('0.8').unreadable).toEqual([]);
    expect(withEverything('100.1').unreadable).toHaveLength(6);
  });

  it('4. "N/A", "" and absent all mean no value, never 0 or false', () => {
    for (const section of [{ isMatch: 'N/A', similarity: 'N/A' }, { isMatch: '', similarity: '' }, {}]) {
      const result = received({ face_match: section });

      expect(result.faceMatch).toMatchObject({ isMatch: null, similarity: null });
      expect(result.unreadable).toEqual([]);
    }
  });

  it('5. mrz, class and date are a text or a list', () => {
    const mrz = (value: JsonValue) =>
      received({ ocr: { data: [{ mrz: value }] } }).ocr.documents[0]?.fields['mrz']?.value;

    expect(mrz('N/A')).toBeNull();
    expect(mrz('IDVNM')).toBe('IDVNM');
    expect(mrz(['IDVNM', '9001', 'NGUYEN'])).toEqual(['IDVNM', '9001', 'NGUYEN']);
  });

  it('6. a code is a text or an integer, and errorCode is not a result code', () => {
    expect(received({ code: '200' }).code).toBe('200');
    expect(received({ code: 200 }).code).toBe('200');
    expect(received({ errorCode: '0', ocr: { errorCode: 0 } })).toMatchObject({
      code: null,
      ocr: { code: null },
    });
    expect(received({ message: 'Forbidden' })).toMatchObject({ code: null, message: 'Forbidden' });
  });

  it('7. name styles are mixed and read exactly as documented', () => {
    const result = received({
      face_match: { isMatch: 'true', is_match: 'false' },
      liveness: { isLive: 'true' },
      ocr: { data: [{ QRcode: 'a|b', qrcode: 'c' }] },
    });

    expect(result.faceMatch.isMatch).toBe(true);
    expect(result.liveness.isLive).toBeNull();
    expect(result.ocr.documents[0]?.fields).toMatchObject({
      QRcode: { value: 'a|b' },
      qrcode: { value: 'c' },
    });
  });

  it('8. messages follow the language of the session and decide nothing', () => {
    const facts = ({ message: _, ...rest }: NormalisedResult) => rest;
    const english = received({ code: '303', message: 'face is not matching with document' });
    const vietnamese = received({ code: '303', message: 'Khuôn mặt không khớp với giấy tờ' });

    expect(facts(vietnamese)).toEqual(facts(english));
    expect(vietnamese.message).toBe('Khuôn mặt không khớp với giấy tờ');
  });

  it('9. a section may be "N/A" as a whole beside one that holds a result', () => {
    const result = received({
      code: '413',
      ocr: 'N/A',
      liveness: { is_live: 'true' },
      face_match: { code: '407' },
    });

    expect(result.ocr).toEqual({ code: null, message: null, documents: [], warnings: null });
    expect(result.liveness.isLive).toBe(true);
    expect(result.faceMatch.code).toBe('407');
    expect(result.unreadable).toEqual([]);
  });

  it('10. unknown members, codes, groups and document types are kept and reject nothing', () => {
    const result = received({
      nfc: { verifyCode: 2 },
      code: '777',
      ocr: { data: [{ type: 'cc_2024', pob: 'HÀ NỘI' }], warning_data: [{ warning_code: 'QC99' }] },
      kyc_conclusion: {
        decision: 9,
        rule_table: [{ group_code: 'CHIP', rules: [{ warning_code: 'NF01' }] }],
      },
    });

    expect(result).toMatchObject({
      code: '777',
      ocr: {
        documents: [{ type: 'cc_2024', fields: { pob: { value: 'HÀ NỘI' } } }],
        warnings: [{ code: 'QC99' }],
      },
      vendorConclusion: { decision: 9, ruleTable: [{ groupCode: 'CHIP', rules: [{ code: 'NF01' }] }] },
      unreadable: [],
    });
  });

  it('11. the body is bare or under the Callback Data Key with Request Payloads beside it', () => {
    const result = { uuid: 'session-1', code: '200' };
    const bytesOf = (body: JsonObject) => {
      const read = readVendorBody(Buffer.from(JSON.stringify(body)), 'ekyc_data');
      return read.ok ? canonicalResultBytes(read.result).toString() : read.reason;
    };

    expect(bytesOf({ ekyc_data: result, branch: 'HN-01' })).toBe(bytesOf(result));
    expect(received({ ekyc_data: result, branch: 'HN-01' }, 'ekyc_data').code).toBe('200');
  });

  it('12. the district of an address may be empty since the merger of 2025', () => {
    const address_entities = { province: 'NINH BÌNH', district: '', ward: 'Xã V', street: '' };

    expect(received({ ocr: { data: [{ address_entities }] } }).ocr.documents[0]?.addressEntities).toEqual({
      province: 'NINH BÌNH',
      district: null,
      ward: 'Xã V',
      street: null,
    });
  });

  it('13. warnings of earlier attempts stay beside the final data, with their count and the attempts used', () => {
    const result = received({
      ocr: { code: '200', data: [{ type: 'new' }], warning_data: [{ warning_code: 'QC03', count: 3 }] },
      kyc_conclusion: { ocr_retry: 4, face_retry: 3 },
    });

    expect(result.ocr.warnings).toMatchObject([{ code: 'QC03', count: 3 }]);
    expect(result.vendorConclusion).toMatchObject({ ocrRetry: 4, faceRetry: 3 });
  });
});
