import { createHash } from 'node:crypto';

/** A stream of choices that is the same for the same seed on every machine. */
export interface SeededRandom {
  /** 0 up to, not including, 1. */
  fraction(): number;
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  digits(count: number): string;
}

/** Mulberry32 started from a hash, so that similar seeds give unrelated streams. */
export function seededRandom(seed: string): SeededRandom {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    integer,
    pick: (items) => items[integer(0, items.length - 1)]!,
    digits: (count) => Array.from({ length: count }, () => integer(0, 9)).join(''),
  };
}
