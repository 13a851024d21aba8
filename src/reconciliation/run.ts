import type { Actor } from '../access/actor.ts';

export const RUN_STATUSES = ['REQUESTED', 'RUNNING', 'DONE', 'FAILED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What a run has done. */
export interface RunCounts {
  /** Sessions and deliveries that were looked at. */
  readonly examined: number;
  /** Exceptions raised. */
  readonly raised: number;
  /** Exceptions resolved because their cause was gone. */
  readonly resolved: number;
}

/** One run of the reconciliation. */
export interface Run extends RunCounts {
  readonly id: string;
  /** Who asked for it; null for the schedule. */
  readonly requestedBy: Actor | null;
  readonly status: RunStatus;
  /** When it was asked for or began by itself. */
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}
