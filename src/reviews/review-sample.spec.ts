import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawSample } from './review-sample.ts';

const SEED = '00'.repeat(32);

describe(drawSample.name, () => {
  it('draws what anybody draws with sha256sum', () => {
    // for i in 10 11 12 13 14 15; do echo "$(printf %s "$SEED:$i" | sha256sum) $i"; done | sort | head -2
    expect(drawSample(SEED, [10, 11, 12, 13, 14, 15], 2)).toEqual([13, 14]);
  });

  it('draws as many as were asked for, each once, out of the frame, whatever the order of the frame', () => {
    const frames = fc.uniqueArray(fc.nat(100_000), { maxLength: 200 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 250 }), fc.string(), (frame, size, seed) => {
        const drawn = drawSample(seed, frame, size);
        expect(drawn).toHaveLength(Math.min(size, frame.length));
        expect(new Set(drawn).size).toBe(drawn.length);
        expect(drawn.filter((index) => !frame.includes(index))).toEqual([]);
        expect(drawSample(seed, frame.toReversed(), size)).toEqual(drawn);
      }),
    );
  });

  it('draws each about as often as the others, over many seeds', () => {
    const frame = Array.from({ length: 10 }, (_, index) => index * 7);
    const times = new Map<number, number>();
    for (let n = 0; n < 2_000; n += 1) {
      for (const index of drawSample(`seed-${n}`, frame, 3)) times.set(index, (times.get(index) ?? 0) + 1);
    }
    for (const index of frame) expect(Math.abs(times.get(index)! - 600)).toBeLessThan(100);
  });
});
