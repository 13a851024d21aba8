export class DivergenceResponse {
  /**
   * Name of the case, as in the verifier's help.
   * @example 'ENTRY_CHANGED'
   */
  case!: string;

  /**
   * First entry concerned; null where it is not about entries.
   * @example 4711
   */
  index!: number | null;

  /**
   * What was expected there.
   * @example 'hash c7261463…'
   */
  expected!: string;

  /**
   * What was found instead.
   * @example 'hash 2927ce42…'
   */
  found!: string;
}

export class VerificationResponse {
  /** What the last self-check says of the log. */
  outcome!: 'VERIFIED' | 'DIVERGED' | 'NONE_YET';

  /**
   * Name of the log.
   * @example 'audit.bank.example/ekyc'
   */
  origin!: string;

  /**
   * Public keys of the log, the current one first. An auditor compares them with those handed over elsewhere.
   * @example ['audit.bank.example/ekyc+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea']
   */
  keys!: string[];

  /**
   * When it ended, RFC 3339 UTC; null before the first.
   * @example '2026-01-31T08:15:30.123Z'
   */
  at!: string | null;

  /**
   * How long it took.
   * @example 9.7
   */
  seconds!: number | null;

  /**
   * How many signed entries were verified; null unless verified.
   * @example 1000000
   */
  size!: number | null;

  /**
   * Root of the tree over them, base64; null unless verified.
   * @example 'FaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48='
   */
  root!: string | null;

  /** The first thing that is not as it was signed; null unless diverged. */
  divergence!: DivergenceResponse | null;
}
