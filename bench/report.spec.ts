import { describe, expect, it } from '@jest/globals';
import { median, quantile } from './report.ts';

describe('median', () => {
  it('is the one in the middle', () => {
    expect(median([30, 1, 2])).toBe(2);
  });

  it('lies between the two in the middle of an even number', () => {
    expect(median([4, 1, 2, 30])).toBe(3);
  });

  it('is no number where nothing was measured', () => {
    expect(median([])).toBeNaN();
  });
});

describe('quantile', () => {
  it('is a number that was measured and that the share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect([0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([50, 99, 100]);
  });
});
