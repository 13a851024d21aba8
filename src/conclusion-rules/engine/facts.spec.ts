import { describe, expect, it } from '@jest/globals';

import type { ConclusionInput } from './fact.ts';
import { FACTS } from './facts.ts';
import {
  aCallback,
  aPull,
  aWarning,
  CHIP_BACK,
  CHIP_FRONT,
  PASSPORT,
} from './testing/conclusion-input.factory.ts';

const read = (name: string, input: ConclusionInput) => FACTS.get(name)!.read(input);

describe('catalogue of facts', () => {
  it('describes each fact, with the codes or the scale that rules may compare with', () => {
    expect(FACTS.size).toBeGreaterThan(70);
    for (const [name, fact] of FACTS) {
      expect(fact.name).toBe(name);
      expect(fact.description).not.toBe('');
      expect(fact.source).not.toBe('');
      expect(fact.scale !== null).toBe(fact.type === 'number');
      if (fact.type === 'codes') expect(fact.vocabulary).not.toBeNull();
    }
  });

  it('reads no personal data into a value that may be shown', () => {
    const shown = [...FACTS.values()]
      .filter((fact) => !fact.personal)
      .map((fact) => fact.read(aPull({ front: CHIP_FRONT, back: CHIP_BACK })));
    const texts = JSON.stringify(shown);
    for (const personal of ['036190000001', 'NGUY', '1990', '2030', '2018', '34', 'NAM', 'url-']) {
      // 34 is the age of the invented person; scores of the factory hold it only as 0.3435.
      expect(texts.replace('0.3435', '')).not.toContain(personal);
    }
  });

  describe('values with a scale', () => {
    it.each([
      [0, 0],
      [100, 100],
      [100.01, null],
      [-0.01, null],
      [NaN, null],
      [Infinity, null],
    ])('reads a similarity of %d as %p', (similarity, value) => {
      expect(read('faceMatch.similarity', aCallback({ faceMatch: { similarity } }))).toBe(value);
    });

    it('does not take a percentage for a probability', () => {
      expect(
        read('liveness.spoofProbability', aCallback({ liveness: { spoofProbability: 34.35 } })),
      ).toBeNull();
    });
  });

  describe('codes', () => {
    it('reads a code only in the section that knows it, because numbers are per section', () => {
      expect(read('faceMatch.code', aCallback({ faceMatch: { code: '407' } }))).toBe('407');
      expect(read('faceMatch.code', aCallback({ faceMatch: { code: '400' } }))).toBeNull();
      expect(read('ocr.code', aCallback({ ocrCode: '400' }))).toBe('400');
      expect(read('ocr.code', aCallback({ ocrCode: '303' }))).toBeNull();
      expect(read('result.code', aCallback({ code: '999' }))).toBeNull();
    });

    it('reads a decision in words only if it looks like one', () => {
      const message = (decisionMessage: string) => aPull({ vendorConclusion: { decisionMessage } });
      expect(read('vendor.decisionMessage', message('SOMETHING_NEW'))).toBe('SOMETHING_NEW');
      expect(read('vendor.decisionMessage', message('Nguyễn Thị Đào'))).toBeNull();
      expect(read('vendor.decisionMessage', message('036190000001'))).toBeNull();
    });
  });

  describe('dates', () => {
    it.each([
      ['01/03/2025', 0],
      ['28/02/2025', -1],
      ['02/03/2025', 1],
      ['dd/mm/yyyy', null],
      ['29/02/2025', null],
      [null, null],
    ])('counts the days until %p as %p', (doe, days) => {
      expect(read('document.front.daysUntilExpiry', aCallback({ front: { fields: { doe } } }))).toBe(days);
    });

    it.each(['KHÔNG THỜI HẠN', 'Không thời hạn', 'KHONG THOI HAN', 'KHÔNG THỜI HẠN'.normalize('NFD')])(
      'takes %p for a card that never expires',
      (doe) => {
        const days = read('document.front.daysUntilExpiry', aCallback({ front: { fields: { doe } } }));
        expect(days).toBeGreaterThan(2_900_000);
      },
    );

    it('counts age and days since issue on the day of the check in Vietnam', () => {
      const input = aCallback({ front: { fields: { dob: '02/03/1990' } } });
      expect(read('holder.ageYears', { ...input, checkedAt: '2025-03-01T16:59:59Z' })).toBe(34);
      expect(read('holder.ageYears', { ...input, checkedAt: '2025-03-01T17:00:00Z' })).toBe(35);
      expect(
        read('document.daysSinceIssue', aCallback({ back: { fields: { issue_date: '27/02/2025' } } })),
      ).toBe(2);
    });

    it('knows no age of somebody who is not born yet, nor without a moment', () => {
      expect(read('holder.ageYears', aCallback({ front: { fields: { dob: '02/03/2025' } } }))).toBeNull();
      expect(read('holder.ageYears', { ...aCallback(), checkedAt: 'today' })).toBeNull();
    });
  });

  describe('agreement of front and back', () => {
    const chip = (mrzDetails: Record<string, string | null> | null) =>
      aCallback({ front: CHIP_FRONT, back: { ...CHIP_BACK, mrzDetails } });

    it('compares the number by its digits and the name by its letters', () => {
      const input = chip({ id: '036190000001<<', name: 'NGUYEN<<THI<DAO<<<' });
      expect(read('document.idAgrees', input)).toBe(true);
      expect(read('document.nameAgrees', input)).toBe(true);
    });

    it('sees another number and another name', () => {
      const input = chip({ id: '036190000002', name: 'NGUYEN THI DAU' });
      expect(read('document.idAgrees', input)).toBe(false);
      expect(read('document.nameAgrees', input)).toBe(false);
    });

    it.each([[null], [{}], [{ id: null, name: null }], [{ id: '<<<', name: '<<<' }]])(
      'can not tell from %p',
      (mrzDetails) => {
        expect(read('document.idAgrees', chip(mrzDetails))).toBeNull();
        expect(read('document.nameAgrees', chip(mrzDetails))).toBeNull();
      },
    );
  });

  describe('warnings', () => {
    const fired = (input: ConclusionInput) => read('warnings.fired', input);
    const table = (...warnings: ReturnType<typeof aWarning>[]) => [
      { groupCode: 'FC', groupName: null, riskLevel: 1, rules: warnings },
    ];

    it('gathers those of both lists, each once', () => {
      const input = aPull({
        warnings: [aWarning('E30'), aWarning('FC03')],
        vendorConclusion: { ruleTable: table(aWarning('FC03'), aWarning('QC01')) },
      });
      expect(fired(input)).toEqual({ codes: ['E30', 'FC03', 'QC01'], complete: true });
    });

    it.each([
      [1, ['FC03']],
      [null, ['FC03']],
      [2, ['FC03']],
      [0, []],
    ])('takes prediction_result %p for %p', (predictionResult, codes) => {
      expect(fired(aPull({ warnings: [aWarning('FC03', { predictionResult })] }))).toEqual({
        codes,
        complete: true,
      });
    });

    it('is not complete while a list is missing, and unknown while nothing is there', () => {
      expect(fired(aPull({ warnings: [aWarning('E30')], vendorConclusion: null }))).toEqual({
        codes: ['E30'],
        complete: false,
      });
      expect(fired(aPull({ vendorConclusion: { ruleTable: null } }))).toBeNull();
      expect(fired(aCallback())).toBeNull();
    });

    it.each(['QC05', 'E26', 'E101', null])('can be any warning where the code is %p', (code) => {
      const input = aPull({ warnings: [aWarning(code), aWarning('E30')] });
      expect(fired(input)).toEqual({ codes: ['E30'], complete: false });
      expect(read('warnings.unknownCount', input)).toBe(1);
    });

    it('does not count an unknown warning that did not fire', () => {
      expect(
        read('warnings.unknownCount', aPull({ warnings: [aWarning('QC05', { predictionResult: 0 })] })),
      ).toBe(0);
    });
  });

  describe('the result as a whole', () => {
    it.each<[string, ConclusionInput]>([
      ['an unreadable field', aPull({ unreadable: ['face_match.similarity'] })],
      ['an unknown overall code', aPull({ code: '999' })],
      ['an unknown OCR code', aPull({ ocrCode: '999' })],
      ['an unknown liveness code', aPull({ liveness: { code: '999' } })],
      ['an unknown face code', aPull({ faceMatch: { code: '999' } })],
      ['a similarity off its scale', aPull({ faceMatch: { similarity: 101 } })],
      ['a probability off its scale', aPull({ liveness: { deepfakeProbability: 50 } })],
      ['an overall score off its scale', aPull({ back: { overallScore: -1 } })],
      ['an unknown type of card', aPull({ front: { typeNew: 'cc_2024_front' } })],
      ['an unknown warning', aPull({ warnings: [aWarning('QC05')] })],
      ['a warning without code', aPull({ warnings: [aWarning(null)] })],
      [
        'a warning that does not say whether it fired',
        aPull({ warnings: [aWarning('QC01', { predictionResult: null })] }),
      ],
      ['a decision in free text', aPull({ vendorConclusion: { decisionMessage: 'approved, mostly' } })],
    ])('is not understood with %s', (_what, input) => {
      expect(read('result.understood', input)).toBeNull();
    });

    it.each<[string, ConclusionInput]>([
      ['a callback without warnings', aCallback()],
      ['a pulled result with known warnings', aPull({ warnings: [aWarning('E30')] })],
      ['a passport', aCallback({ front: PASSPORT, back: null })],
      [
        'values that are missing',
        aCallback({ faceMatch: { code: null, similarity: null }, front: { typeNew: null } }),
      ],
    ])('is understood with %s', (_what, input) => {
      expect(read('result.understood', input)).toBe(true);
    });

    it('is complete with all lists of warnings, or as a callback, which never has them', () => {
      expect(read('result.complete', aPull())).toBe(true);
      expect(read('result.complete', aCallback())).toBe(true);
      expect(read('result.complete', aPull({ warnings: null }))).toBeNull();
      expect(read('result.complete', aPull({ vendorConclusion: null }))).toBeNull();
      expect(read('result.complete', aPull({ vendorConclusion: { ruleTable: null } }))).toBeNull();
    });

    it('counts the unreadable fields', () => {
      expect(read('result.unreadableCount', aCallback())).toBe(0);
      expect(read('result.unreadableCount', aCallback({ unreadable: ['code', 'ocr.data.0.id'] }))).toBe(2);
    });
  });

  it('reads a number as present but never shows that it is missing', () => {
    expect(read('document.front.passportNumber', aCallback({ front: PASSPORT, back: null }))).toBe(true);
    expect(read('document.front.passportNumber', aCallback())).toBeNull();
    expect(read('document.back.issueDate', aCallback())).toBe(true);
    expect(read('document.front.idProbability', aCallback())).toBe(98.5);
  });
});
