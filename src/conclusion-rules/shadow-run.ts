import type { LogEntry } from '../audit/format/leaf.ts';
import type { Decision } from './engine/rule-set.ts';

/** A rule set's time as shadow. */
export interface ShadowRun {
  readonly version: string;
  /** RFC 3339. */
  readonly since: string;
  /** Index of the entry that started it; tells the runs of one rule set apart. */
  readonly index: number;
}

/** The shadow after one more `rule_set.shadow_started` or `rule_set.shadow_ended`: one at a time, the latest. */
export function shadowAfter(
  run: ShadowRun | null,
  { action, index, at, subject }: LogEntry,
): ShadowRun | null {
  if (action === 'rule_set.shadow_started') return { version: subject.id, since: at, index };
  return run?.version === subject.id ? null : run;
}

/** A conclusion on which the shadow disagrees. */
export interface ShadowDifference {
  readonly uuid: string;
  readonly active: Decision;
  readonly shadow: Decision;
}

/** What a shadow has concluded beside the active rule set. */
export interface ShadowCounts {
  /** By `active/shadow`, such as `APPROVE/REJECT`. */
  readonly decisions: Readonly<Record<string, number>>;
  /** Conclusions at which the shadow failed. */
  readonly failed: number;
  /** The latest differences. */
  readonly differing: readonly ShadowDifference[];
}

export const NO_SHADOW_COUNTS: ShadowCounts = { decisions: {}, failed: 0, differing: [] };

/** How many differences are kept. */
export const MAX_DIFFERING = 200;

/** The counts with one more conclusion. */
export function withConclusion(counts: ShadowCounts, concluded: ShadowDifference): ShadowCounts {
  const { active, shadow } = concluded;
  const cell = `${active}/${shadow}`;
  return {
    ...counts,
    decisions: { ...counts.decisions, [cell]: (counts.decisions[cell] ?? 0) + 1 },
    differing: active === shadow ? counts.differing : [...counts.differing, concluded].slice(-MAX_DIFFERING),
  };
}

/** Counts of two stretches of one run, the earlier first. */
export function sumOf(earlier: ShadowCounts, later: ShadowCounts): ShadowCounts {
  const cells = new Set([...Object.keys(earlier.decisions), ...Object.keys(later.decisions)]);
  const both = [...cells].map((cell) => [
    cell,
    (earlier.decisions[cell] ?? 0) + (later.decisions[cell] ?? 0),
  ]);
  return {
    decisions: Object.fromEntries(both) as Record<string, number>,
    failed: earlier.failed + later.failed,
    differing: [...earlier.differing, ...later.differing].slice(-MAX_DIFFERING),
  };
}
