import { describe, expect, it } from '@jest/globals';
import { fourEyesReasons } from './four-eyes.ts';

const everything = { overrideOfReject: true, riskLevelAtLeast: 3, conflict: true } as const;
const harmless = { decision: 'NEED_REVIEW', riskLevel: 1, grade: 'AGREED' } as const;

describe(fourEyesReasons.name, () => {
  it('demands nothing where the rule set demands nothing', () => {
    const worst = { decision: 'REJECT', riskLevel: 3, grade: 'CONFLICT' } as const;
    expect(fourEyesReasons(null, worst)).toEqual([]);
    expect(fourEyesReasons({}, worst)).toEqual([]);
    expect(fourEyesReasons({ overrideOfReject: false, conflict: false }, worst)).toEqual([]);
  });

  it.each([
    ['nothing of an ordinary review', {}, []],
    ['two people against a rejection by the rules', { decision: 'REJECT' }, ['OVERRIDE_OF_REJECT']],
    ['nothing just below the risk level', { riskLevel: 2 }, []],
    ['two people on the risk level', { riskLevel: 3 }, ['RISK_LEVEL']],
    ['two people for a contradiction', { grade: 'CONFLICT' }, ['CONFLICT']],
    [
      'two people, and says all the reasons',
      { decision: 'REJECT', riskLevel: 3, grade: 'CONFLICT' },
      ['OVERRIDE_OF_REJECT', 'RISK_LEVEL', 'CONFLICT'],
    ],
  ] as const)('demands %s', (_, conclusion, reasons) => {
    expect(fourEyesReasons(everything, { ...harmless, ...conclusion })).toEqual(reasons);
  });
});
