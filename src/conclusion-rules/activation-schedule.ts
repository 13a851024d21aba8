/** A rule set's turn to conclude. */
export interface Activation {
  readonly version: string;
  /** RFC 3339 UTC with milliseconds; "" for the built-in set, which was always there. */
  readonly from: string;
  /** Index of its entry in the log; -1 for the built-in set. */
  readonly index: number;
}

/**
 * Which rule set concludes when: the fold of every `rule_set.activated` in log order. There is one current and
 * at most one next, so there can't be two active at a time, whoever activates what at the same moment.
 */
export interface ActivationSchedule {
  readonly current: Activation;
  /** Takes over at its time; null if nothing is scheduled. */
  readonly next: Activation | null;
  /** Every version that has concluded and does no more, with what superseded it last. */
  readonly former: ReadonlyMap<string, Activation>;
}

export function initialSchedule(builtInVersion: string): ActivationSchedule {
  return { current: { version: builtInVersion, from: '', index: -1 }, next: null, former: new Map() };
}

/**
 * The schedule after one more activation. What was scheduled and hasn't begun is dropped: after an emergency
 * return nothing comes back by itself.
 * @param at time of the entry
 */
export function withActivation(
  schedule: ActivationSchedule,
  activation: Activation,
  at: string,
): ActivationSchedule {
  const now = scheduleAt(schedule, at);
  return activation.from <= at ? takenOver(now, activation) : { ...now, next: activation };
}

/** The schedule as it stands at a time, not before that of its newest entry. */
export function scheduleAt(schedule: ActivationSchedule, time: string): ActivationSchedule {
  const { next } = schedule;
  return next !== null && next.from <= time ? takenOver(schedule, next) : schedule;
}

function takenOver({ current, former }: ActivationSchedule, activation: Activation): ActivationSchedule {
  const retired = new Map(former).set(current.version, activation);
  retired.delete(activation.version);
  return { current: activation, next: null, former: retired };
}
