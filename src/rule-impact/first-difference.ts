/** Where two JSON values differ first, and what stands there. */
export interface Difference {
  /** Such as `ruleTable.0.rules.1.observed`; '' for the whole. */
  readonly path: string;
  /** undefined where there is nothing. */
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/**
 * The first difference in the order of the member names; null if the values have the same canonical JSON, so that
 * their bytes are equal.
 */
export function firstDifference(recorded: unknown, replayed: unknown, path = ''): Difference | null {
  if (
    !isComposite(recorded) ||
    !isComposite(replayed) ||
    Array.isArray(recorded) !== Array.isArray(replayed)
  ) {
    return Object.is(recorded, replayed) ? null : { path, recorded, replayed };
  }
  const names = new Set([...Object.keys(recorded), ...Object.keys(replayed)]);
  for (const name of [...names].toSorted()) {
    const below = path === '' ? name : `${path}.${name}`;
    const difference = firstDifference(recorded[name], replayed[name], below);
    if (difference !== null) return difference;
  }
  return null;
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
