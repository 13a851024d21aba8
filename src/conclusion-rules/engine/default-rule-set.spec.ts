import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { normaliseResult } from '../../results/normalise-result.ts';
import { codesOf } from '../warning-codes.ts';
import { compileRuleSet } from './compile.ts';
import { evaluate } from './evaluate.ts';
import type { ConclusionInput } from './fact.ts';
import { aCallback, aPull, aWarning } from './testing/conclusion-input.factory.ts';
import {
  DATA,
  DOCUMENTS,
  FACE,
  GOOD,
  LIVENESS,
  STATUS,
  VENDOR,
  WARNINGS,
  type Case,
} from './testing/realistic-cases.ts';
import { validateRuleSet } from './validate-rule-set.ts';

const DOCUMENT: unknown = JSON.parse(readFileSync('config/rule-sets/default.json', 'utf8'));

function ruleSet() {
  const validation = validateRuleSet(DOCUMENT);
  if (!validation.ok) throw new Error(JSON.stringify(validation.errors, null, 2));
  return validation.ruleSet;
}

const COMPILED = compileRuleSet(ruleSet());

function conclude(input: ConclusionInput) {
  const { decision, riskLevel, ruleTable } = evaluate(COMPILED, input);
  const because = ruleTable.flatMap(({ rules }) =>
    rules.map(({ code, outcome }) => (outcome === 'MET' ? code : `${code}?`)),
  );
  return { decision, riskLevel, because: because.sort() };
}

describe('the default rule set', () => {
  it('is valid', () => {
    expect(validateRuleSet(DOCUMENT)).toEqual({ ok: true, ruleSet: DOCUMENT });
  });

  it('has a rule of its own for each warning, but for the one that says that all is well', () => {
    const codes = new Set(ruleSet().rules.map(({ code }) => code));
    const without = codesOf('QUALITY', 'FRAUD', 'POST_CHECK').filter((code) => !codes.has(code));
    expect(without).toEqual(['E00']);
    expect(Object.keys(WARNINGS).sort()).toEqual([...codesOf('QUALITY', 'FRAUD', 'POST_CHECK')].sort());
  });

  it('uses each of its parameters', () => {
    const text = JSON.stringify(DOCUMENT);
    for (const name of Object.keys(ruleSet().parameters)) expect(text).toContain(`"param":"${name}"`);
  });

  describe.each<[string, readonly Case[]]>([
    ['good sessions', GOOD],
    ['the face', FACE],
    ['liveness', LIVENESS],
    ['status codes', STATUS],
    ['documents', DOCUMENTS],
    ['the data received', DATA],
    ['the vendor’s own conclusion', VENDOR],
  ])('%s', (_topic, cases) => {
    it.each(cases)('%s', (_why, input, decision, ...because) => {
      expect(conclude(input)).toMatchObject({ decision, because });
    });
  });

  describe('warnings', () => {
    const inRuleTable = (code: string) => [
      { groupCode: code.slice(0, 2), groupName: null, riskLevel: 1, rules: [aWarning(code)] },
    ];

    it.each(Object.entries(WARNINGS))('%s, in either list, leads to %s', (code, decision) => {
      const because = code === 'E00' ? [] : [code];
      expect(conclude(aPull({ warnings: [aWarning(code)] }))).toMatchObject({ decision, because });
      expect(conclude(aPull({ vendorConclusion: { ruleTable: inRuleTable(code) } }))).toMatchObject({
        decision,
        because,
      });
    });
  });

  describe('the vendor’s samples', () => {
    const sample = (name: string) =>
      normaliseResult(
        'your-uuid',
        JSON.parse(readFileSync(`test/fixtures/vendor/${name}.sample.json`, 'utf8')) as Parameters<
          typeof normaliseResult
        >[1],
      );
    const OTHER_FACE = [
      'FACE_NOT_MATCHING',
      'FACE_SIMILARITY_LOW',
      'FACE_STATUS_REJECTED',
      'RESULT_STATUS_REJECTED',
    ];
    /** The samples have dd/mm/yyyy for dates. */
    const NO_DATES = ['DOC_EXPIRED?', 'DOC_HOLDER_UNDER_AGE?'];

    it('the callback is rejected for another face', () => {
      const input: ConclusionInput = { ...aCallback(), result: sample('callback') };
      expect(conclude(input)).toEqual({
        decision: 'REJECT',
        riskLevel: 3,
        because: [...NO_DATES, ...OTHER_FACE].sort(),
      });
    });

    it('the pulled result is rejected for that and for its warnings', () => {
      const input: ConclusionInput = { ...aPull({}, 'PULL_ONLY'), result: sample('get-result') };
      expect(conclude(input)).toEqual({
        decision: 'REJECT',
        riskLevel: 3,
        because: [...NO_DATES, ...OTHER_FACE, 'E30', 'FC03', 'QC01', 'VENDOR_NEED_REVIEW'].sort(),
      });
    });
  });
});
