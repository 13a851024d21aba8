import type { LogEntry } from '../audit/format/leaf.ts';
import type { EvidencePolicy } from '../platform/config/app-config.ts';
import type { EvidenceKind } from '../results/normalised-result.ts';
import { nextPullAt } from '../retrieval/back-off.ts';

/** Media of a session that are in the vault. */
export interface ArchivedEvidence extends ArchivedData {
  readonly archivedAt: string;
  readonly entryIndex: number;
}

/** The media that a session should have, has, and was refused so far. */
export interface EvidenceState {
  /** Media that the latest pulled result gives addresses of; null before the first pull and after an erasure. */
  readonly wanted: {
    /** Version of the result. */
    readonly version: number;
    readonly kinds: readonly EvidenceKind[];
    /** When that result became the latest, RFC 3339. */
    readonly since: string;
  } | null;
  /** In the order in which they were archived. */
  readonly archived: readonly ArchivedEvidence[];
  /** Attempts for what is wanted that did not bring all of it; null before the first. */
  readonly attempts: {
    readonly count: number;
    readonly lastAt: string;
    /** What the latest attempt came to, for each kind that it did not bring. */
    readonly outcomes: FailedData['outcomes'];
  } | null;
}

/** `data` of `evidence.archived`. */
export interface ArchivedData {
  readonly kind: EvidenceKind;
  /** Version of the result that gave the address. */
  readonly version: number;
  /** Where the vault keeps the bytes. */
  readonly fileId: string;
  /** SHA-256 of the bytes as they came, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** By the content, whatever the vendor's server called it. */
  readonly mediaType: string;
}

/** `data` of `evidence.failed`. */
export interface FailedData {
  /** Version of the result that gave the addresses. */
  readonly version: number;
  /** What came of each kind that was not brought, in one word: GONE, TIMEOUT, … */
  readonly outcomes: Readonly<Partial<Record<EvidenceKind, string>>>;
}

export const NO_EVIDENCE: EvidenceState = { wanted: null, archived: [], attempts: null };

/** Entries that tell of media alone. They don't change what there is to see of a session, nor its version. */
export function isAboutEvidence({ action }: LogEntry): boolean {
  return action === 'evidence.archived' || action === 'evidence.failed';
}

/** The media after an entry about them. Pure. */
export function evolveEvidence(
  evidence: EvidenceState,
  { action, data, at, index }: LogEntry,
): EvidenceState {
  if (action === 'evidence.archived') {
    const archived = data as unknown as ArchivedData;
    return {
      ...evidence,
      archived: [...evidence.archived, { ...archived, archivedAt: at, entryIndex: index }],
    };
  }
  const { version, outcomes } = data as unknown as FailedData;
  if (evidence.wanted?.version !== version) return evidence;
  return { ...evidence, attempts: { count: (evidence.attempts?.count ?? 0) + 1, lastAt: at, outcomes } };
}

/** The media once a pulled result is the latest. Its media are wanted anew, whatever an earlier one gave. */
export function wantEvidence(
  evidence: EvidenceState,
  version: number,
  kinds: readonly EvidenceKind[],
  since: string,
): EvidenceState {
  if (evidence.wanted?.version === version) return evidence;
  return { ...evidence, wanted: { version, kinds, since }, attempts: null };
}

/** What is wanted and not archived. */
export function missingEvidence({ wanted, archived }: EvidenceState): EvidenceKind[] {
  if (wanted === null) return [];
  const has = new Set(archived.filter(({ version }) => version === wanted.version).map(({ kind }) => kind));
  return wanted.kinds.filter((kind) => !has.has(kind));
}

/** The media of a kind that belong to the latest pulled result or, until those are there, the last before. */
export function currentEvidence(
  { wanted, archived }: EvidenceState,
  kind: EvidenceKind,
): ArchivedEvidence | undefined {
  const ofKind = archived.filter((each) => each.kind === kind);
  return ofKind.findLast(({ version }) => version === wanted?.version) ?? ofKind.at(-1);
}

/**
 * When the missing media are to be fetched next; null where none is missing, or the vendor has deleted them.
 * @param policy null where media are not archived
 */
export function evidenceDue(
  uuid: string,
  evidence: EvidenceState,
  policy: Pick<EvidencePolicy, 'backOff' | 'retentionMs'> | null,
): Date | null {
  const { wanted, attempts } = evidence;
  if (policy === null || wanted === null || missingEvidence(evidence).length === 0) return null;
  const dueFrom = new Date(wanted.since);
  return nextPullAt(policy.backOff, {
    uuid,
    dueFrom,
    made: attempts && { count: attempts.count, lastAt: new Date(attempts.lastAt) },
    retainedUntil: new Date(dueFrom.getTime() + policy.retentionMs),
    expiresAt: null,
  });
}
