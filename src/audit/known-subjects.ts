import type { AuditLogRepository } from './audit-log.repository.ts';

/** 8 MiB: of ten million subjects, four in a hundred that are new would be taken for known. */
const BITS = 2 ** 26;
const PROBES = 4;
/** Beyond that the filter would tell little, and filling it at each start would take minutes. */
const MAX_ENTRIES = 40_000_000;
const PAGE = 1_000;
const RETRY_MS = 60_000;

/**
 * Tells which subjects the log has no entry about, so that nobody has to ask the database for the history of
 * those; most callbacks are the first that is heard of their session. It is a Bloom filter over the subjects of
 * all entries before an index: it may take a new subject for a known one, never a known one for new.
 *
 * The appender adds what it writes and what it learns of others. What was there before is read in the background;
 * until that is done every subject counts as known.
 */
export class KnownSubjects {
  private bits: Uint32Array | null = null;
  /** The subjects of all entries before this index are in it. */
  private covered = 0;
  private wanted = 0;
  private isFilling = false;
  private retryAtMs = -Infinity;
  private stopped = false;

  /** @param failed is told why the log could not be read; it is tried again a minute later */
  constructor(
    private readonly repository: Pick<AuditLogRepository, 'subjectsBefore' | 'readSubjectsIn'>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Leaves out the subjects that no entry before `next` is about. */
  among(ids: readonly string[], next: number): string[] {
    if (this.covered >= next) return ids.filter((id) => this.has(id));
    this.wanted = next;
    if (!this.isFilling && next <= MAX_ENTRIES && performance.now() >= this.retryAtMs) void this.fill();
    return [...ids];
  }

  /** Takes the subject of each committed entry from `from` on, without a gap. Behind a gap they come to nothing. */
  add(from: number, ids: readonly string[]): void {
    if (from > this.covered) return;
    for (const id of ids) this.put(id);
    this.covered = Math.max(this.covered, from + ids.length);
  }

  /** Ends the reading. It isn't waited for: where the database is away, that would take long and be for nothing. */
  stop(): void {
    this.stopped = true;
  }

  private async fill(): Promise<void> {
    this.isFilling = true;
    try {
      if (this.covered === 0) await this.readAll(this.wanted);
      while (this.covered < this.wanted && !this.stopped) await this.readPage();
    } catch (error) {
      this.retryAtMs = performance.now() + RETRY_MS;
      if (!this.stopped) this.failed(error);
    } finally {
      this.isFilling = false;
    }
  }

  private async readAll(next: number): Promise<void> {
    let entries = 0;
    for await (const id of this.repository.subjectsBefore(next)) {
      if (this.stopped) return;
      this.put(id);
      entries += 1;
    }
    // A member that has only just become primary may not show all of them yet.
    if (entries !== next) throw new Error(`the log shows ${entries} of its ${next} entries`);
    this.covered = Math.max(this.covered, next);
  }

  private async readPage(): Promise<void> {
    const from = this.covered;
    const entries = await this.repository.readSubjectsIn(from, Math.min(from + PAGE, this.wanted));
    const gap = entries.findIndex(({ index }, place) => index !== from + place);
    if (entries.length === 0 || gap >= 0) {
      throw new Error(`the log shows no entry ${from + Math.max(gap, 0)}, although it has ${this.wanted}`);
    }
    this.add(
      from,
      entries.map(({ subject }) => subject.id),
    );
  }

  private put(id: string): void {
    const bits = (this.bits ??= new Uint32Array(BITS / 32));
    for (const bit of bitsOf(id)) bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  private has(id: string): boolean {
    const { bits } = this;
    return bits !== null && bitsOf(id).every((bit) => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
  }
}

/** The places of an id in the filter: one hash, and steps of another from there. */
function bitsOf(id: string): number[] {
  const [first, step] = hashesOf(id);
  const places: number[] = [];
  for (let probe = 0; probe < PROBES; probe += 1) places.push(((first + probe * step) >>> 0) % BITS);
  return places;
}

/** Two independent 32-bit hashes. Who picks ids that collide gains nothing but one read of a history. */
function hashesOf(id: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < id.length; i += 1) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 15);
  }
  return [mixed(a), (mixed(b) | 1) >>> 0];
}

function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
