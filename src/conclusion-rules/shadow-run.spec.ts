import { describe, expect, it } from '@jest/globals';
import type { LogEntry } from '../audit/format/leaf.ts';
import {
  MAX_DIFFERING,
  NO_SHADOW_COUNTS,
  shadowAfter,
  type ShadowRun,
  sumOf,
  withConclusion,
} from './shadow-run.ts';

const entry = (action: LogEntry['action'], version: string, index: number): LogEntry => ({
  index,
  id: `e${index}`,
  at: `2026-01-31T00:00:0${index}.000Z`,
  action,
  subject: { type: 'rule_set', id: version },
  actor: { type: 'client', id: 'desk' },
  data: {},
});

describe(shadowAfter.name, () => {
  it('is the one that was started last, until just that one is ended', () => {
    const steps: [LogEntry, string | null][] = [
      [entry('rule_set.shadow_started', 'a', 1), 'a'],
      [entry('rule_set.shadow_started', 'b', 2), 'b'],
      [entry('rule_set.shadow_ended', 'a', 3), 'b'],
      [entry('rule_set.shadow_ended', 'b', 4), null],
      [entry('rule_set.shadow_ended', 'b', 5), null],
    ];
    let run: ShadowRun | null = null;
    for (const [step, expected] of steps) {
      run = shadowAfter(run, step);
      expect(run?.version ?? null).toBe(expected);
    }
  });
});

describe(withConclusion.name, () => {
  it('counts all and keeps the latest differences', () => {
    let counts = NO_SHADOW_COUNTS;
    for (let n = 0; n < MAX_DIFFERING + 10; n += 1) {
      counts = withConclusion(counts, { uuid: `same-${n}`, active: 'APPROVE', shadow: 'APPROVE' });
      counts = withConclusion(counts, { uuid: `s${n}`, active: 'APPROVE', shadow: 'REJECT' });
    }
    expect(counts.decisions).toEqual({ 'APPROVE/APPROVE': 210, 'APPROVE/REJECT': 210 });
    expect(counts.differing).toHaveLength(MAX_DIFFERING);
    expect(counts.differing.at(-1)!.uuid).toBe('s209');
  });
});

describe(sumOf.name, () => {
  it('adds up what was counted before and after', () => {
    const [first, second] = (['APPROVE', 'REJECT'] as const).map((shadow) =>
      withConclusion(NO_SHADOW_COUNTS, { uuid: `to-${shadow}`, active: 'REJECT', shadow }),
    );
    expect(sumOf({ ...first!, failed: 1 }, sumOf(second!, first!))).toEqual({
      decisions: { 'REJECT/APPROVE': 2, 'REJECT/REJECT': 1 },
      failed: 1,
      differing: [first!.differing[0], first!.differing[0]],
    });
  });
});
