import { createHash } from 'node:crypto';

/** More than anybody looks at again; it keeps a sample readable at once. */
export const MAX_SAMPLE = 1_000;

/** `data` of `review.sample_seeded`: all that the draw depends on. */
export interface SampleData {
  /** 64 hex digits from the operating system's source of randomness, chosen after the frame. */
  readonly seed: string;
  /** The stretch of time that was asked for, RFC 3339; `to` is excluded. */
  readonly from: string;
  readonly to: string;
  /** Log indexes of the first and the last `review.decided` in it; between them, all belong to the frame. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** How many there are. */
  readonly count: number;
  /** How many are drawn. */
  readonly size: number;
}

/**
 * Draws from a frame. The same seed and frame give the same sample for ever, so whoever has the log can draw it
 * again: order the entries by the SHA-256 of `<seed>:<index>` in hex, take the first ones.
 * @param indexes log indexes of the frame
 * @returns the indexes that were drawn, in the order of the log
 */
export function drawSample(seed: string, indexes: readonly number[], size: number): number[] {
  return indexes
    .map((index) => ({ index, rank: createHash('sha256').update(`${seed}:${index}`).digest('hex') }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size)
    .map(({ index }) => index)
    .toSorted((a, b) => a - b);
}
