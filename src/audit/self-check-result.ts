/** What the thread is given. */
export interface SelfCheckTask {
  /** Names the database in its path. */
  readonly uri: string;
  readonly vkeys: readonly string[];
  /** What the last check found, so that a log that was rewritten and signed again is noticed. */
  readonly trusted: {
    readonly origin: string;
    readonly vkey: string;
    readonly size: number;
    readonly root: string;
  } | null;
}

/** What the thread found. */
export type SelfCheckFinding =
  | { readonly outcome: 'VERIFIED'; readonly size: number; readonly root: string }
  | {
      readonly outcome: 'DIVERGED';
      /** Name of the case as in `npm run verify -- --help`. */
      readonly case: string;
      readonly index: number | null;
      readonly expected: string;
      readonly found: string;
    };

/** The last verification. */
export type SelfCheckResult = SelfCheckFinding & { readonly at: Date; readonly seconds: number };
