import { openSignedCheckpoint, type PinnedKey, type SignedCheckpoint } from './note.ts';
import type { SourceCheckpoint } from './source.ts';
import type { TrustedState } from './trusted-state.ts';
import { Divergence, quoted } from './verdict.ts';

/** Whom and what the person who verifies believes already. */
export interface Trust {
  /** The log's keys, from elsewhere than the log; two during a rotation. */
  readonly logKeys: readonly PinnedKey[];
  /** What was verified last time, or null on the first time. */
  readonly trusted: TrustedState | null;
  readonly witnesses: readonly PinnedKey[];
  /** How many of the witnesses must have cosigned the newest checkpoint. */
  readonly quorum: number;
  /** How old the newest cosignature may be, or null for any age. */
  readonly maxAgeSeconds: number | null;
  /** POSIX seconds. */
  readonly now: number;
}

/** A root that someone signed, or that was verified before. */
export interface SignedRoot {
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, where it was kept. */
  readonly note?: Buffer;
}

/** Clocks of log, witness and verifier may differ by this much. */
export const CLOCK_SKEW_SECONDS = 60;

/** @throws Divergence TRUSTED_STATE_UNUSABLE when the trusted state is of a log that no pinned key names */
export function checkTrustedOrigin({ trusted, logKeys }: Trust): void {
  if (trusted === null || logKeys.some(({ name }) => name === trusted.origin)) return;
  throw new Divergence('TRUSTED_STATE_UNUSABLE', {
    expected: `the state of ${logKeys.map(({ name }) => name).join(' or ')}`,
    found: `that of ${quoted(trusted.origin)}`,
  });
}

/**
 * Opens the newest checkpoint and holds it against what was known before any entry is read.
 *
 * @throws Divergence when it isn't signed, is older than the trusted one, contradicts it, or has too few or
 *   too old cosignatures
 */
export function openNewest(note: Buffer, trust: Trust): SignedCheckpoint {
  const { trusted } = trust;
  const newest = openSignedCheckpoint(note, trust.logKeys, trust.witnesses);
  if (trusted !== null && newest.size < trusted.size) {
    throw new Divergence('ROLLED_BACK', {
      index: newest.size,
      expected: `a checkpoint of at least ${trusted.size} entries`,
      found: `one of ${newest.size}`,
      evidence: notesOf(trusted, newest),
    });
  }
  checkFork(newest, trusted);
  checkWitnesses(newest, trust);
  return newest;
}

/** Two signed roots of one size must be the same. @throws Divergence FORKED */
export function checkFork(checkpoint: SignedRoot, known: SignedRoot | null): void {
  if (checkpoint.size !== known?.size || checkpoint.root.equals(known.root)) return;
  throw new Divergence('FORKED', {
    ...range(0, known.size),
    expected: `root ${known.root.toString('base64')} at size ${known.size}`,
    found: `root ${checkpoint.root.toString('base64')}, also signed`,
    evidence: notesOf(known, checkpoint),
  });
}

/** @throws Divergence TOO_FEW_WITNESSES or STALE_VIEW */
export function checkWitnesses(checkpoint: SignedCheckpoint, trust: Trust): void {
  const { quorum, maxAgeSeconds, now } = trust;
  const times = [...checkpoint.witnessedAt.values()].filter((time) => time <= now + CLOCK_SKEW_SECONDS);
  if (times.length < quorum) {
    throw new Divergence('TOO_FEW_WITNESSES', {
      expected: `cosignatures of ${quorum} witnesses`,
      found: `${times.length}`,
    });
  }
  const newest = Math.max(...times);
  if (maxAgeSeconds !== null && newest < now - maxAgeSeconds) {
    throw new Divergence('STALE_VIEW', {
      expected: `a cosignature of the last ${maxAgeSeconds} s`,
      found: times.length === 0 ? 'none' : `the newest ${now - newest} s old`,
    });
  }
}

/** Of two checkpoints the later one must not be smaller. @throws Divergence CHECKPOINTS_DISORDERED or FORKED */
export function checkOrder(earlier: SignedRoot | null, later: SignedRoot): void {
  if (earlier === null) return;
  if (earlier.size > later.size) {
    throw new Divergence('CHECKPOINTS_DISORDERED', {
      index: later.size,
      expected: `a checkpoint of at least ${earlier.size} entries`,
      found: `one of ${later.size} after it`,
      evidence: notesOf(earlier, later),
    });
  }
  checkFork(later, earlier);
}

/**
 * Compares what is stored beside a checkpoint with the checkpoint, and its number with its place.
 *
 * @throws Divergence CHECKPOINTS_DISORDERED or FIELD_DIFFERS
 */
export function checkStoredCheckpoint(
  checkpoint: SignedRoot,
  stored: NonNullable<SourceCheckpoint['stored']>,
  place: number,
): void {
  if (stored.number !== place) {
    throw new Divergence('CHECKPOINTS_DISORDERED', {
      index: checkpoint.size,
      expected: `checkpoint ${place}`,
      found: `checkpoint ${stored.number}`,
    });
  }
  if (stored.size !== checkpoint.size || !stored.root.equals(checkpoint.root)) {
    throw new Divergence('FIELD_DIFFERS', {
      expected: `size ${checkpoint.size}, root ${checkpoint.root.toString('base64')} beside checkpoint ${place}`,
      found: `size ${stored.size}, root ${stored.root.toString('base64')}`,
    });
  }
}

/** Signed notes that contradict each other, as far as they were kept. */
export function notesOf(...roots: readonly SignedRoot[]): Buffer[] {
  return roots.flatMap(({ note }) => note ?? []);
}

/** A range of entries, told as one index where it is one. */
export function range(start: number, end: number): { readonly index: number; readonly through?: number } {
  return end - start > 1 ? { index: start, through: end - 1 } : { index: start };
}
