/**
 * Everything that a verification can end with, and the exit code that says so to a script. Codes are part
 * of the command's contract: a new case takes a new number, an old number never changes its meaning.
 */
export const CASES = {
  VERIFIED: { exitCode: 0, meaning: 'nothing was changed' },
  FAILED: { exitCode: 1, meaning: 'the verifier itself failed; this says nothing about the log' },
  USAGE: { exitCode: 2, meaning: 'wrong arguments' },
  UNREADABLE: {
    exitCode: 3,
    meaning: 'a file, database or server could not be read; says nothing about the log',
  },

  ENTRY_MALFORMED: { exitCode: 10, meaning: 'an entry is not the canonical JSON of an entry, or too long' },
  INDEX_GAP: { exitCode: 11, meaning: 'an index is missing: an entry was deleted' },
  INDEX_DISORDER: { exitCode: 12, meaning: 'an index comes twice, out of order or is no whole number' },
  FIELD_DIFFERS: {
    exitCode: 13,
    meaning: 'a field stored beside an entry or a checkpoint says something else',
  },
  TIME_DISORDER: {
    exitCode: 14,
    meaning: 'an entry is older than the one before, or newer than its witness',
  },
  ENTRY_CHANGED: { exitCode: 15, meaning: 'an entry is not the one that was hashed into its tile' },
  ROOT_DIFFERS: { exitCode: 16, meaning: 'the entries up to a checkpoint do not have its signed root' },
  TILE_DIFFERS: {
    exitCode: 17,
    meaning: 'a tile is missing or wrong, though the entries have the signed root',
  },
  LOG_TOO_SHORT: { exitCode: 18, meaning: 'there are fewer entries than the signed checkpoint covers' },

  CHECKPOINT_MALFORMED: {
    exitCode: 20,
    meaning: 'a checkpoint is not a signed note with a checkpoint in it',
  },
  CHECKPOINT_UNSIGNED: { exitCode: 21, meaning: 'a checkpoint has no signature of a pinned key' },
  CHECKPOINT_FORGED: { exitCode: 22, meaning: 'a signature under a pinned key does not verify' },
  FOREIGN_ORIGIN: { exitCode: 23, meaning: 'a checkpoint belongs to another log' },
  NO_CHECKPOINT: { exitCode: 24, meaning: 'there is no checkpoint, so nothing of the log is signed' },
  CHECKPOINTS_DISORDERED: {
    exitCode: 25,
    meaning: 'a checkpoint is missing, or covers fewer entries than an earlier one',
  },

  ROLLED_BACK: { exitCode: 30, meaning: 'the newest checkpoint is older than the one trusted before' },
  HISTORY_REWRITTEN: {
    exitCode: 31,
    meaning: 'the log is validly signed but does not extend the trusted one',
  },
  FORKED: { exitCode: 32, meaning: 'two signed checkpoints of one size have different roots' },
  TRUSTED_STATE_UNUSABLE: {
    exitCode: 33,
    meaning: 'the trusted state is malformed or of another log',
  },

  TOO_FEW_WITNESSES: { exitCode: 40, meaning: 'fewer witnesses cosigned than were asked for' },
  STALE_VIEW: { exitCode: 41, meaning: 'the newest cosignature is older than was allowed' },

  RECEIPT_MALFORMED: { exitCode: 50, meaning: 'the receipt is not a tlog-proof' },
  NOT_INCLUDED: { exitCode: 51, meaning: 'the receipt does not prove this entry' },
} as const satisfies Record<string, { readonly exitCode: number; readonly meaning: string }>;

export type Case = keyof typeof CASES;

/** Where a log stops being what was signed, and how. */
export interface Finding {
  /** First entry concerned; absent where the finding is not about entries. */
  readonly index?: number;
  /** Last entry concerned, where the place is only known as a range. */
  readonly through?: number;
  readonly expected: string;
  readonly found: string;
  /** Signed notes that contradict each other, verbatim: proof for anyone who has the key. */
  readonly evidence?: readonly Buffer[];
}

/** Ends a verification with a case and what was found. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
  readonly case: Case;
  readonly finding: Finding;

  constructor(kind: Case, finding: Finding) {
    super(`${kind}: expected ${finding.expected}, found ${finding.found}`);
    this.case = kind;
    this.finding = finding;
  }
}

/** At most this many characters of untrusted text are repeated in a finding. */
const LONGEST_QUOTE = 60;

/** Untrusted text for a finding: short, and without characters that could steer a terminal. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const cut = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(cut).replaceAll(/[\u007f-\u009f]/g, '?');
}
