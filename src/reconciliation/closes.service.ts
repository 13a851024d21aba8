import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditQueries, type ReadEntry } from '../audit/audit-queries.service.ts';
import type { Action, JsonObject, LogEntry } from '../audit/format/leaf.ts';
import type { Stream } from '../audit/stream.ts';
import { Clock } from '../platform/clock.ts';
import { Problem } from '../platform/http/problem.ts';
import { invalid } from '../platform/http/validation.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import type { RegisteredData, SessionState } from '../sessions/session-state.ts';
import { type CloseCounts, closeOf, type DailyClose, dayOf, type HeardSession } from './daily-close.ts';
import { Exceptions } from './exceptions.service.ts';
import { ReconciliationProgress } from './reconciliation-progress.repository.ts';

/** Which close: a day, and of one channel or of all. */
export interface CloseKey {
  /** `yyyy-mm-dd` */
  readonly date: string;
  readonly channel: string | null;
}

/** A person's signature under the figures of a day. */
export interface CloseSignature {
  readonly signedBy: Actor;
  readonly signedAt: string;
  readonly entryIndex: number;
  readonly counts: CloseCounts;
}

/** The close of a day as it is now. */
export interface Close extends CloseKey, DailyClose {
  /** The figures may still change by themselves: the day is not over, or not wholly reconciled. */
  readonly provisional: boolean;
  /** The newest signature; its counts may differ if something has come since. */
  readonly signature: CloseSignature | null;
}

/** `data` of `close.signed`. */
interface SignedData extends CloseKey {
  readonly counts: CloseCounts;
}

/** What was signed last; null before the first signature. */
type CloseState = SignedData | null;

const STREAM: Stream<CloseState> = {
  subjectType: 'close',
  initial: () => null,
  evolve: (state, { action, data }) => (action === 'close.signed' ? (data as unknown as SignedData) : state),
};
const BATCH = 1_000;

/** Closes days: shows that every session that came in is accounted for, and takes signatures for it. */
@Injectable()
export class Closes {
  constructor(
    private readonly log: AuditLog,
    private readonly entries: AuditQueries,
    private readonly sessions: SessionQueries,
    private readonly exceptions: Exceptions,
    private readonly progress: ReconciliationProgress,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem VALIDATION_FAILED if there is no such day */
  async get(key: CloseKey): Promise<Close> {
    const day = dayOf(key.date);
    if (day === null) throw invalid([{ path: 'date', message: 'must be a day as yyyy-mm-dd' }]);
    // The exceptions first: had they been behind, the figures would look better than they are.
    const reconciledUpTo = await this.progress.reached('sessions');
    const bounds = {
      from: await this.entries.endIndexAt(day.from),
      to: await this.entries.endIndexAt(day.to),
    };
    const isOver = this.clock.now() >= day.to;
    // The log before the projection, which follows it: else a session of this very moment looks lost.
    const entries = await this.entriesIn(bounds);
    const sessions = (await this.sessionsOf(day)).filter(({ firstIndex }) => firstIndex < bounds.to);
    const heard = await this.heardOf(entries, bounds, sessions, key.channel);
    const counted = sessions.filter(({ channel }) => key.channel === null || channel === key.channel);
    const withOpen = await this.withOpenException(counted.map(({ uuid }) => uuid));
    return {
      ...key,
      ...closeOf(heard, counted, withOpen),
      provisional: !isOver || reconciledUpTo < bounds.to - 1,
      signature: await this.findSignature(key),
    };
  }

  /**
   * Signs the figures as they are; the same figures are signed once.
   * @throws Problem CLOSE_PROVISIONAL, CLOSE_NOT_BALANCED, VALIDATION_FAILED
   */
  async sign(key: CloseKey, person: Actor): Promise<Close> {
    const close = await this.get(key);
    if (close.provisional) throw new Problem('CLOSE_PROVISIONAL', 'Sign once provisional is false.');
    if (!close.balanced) throw new Problem('CLOSE_NOT_BALANCED', 'Explain the sessions under unexplained.');
    const data: SignedData = { ...key, counts: close.counts };
    await this.log.append({
      stream: STREAM,
      subjectId: subjectOf(key),
      actor: person,
      decide: (signed) =>
        signed !== null && sameCounts(signed.counts, close.counts)
          ? []
          : [{ action: 'close.signed', data: data as unknown as JsonObject }],
      answer: () => undefined,
    });
    return { ...close, signature: await this.findSignature(key) };
  }

  /** The sessions that were first heard of on the day, by their projection. */
  private async sessionsOf(day: { from: Date; to: Date }): Promise<DaySession[]> {
    const sessions: DaySession[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await this.sessions.list(day, BATCH, cursor);
      sessions.push(...page.items.map(toDaySession));
      cursor = page.nextCursor;
    }
    return sessions;
  }

  private async withOpenException(uuids: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let start = 0; start < uuids.length; start += BATCH) {
      for (const uuid of await this.exceptions.withOpen(uuids.slice(start, start + BATCH))) found.add(uuid);
    }
    return found;
  }

  /** The sessions that the log has a registration or a callback of within the day. */
  private async entriesIn(bounds: Bounds): Promise<DayEntries> {
    const registered = new Map<string, string | null>();
    for await (const { subject, data } of this.entriesOf('session.registered', bounds)) {
      registered.set(subject.id, (data as unknown as RegisteredData).channel);
    }
    const heard = new Set(registered.keys());
    for await (const { subject } of this.entriesOf('callback.received', bounds)) heard.add(subject.id);
    return { registered, heard };
  }

  /** The sessions that were first heard of on the day, by the log. */
  private async heardOf(
    { registered, heard }: DayEntries,
    bounds: Bounds,
    sessions: readonly DaySession[],
    channel: string | null,
  ): Promise<HeardSession[]> {
    const ofDay = new Map(sessions.map((session) => [session.uuid, session]));
    const earlier = await this.heardBefore(
      bounds.from,
      [...heard].filter((uuid) => !ofDay.has(uuid)),
    );
    return [...heard]
      .filter((uuid) => !earlier.has(uuid))
      .filter((uuid) => channel === null || (registered.get(uuid) ?? ofDay.get(uuid)?.channel) === channel)
      .map((uuid) => ({
        uuid,
        // A session may be registered on a later day than its callback came.
        registered: registered.has(uuid) || ofDay.get(uuid)?.registered === true,
      }));
  }

  /** Those that the log knew before the day: an entry of today about them counts on their own day. */
  private async heardBefore(index: number, uuids: readonly string[]): Promise<Set<string>> {
    const earlier = new Set<string>();
    for (let start = 0; start < uuids.length; start += BATCH) {
      for (const { id, state } of await this.sessions.findMany(uuids.slice(start, start + BATCH))) {
        if (state.firstIndex < index) earlier.add(id);
      }
    }
    return earlier;
  }

  private async *entriesOf(action: Action, { from, to }: Bounds): AsyncGenerator<LogEntry> {
    let after = from - 1;
    for (;;) {
      const entries: ReadEntry[] = await this.entries.after(action, after, BATCH);
      for (const entry of entries) if (entry.index < to) yield entry;
      after = entries.at(-1)?.index ?? to;
      if (entries.length < BATCH || after >= to) return;
    }
  }

  private async findSignature(key: CloseKey): Promise<CloseSignature | null> {
    let newest: ReadEntry | null = null;
    for (let cursor: string | null | undefined; cursor !== null;) {
      const filter = { subject: subjectOf(key), subjectType: STREAM.subjectType };
      const page = await this.entries.page(filter, BATCH, cursor);
      newest = page.items.at(-1) ?? newest;
      cursor = page.nextCursor;
    }
    if (newest === null) return null;
    const { actor, at, index, data } = newest;
    const { counts } = data as unknown as SignedData;
    return { signedBy: actor as Actor, signedAt: at, entryIndex: index, counts };
  }
}

interface Bounds {
  /** First log index of the day. */
  readonly from: number;
  /** First log index after it. */
  readonly to: number;
}

/** What a close needs of a session; a day's sessions are too many to hold whole. */
interface DaySession extends Pick<SessionState, 'uuid' | 'status' | 'firstIndex'> {
  readonly registered: boolean;
  readonly channel: string | null;
}

/** What the log tells of a day. */
interface DayEntries {
  /** uuid and channel of the sessions registered on the day. */
  readonly registered: ReadonlyMap<string, string | null>;
  /** uuids of those and of all that were called back about. */
  readonly heard: ReadonlySet<string>;
}

/** A channel has no colon, so no two closes share a subject. */
function subjectOf({ date, channel }: CloseKey): string {
  return channel === null ? date : `${date}:${channel}`;
}

function toDaySession({ uuid, status, firstIndex, registration }: SessionState): DaySession {
  return {
    uuid,
    status,
    firstIndex,
    registered: registration !== null,
    channel: registration?.channel ?? null,
  };
}

function sameCounts(a: CloseCounts, b: CloseCounts): boolean {
  return (Object.keys(b) as (keyof CloseCounts)[]).every((name) => a[name] === b[name]);
}
