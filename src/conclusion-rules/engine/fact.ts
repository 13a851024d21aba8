import type { NormalisedResult } from '../../results/normalised-result.ts';

export const PROVENANCE_GRADES = ['CALLBACK_ONLY', 'PULL_ONLY', 'AGREED', 'CONFLICT'] as const;
export type ProvenanceGrade = (typeof PROVENANCE_GRADES)[number];

/** All that a conclusion may depend on. Nothing else is read: no clock, no configuration, no history. */
export interface ConclusionInput {
  /** The pulled result wherever there is one, else the callback's. */
  readonly result: NormalisedResult;
  readonly grade: ProvenanceGrade;
  /** When the vendor's result reached us, RFC 3339. Ages, expiry and effective dates count from here. */
  readonly checkedAt: string;
}

/**
 * A set of codes that may not be the whole set. A code that isn't in an incomplete set can't be told from one
 * that is missing.
 */
export interface CodeSet {
  readonly codes: readonly string[];
  readonly complete: boolean;
}

/** `presence` facts are TRUE or unknown: they tell that the vendor read something, not what. */
export type FactType = 'number' | 'boolean' | 'code' | 'codes' | 'presence';
export type FactValue = number | boolean | string | CodeSet;

export interface NumberScale {
  readonly min: number;
  readonly max: number;
  /** Such as "percent", "probability" or "days". */
  readonly unit: string;
}

/**
 * Something that rules can ask about. Every fact MUST be *loss-proof*: when values are taken out of a result,
 * the fact keeps its value or becomes null (a code set may also become an incomplete subset); it never takes
 * another value, as long as what is left is understood. So a fact reads one place, or answers null as soon as
 * one of its places is empty; it never falls back to a second place. The promise that an approval can't come
 * from absence rests on this.
 */
export interface Fact {
  readonly name: string;
  readonly type: FactType;
  readonly description: string;
  /** Dotted path of the vendor's value, or where the value comes from. */
  readonly source: string;
  /** The value is personal data or gives some away: it decides, but is never shown. */
  readonly personal: boolean;
  /** The codes that may be shown where the vocabulary is open: any other word could be a name. Left out shows all. */
  readonly shown?: readonly string[];
  /** Of numbers. A value outside is a misreading, hence no value. */
  readonly scale: NumberScale | null;
  /** Of codes: all that are understood. A code that isn't listed is no value. null: open. */
  readonly vocabulary: readonly string[] | null;
  /** Why the value is normally missing, where that is documented; only then may a rule ignore its absence. */
  readonly normallyAbsent: string | null;
  /** What was sent, before it's judged; null when nothing was. Tells *not sent* from *not understood*. */
  sent(input: ConclusionInput): unknown;
  /** null = no value: nothing was sent, or nothing that is understood. MUST NOT throw. */
  read(input: ConclusionInput): FactValue | null;
}

/** Reads a fact of one input. */
export type ReadFact = (fact: Fact) => FactValue | null;

/** The vendor sent something for this fact that the engine can't use. */
export function isMisunderstood(fact: Fact, input: ConclusionInput): boolean {
  return fact.sent(input) !== null && fact.read(input) === null;
}
