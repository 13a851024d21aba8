import { describe, expect, it } from '@jest/globals';
import { compileRuleSet } from './compile.ts';
import { nearestThreshold } from './nearest-threshold.ts';
import type { Rule } from './rule-set.ts';
import { aPull } from './testing/conclusion-input.factory.ts';
import { aRequirement, aRule, aRuleSet, LEAST_REQUIREMENTS } from './testing/rule-set.factory.ts';

const alike = aRule('ALIKE', { when: { fact: 'faceMatch.similarity', op: 'lessThan', value: 90 } });
const spoof = aRule('SPOOF', { when: { fact: 'liveness.spoofProbability', op: 'atLeast', value: 0.5 } });

const nearestOf = (rules: readonly Rule[], similarity: number | null, spoofProbability: number | null) =>
  nearestThreshold(
    compileRuleSet(aRuleSet(rules)),
    aPull({ faceMatch: { similarity }, liveness: { spoofProbability } }),
  );

describe(nearestThreshold.name, () => {
  it('is the bound next to a score, whatever the scale of the score', () => {
    expect(nearestOf([alike, spoof], 90.7, 0.3)).toEqual({
      ruleCode: 'ALIKE',
      fact: 'faceMatch.similarity',
      observed: 90.7,
      bound: 90,
      distance: 0.7,
    });
    expect(nearestOf([alike, spoof], 70, 0.49)).toMatchObject({ ruleCode: 'SPOOF', distance: 0.01 });
  });

  it('is 0 on the bound, and counts requirements too', () => {
    expect(nearestOf([spoof], 80, 0.3)).toMatchObject({ ruleCode: 'NEEDS_FACE', distance: 0 });
  });

  it('is none where the scores are missing', () => {
    expect(nearestOf([alike, spoof], null, null)).toBeNull();
  });

  it('is never that of an age or of days, which would give away personal data', () => {
    const age = aRequirement('AGE', { fact: 'holder.ageYears', op: 'atLeast', value: 18 });
    const [, live, ocr, understood] = LEAST_REQUIREMENTS;
    const match = aRequirement('MATCH', { fact: 'faceMatch.isMatch', op: 'equals', value: true });
    const ruleSet = aRuleSet([aRule('A')], { approveRequires: [match, live!, ocr!, understood!, age] });
    expect(nearestThreshold(compileRuleSet(ruleSet), aPull())).toBeNull();
  });

  it('is not that of a rule that is out of force', () => {
    expect(nearestOf([{ ...spoof, effectiveFrom: '2099-01-01' }], 70, 0.5)).toMatchObject({
      ruleCode: 'NEEDS_FACE',
    });
  });
});
