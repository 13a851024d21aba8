import { describe, expect, it } from '@jest/globals';
import { Progress } from './progress.ts';

function shown(isTerminal: boolean, readings: readonly (readonly [atMs: number, done: number])[]) {
  let text = '';
  let now = 0;
  const progress = new Progress({ isTerminal, write: (more) => void (text += more), now: () => now });
  for (const [atMs, done] of readings) {
    now = atMs;
    progress.update(done, 1_000);
  }
  progress.end();
  return text;
}

describe(Progress.name, () => {
  it('shows nothing of a short reading', () => {
    expect(shown(true, [[999, 500]])).toBe('');
    expect(shown(false, [[4_999, 500]])).toBe('');
  });

  it('draws a bar on a terminal, ten times a second, and takes it away at the end', () => {
    const text = shown(true, [
      [1_000, 100],
      [1_050, 150],
      [1_100, 200],
      [2_000, 1_200],
    ]);
    expect(text.split('\r').slice(1)).toEqual([
      '[###...........................] 10 %  100 of 1000 entries  100/s\u001b[K',
      '[######........................] 20 %  200 of 1000 entries  182/s\u001b[K',
      `[${'#'.repeat(30)}] 100 %  1200 of 1000 entries  600/s\u001b[K`,
      '\u001b[K',
    ]);
  });

  it('writes a plain line every five seconds into a file', () => {
    const text = shown(false, [
      [5_000, 100],
      [6_000, 200],
      [10_000, 400],
    ]);
    expect(text).toBe('10 %  100 of 1000 entries  20/s\n40 %  400 of 1000 entries  40/s\n');
  });
});
