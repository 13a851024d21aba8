import type { NumberScale } from './fact.ts';

/** The vendor's three scales are kept apart: a probability never passes for a percentage. */
export const PERCENT: NumberScale = { min: 0, max: 100, unit: 'percent' };
export const PROBABILITY: NumberScale = { min: 0, max: 1, unit: 'probability' };
export const UNDOCUMENTED: NumberScale = { min: -100_000, max: 100_000, unit: 'undocumented' };
export const COUNT: NumberScale = { min: 0, max: 100_000, unit: 'times' };
export const AGE: NumberScale = { min: 0, max: 150, unit: 'years' };
export const DAYS: NumberScale = { min: -100_000, max: 10_000_000, unit: 'days' };
