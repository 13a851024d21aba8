import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';

import { compileRuleSet } from './compile.ts';
import { canonicalInputs, explain } from './explain.ts';
import type { ConclusionInput } from './fact.ts';
import { aCallback, aPull, aWarning } from './testing/conclusion-input.factory.ts';
import { DATA, DOCUMENTS, FACE, GOOD, VENDOR } from './testing/realistic-cases.ts';
import { aRule, aRuleSet } from './testing/rule-set.factory.ts';

const RULES = aRuleSet([
  aRule('SIMILARITY', {
    when: { fact: 'faceMatch.similarity', op: 'lessThan', value: 80 },
    outcome: 'REJECT',
  }),
  aRule('AGE', { when: { fact: 'holder.ageYears', op: 'lessThan', value: 18 } }),
  aRule('FORGED', {
    when: { fact: 'warnings.fired', op: 'containsAny', value: ['FC03'] },
    onUnknown: 'IGNORE',
    absenceReason: 'For a test.',
  }),
  aRule('FUTURE', { effectiveFrom: '2999-01-01' }),
]);
const trace = (input: ConclusionInput) =>
  Object.fromEntries(explain(compileRuleSet(RULES), input).map((entry) => [entry.code, entry]));

describe(explain.name, () => {
  it('lists every rule and requirement, met or not', () => {
    expect(Object.keys(trace(aCallback()))).toEqual([
      ...['SIMILARITY', 'AGE', 'FORGED', 'FUTURE'],
      ...['NEEDS_FACE', 'NEEDS_LIVE', 'NEEDS_OCR', 'NEEDS_UNDERSTOOD'],
    ]);
  });

  it('shows the value read and the bound of a rule that is not met', () => {
    expect(trace(aCallback())['SIMILARITY']).toEqual({
      code: 'SIMILARITY',
      groupCode: 'G',
      outcome: 'NOT_MET',
      effect: null,
      comparisons: [
        {
          fact: 'faceMatch.similarity',
          op: 'lessThan',
          bound: '80',
          observed: 95.2,
          answer: 'FALSE',
          whyUnknown: null,
        },
      ],
    });
  });

  it('says what a met rule asks for', () => {
    expect(trace(aCallback({ faceMatch: { similarity: 10 } }))['SIMILARITY']).toMatchObject({
      outcome: 'MET',
      effect: 'REJECT',
    });
  });

  it('says why it could not tell: nothing came, or nothing that is understood', () => {
    const similarity = (value: number | null) =>
      trace(aCallback({ faceMatch: { similarity: value } }))['SIMILARITY'];
    expect(similarity(null)).toMatchObject({
      outcome: 'CANNOT_TELL',
      effect: 'NEED_REVIEW',
      comparisons: [{ answer: 'UNKNOWN', whyUnknown: 'NO_VALUE' }],
    });
    expect(similarity(4909)).toMatchObject({ comparisons: [{ whyUnknown: 'NOT_UNDERSTOOD' }] });
  });

  it('says that the list of warnings is not complete', () => {
    const input = aPull({ warnings: [aWarning('QC01')], vendorConclusion: null });
    expect(trace(input)['FORGED']).toMatchObject({
      outcome: 'CANNOT_TELL',
      effect: null,
      comparisons: [{ whyUnknown: 'INCOMPLETE' }],
    });
  });

  it('names rules that are not in force on the day of the check', () => {
    expect(trace(aCallback({ liveness: { isLive: false } }))['FUTURE']).toMatchObject({
      outcome: 'NOT_IN_FORCE',
      effect: null,
    });
  });

  it('shows no personal data', () => {
    expect(trace(aCallback())['AGE']).toMatchObject({ comparisons: [{ observed: null, answer: 'FALSE' }] });
  });
});

describe(canonicalInputs.name, () => {
  it('is RFC 8785 canonical JSON', () => {
    for (const [, input] of [...GOOD, ...FACE, ...DOCUMENTS, ...DATA, ...VENDOR]) {
      const text = canonicalInputs(input);
      expect(text).toBe(canonicalize(JSON.parse(text)));
    }
  });

  it('is the same for the same input and differs when any fact does', () => {
    expect(canonicalInputs(aCallback())).toBe(canonicalInputs(aCallback()));
    const others = [
      aPull(),
      aCallback({ faceMatch: { similarity: 95.1 } }),
      aCallback({ front: { fields: { dob: '02/03/1991' } } }),
      { ...aCallback(), checkedAt: '2025-03-01T03:00:00.001Z' },
    ];
    for (const other of others) expect(canonicalInputs(other)).not.toBe(canonicalInputs(aCallback()));
  });

  it('has a text for values that JSON can not write', () => {
    expect(canonicalInputs(aCallback({ faceMatch: { similarity: NaN } }))).toContain(
      '"faceMatch.similarity":null',
    );
  });
});
