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

/** A question about a subject. */
export type Test<Subject> = (subject: Subject) => Ternary;

/** Asks until one answers FALSE. TRUE for no tests at all. */
export function all<Subject>(tests: readonly Test<Subject>[], subject: Subject): Ternary {
  let least: Ternary = TRUE;
  for (const test of tests) {
    const answer = test(subject);
    if (answer === FALSE) return FALSE;
    if (answer < least) least = answer;
  }
  return least;
}

/** Asks until one answers TRUE. FALSE for no tests at all. */
export function any<Subject>(tests: readonly Test<Subject>[], subject: Subject): Ternary {
  let greatest: Ternary = FALSE;
  for (const test of tests) {
    const answer = test(subject);
    if (answer === TRUE) return TRUE;
    if (answer > greatest) greatest = answer;
  }
  return greatest;
}

export function not(term: Ternary): Ternary {
  if (term === UNKNOWN) return UNKNOWN;
  return term === TRUE ? FALSE : TRUE;
}

export function fromBoolean(value: boolean): Ternary {
  return value ? TRUE : FALSE;
}
