/**
 * Kleene's strong three-valued logic. The order FALSE < UNKNOWN < TRUE makes it arithmetic: `all` is the
 * least, `any` the greatest, `not` the opposite.
 *
 * What the engine builds on: learning less never turns an answer around. If an input goes from known to
 * unknown, each of these stays what it was or becomes UNKNOWN.
 */
export const FALSE = -1;
export const UNKNOWN = 0;
export const TRUE = 1;
export type Ternary = typeof FALSE | typeof UNKNOWN | typeof TRUE;

/** TRUE for no terms at all. */
export function all(terms: readonly Ternary[]): Ternary {
  let least: Ternary = TRUE;
  for (const term of terms) if (term < least) least = term;
  return least;
}

/** FALSE for no terms at all. */
export function any(terms: readonly Ternary[]): Ternary {
  let greatest: Ternary = FALSE;
  for (const term of terms) if (term > greatest) greatest = term;
  return greatest;
}

export function not(term: Ternary): Ternary {
  if (term === UNKNOWN) return UNKNOWN;
  return term === TRUE ? FALSE : TRUE;
}

export function fromBoolean(value: boolean): Ternary {
  return value ? TRUE : FALSE;
}
