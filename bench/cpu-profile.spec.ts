import { describe, expect, it } from '@jest/globals';
import { summarise, type CpuProfile } from './cpu-profile.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

/** One sample a millisecond, from 1 ms on. */
function aProfile(...samples: number[]): CpuProfile {
  return {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('serialize', 'file:///app/node_modules/bson/lib/bson.cjs', 9) },
      { id: 3, callFrame: frame('decide', 'file:///app/dist/sessions/session.decider.js', 4) },
      { id: 4, callFrame: frame('encode', 'file:///app/node_modules/@scope/name/index.js') },
      { id: 5, callFrame: frame('serialize', 'file:///app/node_modules/bson/lib/bson.cjs', 9) },
      { id: 6, callFrame: frame('(garbage collector)') },
    ],
    samples,
    timeDeltas: samples.map(() => 1_000),
    startTime: 0,
  };
}

const ALL = [[0, 1e9]] as const;

describe('summarise', () => {
  it('tells the share of each function in the busy time, wherever it was called from', () => {
    const { busy, functions } = summarise(aProfile(1, 2, 5, 2, 3), ALL);
    expect(busy).toBe(0.8);
    expect(functions.slice(0, 2)).toEqual([
      { what: 'serialize node_modules/bson/lib/bson.cjs:10', share: 0.75 },
      { what: 'decide dist/sessions/session.decider.js:5', share: 0.25 },
    ]);
  });

  it('adds functions up by package, by folder of ours and by what the engine names', () => {
    const { packages } = summarise(aProfile(2, 5, 3, 4, 6), ALL);
    expect(packages).toEqual([
      { what: 'bson', share: 0.4 },
      { what: 'dist/sessions', share: 0.2 },
      { what: '@scope/name', share: 0.2 },
      { what: '(garbage collector)', share: 0.2 },
    ]);
  });

  it('counts nothing outside of the spans', () => {
    const { functions } = summarise(aProfile(2, 3, 3, 2), [
      [2_000, 3_000],
      [4_000, 5_000],
    ]);
    expect(functions.slice(0, 2).map(({ share }) => share)).toEqual([0.5, 0.5]);
  });
});
