import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { Interval } from '@nestjs/schedule';
import { type Connection, mongo } from 'mongoose';
import { PROJECTION_WATERMARKS_PLAN } from './audit-collections.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { ProjectedRanges, type Range } from './projected-ranges.ts';
import type { Subject } from './format/leaf.ts';
import type { Stream, StreamSubject } from './stream.ts';
import { SubjectFolds } from './subject-folds.ts';
import { ToldRanges } from './told-ranges.repository.ts';

const LEASE = 'projections';
const LEASE_MS = 3_000;
const CATCH_UP_MS = 1_000;
/**
 * Other instances project their own entries within milliseconds and tell so in their next round; only what they left
 * behind is ours to fold.
 */
const GRACE_MS = 2_000;
const CHUNK = 1_000;

interface Watermark {
  readonly _id: 'projections';
  /** Every entry before this index is in the projections. */
  readonly until: mongo.Long | number;
}

/** Keeps projections equal to the log when an instance dies between a commit and its projection. */
@Injectable()
export class Projections implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Projections.name);
  private readonly streams = new Map<string, Stream<unknown>>();
  private readonly watermarks: mongo.Collection<Watermark>;
  private until: number | null = null;
  /** Where the log ended in the latest rounds, oldest first. */
  private readonly ends: LogEnd[] = [];
  /** The watermark as it was last written. */
  private stored: number | null = null;
  private elections = 0;
  private running: Promise<void> | null = null;

  constructor(
    @InjectConnection() connection: Connection,
    private readonly repository: AuditLogRepository,
    private readonly projected: ProjectedRanges,
    private readonly told: ToldRanges,
    private readonly leases: Leases,
    primary: PrimaryChanges,
  ) {
    this.watermarks = connection
      .getClient()
      .db(connection.name)
      .collection<Watermark>(PROJECTION_WATERMARKS_PLAN.name, { writeConcern: DURABLE });
    primary.onChange(() => this.forget());
  }

  /** Makes a stream known by whose `evolve` and `project` entries are folded. */
  register<State>(stream: Stream<State>): void {
    this.streams.set(stream.subjectType, stream);
  }

  /**
   * The log index below which every entry is in the projections, as far as this instance knows. Whoever walks
   * a projection in log order stops here: behind it, an older entry may still be on its way.
   */
  get settledUntil(): number {
    return this.until ?? 0;
  }

  /** Folds what an earlier process left behind before the first request is taken. */
  async onApplicationBootstrap(): Promise<void> {
    await this.catchUp(0);
    // The second round stores what the first one has reached.
    await this.catchUp(0);
  }

  @Interval(CATCH_UP_MS)
  async catchUpRegularly(): Promise<void> {
    try {
      await (this.running ??= this.keepUp());
    } catch (error) {
      this.logger.warn({ err: error }, 'the catch-up of projections failed; it tries again');
    } finally {
      this.running = null;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.leases.release(LEASE);
  }

  /**
   * Makes every projection what the log says: folds all subjects again, in place, and drops what the log
   * knows nothing of. Safe while instances write.
   * @param progress is told how many entries of how many are done
   */
  async rebuild(progress: (done: number, of: number) => void): Promise<{ entries: number; strays: number }> {
    const { next } = await this.repository.readHead();
    for (let from = 0; from < next; from += CHUNK) {
      const until = Math.min(from + CHUNK, next);
      const entries = await this.repository.readSubjectsIn(from, until);
      await this.fold([...newestOf(entries).values()], true);
      progress(until, next);
    }
    let strays = 0;
    for (const stream of this.streams.values()) strays += await this.dropStrays(stream);
    return { entries: next, strays };
  }

  private async dropStrays({ subjectType, projection }: Stream<unknown>): Promise<number> {
    let dropped = 0;
    let ids = (await projection?.idsAfter('', CHUNK)) ?? [];
    while (ids.length > 0) {
      const known = await this.repository.knownSubjects(subjectType, ids);
      const strays = ids.filter((id) => !known.has(id));
      await projection?.drop(strays);
      dropped += strays.length;
      ids = (await projection?.idsAfter(ids.at(-1) ?? '', CHUNK)) ?? [];
    }
    return dropped;
  }

  /** The watermark was written durably after everything below it; the rest may be gone with the old primary. */
  private forget(): void {
    this.projected.forget();
    this.until = null;
    this.elections += 1;
  }

  /** One instance looks after what was left behind; were it all, each would look at what every other has written. */
  private async keepUp(): Promise<void> {
    if ((await this.leases.hold(LEASE, LEASE_MS)) !== null) await this.catchUp(GRACE_MS);
    else {
      await this.follow();
      if (this.projected.all.length > 0) await this.told.tell(this.projected.all);
    }
  }

  /** Learns how far everything is projected from the instance that looks after it. */
  private async follow(): Promise<void> {
    const { elections } = this;
    const until = await this.readWatermark();
    if (elections !== this.elections || until <= (this.until ?? -1)) return;
    this.until = until;
    this.projected.forgetBefore(until);
  }

  private async catchUp(graceMs: number): Promise<void> {
    const { elections } = this;
    const from = (this.until ??= await this.readWatermark());
    const { next } = await this.repository.readHead();
    const oldUntil = this.endBefore(graceMs, next);
    let until = Math.max(from, next);
    for (const gap of await this.gapsIn(from, next)) {
      const reached = Math.min(gap.until, Math.max(gap.from, oldUntil));
      await this.foldGap({ from: gap.from, until: reached });
      if (reached < gap.until) {
        until = reached;
        break;
      }
    }
    if (until === from && from === this.stored) return;
    // What this round wrote is durable once a durable write of the same primary came after it; so the watermark
    // that this round stores is the one that the round before has reached.
    await this.watermarks.updateOne(
      { _id: 'projections' },
      { $max: { until: mongo.Long.fromNumber(from) } },
      { upsert: true },
    );
    this.stored = from;
    if (elections === this.elections) this.until = until;
  }

  /** What nobody says to have projected. Others are heard only where this instance has not projected everything. */
  private async gapsIn(from: number, next: number): Promise<Range[]> {
    if (this.projected.gapsIn(from, next).length === 0) return [];
    return this.projected.gapsIn(from, next, await this.told.ofOthers());
  }

  /** Notes where the log ends, and tells where it ended that long ago: every entry before that is as old. 0 if unknown. */
  private endBefore(ageMs: number, next: number): number {
    const nowMs = performance.now();
    this.ends.push({ next, seenAtMs: nowMs });
    const newest = this.ends.findLastIndex(({ seenAtMs }) => nowMs - seenAtMs >= ageMs);
    if (newest > 0) this.ends.splice(0, newest);
    return newest < 0 ? 0 : (this.ends[0]?.next ?? 0);
  }

  private async foldGap(gap: Range): Promise<void> {
    for (let from = gap.from; from < gap.until; from += CHUNK) {
      const entries = await this.repository.readSubjectsIn(from, Math.min(from + CHUNK, gap.until));
      await this.fold(await this.behind(newestOf(entries)));
    }
  }

  /** Leaves out the subjects whose projection already holds their newest entry. */
  private async behind(newest: ReadonlyMap<string, NewestEntry>): Promise<NewestEntry[]> {
    const behind: NewestEntry[] = [];
    for (const [type, stream] of this.streams) {
      const ofType = [...newest.values()].filter(({ subject }) => subject.type === type);
      if (ofType.length === 0) continue;
      const upTo = await stream.projection?.projectedUpTo(ofType.map(({ subject }) => subject.id));
      behind.push(...ofType.filter(({ subject, index }) => (upTo?.get(subject.id) ?? -1) < index));
    }
    return behind;
  }

  private async fold(entries: readonly NewestEntry[], alsoEqual = false): Promise<void> {
    const subjects = entries.flatMap(({ subject }): StreamSubject[] => {
      const stream = this.streams.get(subject.type);
      return stream?.projection ? [{ stream, id: subject.id }] : [];
    });
    if (subjects.length === 0) return;
    const folds = new SubjectFolds(
      subjects,
      await this.repository.readSubjects(subjects.map(({ id }) => id)),
    );
    await folds.project(subjects, alsoEqual);
  }

  private async readWatermark(): Promise<number> {
    const watermark = await this.watermarks.findOne({ _id: 'projections' });
    return watermark === null ? 0 : Number(watermark.until);
  }
}

interface LogEnd {
  readonly next: number;
  /** On the monotonic clock. */
  readonly seenAtMs: number;
}

interface NewestEntry {
  readonly index: number;
  readonly subject: Subject;
}

function newestOf(entries: readonly NewestEntry[]): Map<string, NewestEntry> {
  return new Map(entries.map((entry) => [`${entry.subject.type}/${entry.subject.id}`, entry]));
}
