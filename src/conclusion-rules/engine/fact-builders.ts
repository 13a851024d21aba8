import type { NormalisedResult } from '../../results/normalised-result.ts';
import type { ConclusionInput, Fact, NumberScale } from './fact.ts';

export type FactDetails = Pick<Fact, 'name' | 'source' | 'description'> &
  Partial<Pick<Fact, 'personal' | 'normallyAbsent' | 'shown'>>;

/** Finds the one place in a result that a fact reads. */
export type From<T> = (result: NormalisedResult) => T | null | undefined;

const DEFAULTS = { personal: false, normallyAbsent: null, scale: null, vocabulary: null };

export function numberFact(details: FactDetails, scale: NumberScale, from: From<number>): Fact {
  const sent = ({ result }: ConclusionInput) => from(result) ?? null;
  return {
    ...DEFAULTS,
    ...details,
    type: 'number',
    scale,
    sent,
    read: (input) => onScale(sent(input), scale),
  };
}

/** A number worked out from a text on the card and the day of the check. Always personal. */
export function dayFact(
  details: Omit<FactDetails, 'personal'>,
  scale: NumberScale,
  from: From<string>,
  compute: (text: string, checkedAt: string) => number | null,
): Fact {
  const sent = ({ result }: ConclusionInput) => from(result) ?? null;
  return {
    ...DEFAULTS,
    ...details,
    type: 'number',
    scale,
    personal: true,
    sent,
    read: (input) => {
      const text = sent(input);
      return text === null ? null : onScale(compute(text, input.checkedAt), scale);
    },
  };
}

/** NaN is on no scale. */
function onScale(value: number | null, { min, max }: NumberScale): number | null {
  return value !== null && value >= min && value <= max ? value : null;
}

export function booleanFact(details: FactDetails, from: From<boolean>): Fact {
  const read = ({ result }: ConclusionInput) => from(result) ?? null;
  return { ...DEFAULTS, ...details, type: 'boolean', sent: read, read };
}

/** What a code of an open vocabulary may look like; anything freer could carry personal data. */
export const OPEN_CODE = /^[A-Z][A-Z_]{0,39}$/;

/** @param vocabulary all codes that are understood; null where the vendor documents no list */
export function codeFact(
  details: FactDetails,
  vocabulary: readonly string[] | null,
  from: From<string>,
): Fact {
  const known = vocabulary === null ? null : new Set(vocabulary);
  const sent = ({ result }: ConclusionInput) => from(result) ?? null;
  return {
    ...DEFAULTS,
    ...details,
    type: 'code',
    vocabulary,
    sent,
    read: (input) => {
      const code = sent(input);
      if (code === null) return null;
      return (known === null ? OPEN_CODE.test(code) : known.has(code)) ? code : null;
    },
  };
}

/** TRUE or unknown, never FALSE: what isn't there can't be told from what wasn't read. */
export function presenceFact(details: FactDetails, from: From<unknown>): Fact {
  const sent = ({ result }: ConclusionInput) => from(result) ?? null;
  return {
    ...DEFAULTS,
    ...details,
    type: 'presence',
    sent,
    read: (input) => (sent(input) === null ? null : true),
  };
}
