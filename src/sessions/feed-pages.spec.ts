import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SubjectSpan } from '../audit/audit-queries.service.ts';
import type { Action, JsonObject, LogEntry } from '../audit/format/leaf.ts';
import { Problem } from '../platform/http/problem.ts';
import { FeedPages } from './feed-pages.ts';
import type { SessionChange } from './session-change.ts';
import { toSessionResponse } from './session.mapper.ts';
import { evolveSession, initialSession, type SessionState } from './session-state.ts';

/** What the log may hold, by the word that stands for it in a story. */
type Event =
  'register' | 'expire' | 'callback' | 'pull' | 'fail' | 'conclude' | 'compare' | 'view' | 'erase' | 'other';
type Step = readonly [event: Event, uuid: string, variant: number];

const DECISIONS = ['APPROVE', 'NEED_REVIEW', 'REJECT'] as const;
const vendor = { code: '200', decision: null, decisionMessage: null, riskLevel: null };

/** A log in memory that counts what is read of it. */
class Log {
  readonly entries: LogEntry[] = [];
  historyRead = 0;
  private readonly states = new Map<string, SessionState>();

  static of(steps: readonly Step[]): Log {
    const log = new Log();
    for (const step of steps) log.add(...step);
    return log;
  }

  add(event: Event, uuid: string, variant = 0): void {
    const state = this.states.get(uuid) ?? initialSession(uuid);
    const [action, data] = this.entryFor(event, state, variant);
    const index = this.entries.length;
    const entry: LogEntry = {
      index,
      id: `e${index}`,
      at: new Date(Date.UTC(2026, 0, 31) + index).toISOString(),
      action,
      data,
      // Other kinds of subject may go by the same id.
      subject: { type: event === 'other' ? 'evidence' : 'session', id: uuid },
      actor: { type: 'system', id: 'test' },
    };
    try {
      if (event !== 'other') this.states.set(uuid, evolveSession(state, entry));
      this.entries.push(entry);
    } catch {
      // A move that no decider makes, so no log has it.
      return;
    }
  }

  readFrom(index: number, limit: number): Promise<LogEntry[]> {
    return Promise.resolve(this.entries.slice(index, index + limit));
  }

  async *histories(subjectType: string, spans: readonly SubjectSpan[]): AsyncIterable<LogEntry> {
    for (const { ids, after, before } of spans) {
      for (const { index, ...content } of this.entries.slice(after + 1, before)) {
        if (content.subject.type !== subjectType || !ids.includes(content.subject.id)) continue;
        this.historyRead += 1;
        yield await Promise.resolve({ index, ...content });
      }
    }
  }

  /** What the feed has to give: every session folded from its first entry, each change found by comparing. */
  changes(): SessionChange[] {
    const states = new Map<string, SessionState>();
    const shown = new Map<string, string>();
    const changes: SessionChange[] = [];
    for (const entry of this.entries) {
      const uuid = entry.subject.id;
      if (entry.subject.type !== 'session') continue;
      const state = evolveSession(states.get(uuid) ?? initialSession(uuid), entry);
      states.set(uuid, state);
      if (state.status === 'NONE') continue;
      const { status, decision, confirmed } = toSessionResponse(state);
      const now = JSON.stringify([status, decision, confirmed]);
      if (shown.get(uuid) !== now) {
        changes.push({ index: entry.index, at: entry.at, uuid, status, decision, confirmed });
      }
      shown.set(uuid, now);
    }
    return changes;
  }

  private entryFor(event: Event, { results }: SessionState, variant: number): [Action, JsonObject] {
    const version = Math.max(1, results.length - (variant > 4 ? 1 : 0));
    switch (event) {
      case 'register':
        return [
          'session.registered',
          {
            ...{ customerRef: null, channel: null, expectedWithinSeconds: null, expiresAfterSeconds: null },
            effective: { expectedWithinSeconds: 60, expiresAfterSeconds: 120 },
          },
        ];
      case 'expire':
        return ['session.expired', { expiresAt: '2026-01-31T08:00:00.000Z' }];
      case 'callback':
        return ['callback.received', { version, digest: `d${variant}`, bytes: 1, vendor }];
      case 'pull':
        return [
          'result.retrieved',
          { version, digest: `d${variant}`, bytes: 1, vendor, unchanged: false, attempts: [] },
        ];
      case 'fail':
        return ['retrieval.failed', { outcome: 'TIMEOUT', attempts: [] }];
      case 'conclude':
        return [
          'conclusion.reached',
          {
            version,
            decision: DECISIONS[variant % 3]!,
            riskLevel: variant % 4,
            grade: variant % 2 ? 'AGREED' : 'CALLBACK_ONLY',
            confirmed: variant % 2 === 1,
            ...{
              ruleSetVersion: 'r',
              engineVersion: '1',
              inputsDigest: 'i',
              ruleTable: [],
              omittedFindings: 0,
            },
          },
        ];
      case 'compare':
        return [
          'results.compared',
          {
            pull: version,
            callbacks: results.filter(({ source }) => source === 'CALLBACK').map((result) => result.version),
            grade: variant % 2 ? 'AGREED' : 'CONFLICT',
            differences: [],
          },
        ];
      case 'view':
        return ['personal_data.viewed', { version, form: 'RAW' }];
      case 'erase':
        return ['personal_data.erased', { legalBasis: 'test', results: 1 }];
      case 'other':
        return ['evidence.archived', {}];
    }
  }
}

const events = fc.constantFrom<Event>(
  ...(['register', 'expire', 'callback', 'pull', 'fail', 'conclude', 'compare'] as const),
  ...(['conclude', 'view', 'erase', 'other'] as const),
);
const steps = fc.array(fc.tuple(events, fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(6)), {
  maxLength: 120,
  size: 'max',
});
const tight = fc.record({
  chunk: fc.integer({ min: 1, max: 20 }),
  scanned: fc.integer({ min: 1, max: 60 }),
  isLongFrom: fc.integer({ min: 1, max: 5 }),
  remembered: fc.integer({ min: 1, max: 200 }),
});

/** Everything behind `after`, page by page. */
async function readAll(sut: FeedPages, after: number, limits: () => number): Promise<SessionChange[]> {
  const items: SessionChange[] = [];
  for (let next = after; ;) {
    const page = await sut.read(next, limits());
    items.push(...page.items);
    if (page.atHead) return items;
    // Or it would never come to an end.
    expect(page.next).toBeGreaterThan(next);
    next = page.next;
  }
}

describe('the feed', () => {
  it('tells the whole story of a session, and nothing twice', async () => {
    const log = Log.of([
      ['register', 'a', 0],
      ['callback', 'a', 0],
      ['view', 'a', 0],
      ['conclude', 'a', 0],
      ['other', 'a', 0],
      ['fail', 'a', 0],
      ['pull', 'a', 0],
      ['compare', 'a', 1],
      ['conclude', 'a', 3],
      ['erase', 'a', 0],
    ]);
    const { items, next, atHead } = await new FeedPages(log).read(-1, 50);
    expect(
      items.map(({ index, status, decision, confirmed }) => [index, status, decision, confirmed]),
    ).toEqual([
      [0, 'REGISTERED', null, false],
      [1, 'RECEIVED', null, false],
      [3, 'RECEIVED', 'APPROVE', false],
      [8, 'CONCLUDED', 'APPROVE', true],
    ]);
    expect(items[3]).toMatchObject({ uuid: 'a', at: log.entries[8]!.at });
    expect({ next, atHead }).toEqual({ next: 9, atHead: true });
  });

  it('tells that a decision was confirmed, though it stays what it was', async () => {
    const log = Log.of([
      ['callback', 'a', 0],
      ['conclude', 'a', 4],
      ['pull', 'a', 0],
      ['compare', 'a', 1],
      ['conclude', 'a', 1],
    ]);
    const { items } = await new FeedPages(log).read(1, 50);
    expect(items).toEqual([
      expect.objectContaining({ index: 4, status: 'IN_REVIEW', decision: 'NEED_REVIEW', confirmed: true }),
    ]);
  });

  it('gives the same whatever the size of its pages, where the reader begins and who else reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        tight,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (story, limits, sizes, share) => {
          const log = Log.of(story);
          const after = Math.floor(share * log.entries.length) - 1;
          const expected = log.changes();
          const sut = new FeedPages(log, limits);
          let turn = 0;
          const nextSize = () => sizes[turn++ % sizes.length]!;
          // Somebody else has stopped near the beginning before.
          await sut.read(-1, 9);
          const [fromStart, fromThere] = await Promise.all([
            readAll(sut, -1, nextSize),
            readAll(sut, after, nextSize),
          ]);
          expect(fromStart).toEqual(expected);
          expect(fromThere).toEqual(expected.filter(({ index }) => index > after));
          expect(await readAll(sut, -1, nextSize)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives a reader who follows a growing log each change once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, tight, fc.integer({ min: 1, max: 5 }), async (story, limits, every) => {
        const log = new Log();
        const sut = new FeedPages(log, limits);
        const seen: SessionChange[] = [];
        let next = -1;
        for (const [turn, step] of story.entries()) {
          log.add(...step);
          if (turn % every > 0) continue;
          const page = await sut.read(next, 3);
          seen.push(...page.items);
          next = page.next;
        }
        seen.push(...(await readAll(sut, next, () => 3)));
        expect(seen).toEqual(log.changes());
      }),
      { numRuns: 200 },
    );
  });

  it('reads each entry of a long history once, not once a page', async () => {
    const log = new Log();
    log.add('register', 'a');
    for (let n = 0; n < 5_000; n += 1) log.add('fail', 'a');
    const sut = new FeedPages(log, { chunk: 50, scanned: 100, isLongFrom: 100, remembered: 20_000 });
    await readAll(sut, -1, () => 200);
    expect(log.historyRead).toBeLessThan(200);
  });

  it('stops where the log lacks an entry', async () => {
    const log = Log.of([
      ['register', 'a', 0],
      ['callback', 'a', 0],
      ['conclude', 'a', 0],
    ]);
    log.entries.splice(1, 1);
    const reading = new FeedPages(log).read(-1, 50);
    await expect(reading).rejects.toBeInstanceOf(Problem);
    await expect(reading).rejects.toMatchObject({ code: 'LOG_DIVERGED' });
  });

  it('moves on without items where nothing changes', async () => {
    const log = new Log();
    log.add('register', 'a');
    for (let n = 0; n < 300; n += 1) log.add('view', 'a');
    log.add('expire', 'a');
    const sut = new FeedPages(log, { chunk: 50, scanned: 100, isLongFrom: 100, remembered: 100 });
    const empty = await sut.read(0, 10);
    expect(empty).toEqual({ items: [], next: 100, atHead: false });
    expect((await readAll(sut, empty.next, () => 10)).map(({ status }) => status)).toEqual(['EXPIRED']);
  });

  it('of an empty log begins at the beginning', async () => {
    expect(await new FeedPages(new Log()).read(-1, 10)).toEqual({ items: [], next: -1, atHead: true });
  });
});
