import { describe, expect, it } from '@jest/globals';
import { SimulationTally, type Verdict } from './simulation-tally.ts';

const verdict = (decision: Verdict['decision'], ...rules: string[]): Verdict => ({ decision, rules });
const near = { ruleCode: 'A', fact: 'faceMatch.similarity', observed: 81, bound: 80, distance: 1 };

describe(SimulationTally.name, () => {
  it('counts every session by its decisions and rules, and names those that change', () => {
    const tally = new SimulationTally(10);
    tally.add('a', verdict('APPROVE'), verdict('REJECT', 'X'), () => near);
    tally.add('b', verdict('REJECT', 'X', 'Y'), verdict('REJECT', 'X'), () => near);
    tally.add('c', verdict('NEED_REVIEW', 'Y'), verdict('APPROVE'), () => null);
    expect({ ...tally.matrix, examined: tally.examined, changed: tally.changedCount }).toEqual({
      APPROVE: { APPROVE: 0, NEED_REVIEW: 0, REJECT: 1 },
      NEED_REVIEW: { APPROVE: 1, NEED_REVIEW: 0, REJECT: 0 },
      REJECT: { APPROVE: 0, NEED_REVIEW: 0, REJECT: 1 },
      examined: 3,
      changed: 2,
    });
    expect(tally.ruleCounts).toEqual([
      { code: 'X', before: 1, after: 2 },
      { code: 'Y', before: 2, after: 0 },
    ]);
    expect(tally.changed).toEqual([
      { uuid: 'a', before: 'APPROVE', after: 'REJECT', rules: ['X'], nearest: near },
      { uuid: 'c', before: 'NEED_REVIEW', after: 'APPROVE', rules: [], nearest: null },
    ]);
  });

  it('lists no more than asked for, but counts and returns all that change', () => {
    const tally = new SimulationTally(2);
    const uuids = ['s0', 's1', 's2', 's3', 's4'];
    const returned = uuids.map((uuid) =>
      tally.add(uuid, verdict('APPROVE'), verdict('NEED_REVIEW'), () => null),
    );
    expect(tally.changed.map(({ uuid }) => uuid)).toEqual(['s0', 's1']);
    expect(tally.changedCount).toBe(5);
    expect(returned.map((session) => session?.uuid)).toEqual(uuids);
    expect(tally.add('same', verdict('REJECT'), verdict('REJECT', 'X'), () => near)).toBeNull();
  });
});
