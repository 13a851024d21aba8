import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Clock } from '../platform/clock.ts';
import { Problem } from '../platform/http/problem.ts';
import { InsertError } from '../platform/mongo/insert-command.ts';
import { Appender, type AppenderObserver } from './appender.ts';
import type { BatchOutline, Head } from './audit-log.repository.ts';
import type { PlannedEntry } from './batch.ts';
import type { LogEntry } from './format/leaf.ts';
import type { Command, EntryDraft, Stream } from './stream.ts';

/**
 * What goes wrong with one attempt to insert: nothing, nothing is written, all but the answer, a part of it, or
 * another primary is elected before it.
 */
type Fault = 'NONE' | 'LOST_REQUEST' | 'LOST_ANSWER' | 'WRITTEN_IN_PART' | 'ELECTION';

/** A log as MongoDB keeps it: dense ids, taken once, ordered inserts that stop at the first taken one. */
class SimulatedLog {
  readonly entries: LogEntry[] = [];
  private election = 1;
  /** How often the store can't make attachments durable. */
  unable = 0;
  private taken: string[] = [];
  private readonly durable = new Set<string>();
  constructor(readonly faults: Fault[] = []) {}

  /** Keeps attachments; those that it only took are lost in an election and durable by a later durable write. */
  readonly store = {
    putAll: async (attachments: readonly { entryId: string }[], durable: boolean): Promise<string> => {
      await later(undefined);
      if (durable && this.unable-- > 0) throw new Error('the vault is away');
      this.taken.push(...attachments.map(({ entryId }) => entryId));
      if (durable) this.becomeDurable();
      return later(String(this.election));
    },
  };

  /** The attachment of an entry would survive the loss of any one server. */
  hasDurably(entryId: string): boolean {
    return this.durable.has(entryId);
  }

  private becomeDurable(): void {
    for (const id of this.taken) this.durable.add(id);
  }

  readHead(): Promise<Head> {
    const newest = this.entries.at(-1);
    return later({ next: this.entries.length, at: newest?.at ?? '' });
  }

  async insert(from: number, planned: readonly PlannedEntry[]): Promise<string> {
    const fault = this.faults.shift() ?? 'NONE';
    await later(undefined);
    if (fault === 'LOST_REQUEST') throw new Error('network: request lost');
    if (fault === 'ELECTION' || fault === 'LOST_ANSWER') {
      this.election += 1;
      this.taken = [];
    }
    for (const [offset, { entry }] of planned.entries()) {
      if (fault === 'WRITTEN_IN_PART' && offset > planned.length / 2) break;
      // Another writer may come between any two documents of one batch.
      if (offset % 3 === 2) await later(undefined);
      if (from + offset !== this.entries.length)
        throw new InsertError([{ index: offset, code: 11000, errmsg: 'duplicate key' }]);
      this.entries.push({ ...entry, index: from + offset });
    }
    this.becomeDurable();
    if (fault === 'LOST_ANSWER' || fault === 'WRITTEN_IN_PART') throw new Error('network: answer lost');
    return String(this.election);
  }

  /** What happens before somebody reads the log the next time. */
  meanwhile: (() => Promise<unknown>) | null = null;

  async readOutlines(index: number, limit: number): Promise<BatchOutline[]> {
    const { meanwhile } = this;
    this.meanwhile = null;
    await meanwhile?.();
    const batches = Map.groupBy(this.entries.slice(index, index + limit), ({ at }) => at);
    return later(
      [...batches].map(([at, entries]) => ({
        at,
        until: entries.at(-1)!.index + 1,
        subjectIds: entries.map(({ subject }) => subject.id),
      })),
    );
  }

  readByIds(ids: readonly string[]): Promise<LogEntry[]> {
    return later(this.entries.filter(({ id }) => ids.includes(id)));
  }

  /** Subjects that somebody wanted the history of. */
  readonly historiesRead: string[] = [];

  readSubjects(ids: readonly string[], from?: number, until?: number): Promise<LogEntry[]> {
    if (from === undefined) this.historiesRead.push(...ids);
    return later(this.entries.slice(from, until).filter(({ subject }) => ids.includes(subject.id)));
  }

  async *subjectsBefore(next: number): AsyncGenerator<string> {
    for (const { subject } of this.entries.slice(0, next)) yield await later(subject.id);
  }

  async readSubjectsIn(from: number, until: number): Promise<Pick<LogEntry, 'index' | 'subject'>[]> {
    return later(this.entries.slice(from, until));
  }
}

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}

class StoppedClock extends Clock {
  constructor(public time = '2026-01-31T08:00:00.000Z') {
    super();
  }
  override now(): Date {
    return new Date(this.time);
  }
}

/** Goes on by so many milliseconds whenever somebody looks at it. */
class SteppingClock extends StoppedClock {
  constructor(private readonly stepMs: number) {
    super();
  }
  override now(): Date {
    this.time = new Date(Date.parse(this.time) + this.stepMs).toISOString();
    return super.now();
  }
}

const silent: AppenderObserver = {
  committed: () => undefined,
  attemptFailed: () => undefined,
  projecting: () => () => undefined,
  projectionFailed: () => undefined,
  knownSubjectsFailed: () => undefined,
};

const options = { queueLimit: 1_000, commitTimeoutMs: 30_000, clockToleranceMs: 5_000 };

function appenderOn(log: SimulatedLog, clock: Clock = new StoppedClock(), observer = silent): Appender {
  return new Appender(log, clock, observer, options);
}

/** Counts its entries, so that every entry can say what the state was when it was decided. */
const counter: Stream<number> = { subjectType: 'counter', initial: () => 0, evolve: (state) => state + 1 };

/** Adds `size` entries, each naming the state on which it was decided. */
function add(id: string, size = 1): Command<number, { state: number; own: number[] }> {
  return {
    stream: counter,
    subjectId: id,
    actor: { type: 'system', id: 'test' },
    alwaysBegins: true,
    decide: (state) =>
      Array.from({ length: size }, (_, n) => ({ action: 'callback.received', data: { seen: state + n } })),
    answer: (state, own) => ({ state, own: own.map(({ index }) => index) }),
  };
}

/** Adds one entry if there is none. */
function once(id: string): Command<number, 'FIRST' | 'LATER'> {
  return {
    stream: counter,
    subjectId: id,
    actor: { type: 'system', id: 'test' },
    alwaysBegins: true,
    decide: (state) => (state === 0 ? [{ action: 'callback.received', data: { seen: 0 } }] : []),
    answer: (_, own) => (own.length > 0 ? 'FIRST' : 'LATER'),
  };
}

/** Two on one log; the failed attempts of the first are kept. */
function twoInstances() {
  const log = new SimulatedLog();
  const failures: unknown[] = [];
  const attemptFailed = (error: unknown) => void failures.push(error);
  const sut = appenderOn(log, undefined, { ...silent, attemptFailed });
  return { log, sut, other: appenderOn(log), failures };
}

/** Another instance is faster before each of the next inserts. */
function loseNext(log: SimulatedLog, times: number): void {
  const insert = log.insert.bind(log);
  log.insert = (from, planned) => {
    const [first] = planned;
    if (times-- > 0 && first !== undefined) {
      const subject = { type: 'counter', id: 'of another instance' };
      log.entries.push({ ...first.entry, id: `rival-${times}`, subject, index: log.entries.length });
    }
    return insert(from, planned);
  };
}

function decidedOnExactState(log: SimulatedLog): boolean {
  const counts = new Map<string, number>();
  return log.entries.every(({ subject, data, index }, position) => {
    const seen = counts.get(subject.id) ?? 0;
    counts.set(subject.id, seen + 1);
    return data['seen'] === seen && index === position;
  });
}

describe(Appender.name, () => {
  it('puts commands that wait together into one batch and answers each from the state after it', async () => {
    const log = new SimulatedLog();
    let batches = 0;
    const sut = appenderOn(log, undefined, { ...silent, committed: () => (batches += 1) });
    const answers = await Promise.all([sut.submit(add('a')), sut.submit(add('b', 2)), sut.submit(add('a'))]);
    expect(answers).toEqual([
      { state: 2, own: [0] },
      { state: 2, own: [1, 2] },
      { state: 2, own: [3] },
    ]);
    expect(batches).toBe(1);
  });

  it('names who gave the command, or whoever else did what an entry tells', async () => {
    const log = new SimulatedLog();
    const decide = (): EntryDraft[] => [
      { action: 'callback.received', data: {} },
      { action: 'conclusion.reached', data: {}, actor: { type: 'system', id: 'rules' } },
    ];
    await appenderOn(log).submit({ ...add('a'), actor: { type: 'vendor', id: 'vendor' }, decide });
    expect(log.entries.map(({ actor }) => actor.id)).toEqual(['vendor', 'rules']);
  });

  it('takes one of many equal commands, however many instances are asked at once', async () => {
    const log = new SimulatedLog();
    const instances = [appenderOn(log), appenderOn(log), appenderOn(log)];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => instances[n % 3]!.submit(once('a'))),
    );
    expect(answers.filter((answer) => answer === 'FIRST')).toHaveLength(1);
    expect(log.entries).toHaveLength(1);
  });

  it('keeps the log dense, each command once and each decision exact, whatever is lost on the way', async () => {
    const fault = fc.constantFrom<Fault>('NONE', 'LOST_REQUEST', 'LOST_ANSWER', 'WRITTEN_IN_PART');
    const commands = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), instance: fc.nat(2) }), {
      minLength: 1,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 8 }), commands, async (faults, wishes) => {
        const log = new SimulatedLog(faults);
        const instances = [appenderOn(log), appenderOn(log), appenderOn(log)];
        const answers = await Promise.all(
          wishes.map(({ id, instance }) => instances[instance]!.submit(add(id))),
        );
        expect(decidedOnExactState(log)).toBe(true);
        expect(log.entries).toHaveLength(wishes.length);
        const claimed = answers.flatMap((answer) => answer.own);
        expect(claimed.toSorted((a, b) => a - b)).toEqual(log.entries.map(({ index }) => index));
      }),
      { numRuns: 60 },
    );
  });

  it('recognises its own entries although the first look at the log after a lost answer fails too', async () => {
    const log = new SimulatedLog(['LOST_ANSWER']);
    const readOutlines = log.readOutlines.bind(log);
    let failures = 1;
    log.readOutlines = (index, limit) =>
      failures-- > 0 ? Promise.reject(new Error('network')) : readOutlines(index, limit);
    await expect(appenderOn(log).submit(add('a'))).resolves.toEqual({ state: 1, own: [0] });
    expect(log.entries).toHaveLength(1);
  });

  it.each<Fault>(['NONE', 'LOST_REQUEST', 'LOST_ANSWER'])(
    'goes on after others have written a great deal, and then meets: %s',
    async (fault) => {
      const log = new SimulatedLog();
      const idle = appenderOn(log);
      await idle.submit(add('a'));
      const busy = appenderOn(log);
      for (let round = 0; round < 6; round++) {
        await Promise.all(Array.from({ length: 800 }, () => busy.submit(add('b'))));
      }
      log.faults.push('NONE', fault);
      await expect(idle.submit(add('b'))).resolves.toMatchObject({ state: 4_801, own: [4_801] });
      expect(decidedOnExactState(log)).toBe(true);
    },
  );

  it('recognises its own entries although others have written a great deal on top of them', async () => {
    const log = new SimulatedLog(['NONE', 'LOST_ANSWER']);
    const [sut, busy] = [appenderOn(log), appenderOn(log)];
    await sut.submit(add('a'));
    log.meanwhile = async () => {
      for (let round = 0; round < 6; round++) {
        await Promise.all(Array.from({ length: 800 }, () => busy.submit(add('b'))));
      }
    };
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ own: [1] });
    expect(log.entries).toHaveLength(4_802);
    expect(decidedOnExactState(log)).toBe(true);
  });

  it('is not kept waiting longer each time that another instance is faster', async () => {
    const log = new SimulatedLog();
    const sut = new Appender(log, new StoppedClock(), silent, { ...options, commitTimeoutMs: 2_000 });
    loseNext(log, 14);
    await expect(sut.submit(add('a'))).resolves.toEqual({ state: 1, own: [14] });
    await sut.stop();
  });

  it('takes what came meanwhile along when another instance was faster', async () => {
    const log = new SimulatedLog();
    const batches: number[] = [];
    const sut = appenderOn(log, undefined, {
      ...silent,
      committed: (entries) => batches.push(entries.length),
    });
    await sut.submit(add('a'));
    loseNext(log, 1);
    const first = sut.submit(add('a'));
    await later(undefined);
    await later(undefined);
    const answers = await Promise.all([first, sut.submit(add('a')), sut.submit(add('b'))]);
    expect(answers.map(({ state, own }) => [state, ...own])).toEqual([
      [3, 2],
      [3, 3],
      [1, 4],
    ]);
    expect(batches).toEqual([1, 3]);
    expect(log.entries.filter(({ subject }) => subject.id === 'a').map(({ data }) => data['seen'])).toEqual([
      0, 1, 2,
    ]);
  });

  it.each([
    { since: 'a moment ago', stepMs: 1, times: 1 },
    { since: 'some time ago', stepMs: 1_500, times: 2 },
  ])('decides what was decided $since, before another instance was faster, $times times', async (example) => {
    const log = new SimulatedLog();
    const sut = appenderOn(log, new SteppingClock(example.stepMs));
    await sut.submit(add('a'));
    loseNext(log, 1);
    const times: string[] = [];
    const command: ReturnType<typeof add> = {
      ...add('a'),
      decide: (state, at) => {
        times.push(at);
        return [{ action: 'callback.received', data: { seen: state } }];
      },
    };
    await expect(sut.submit(command)).resolves.toEqual({ state: 2, own: [2] });
    expect(times).toHaveLength(example.times);
    expect(log.entries.at(-1)).toMatchObject({ at: times.at(-1), data: { seen: 1 } });
  });

  it('decides again what was decided on an entry of the same batch, once that has another index', async () => {
    const log = new SimulatedLog();
    const sut = appenderOn(log);
    const latest: Stream<number> = { ...counter, initial: () => -1, evolve: (_, { index }) => index };
    const referring: Command<number, number> = {
      ...{ stream: latest, subjectId: 'a', actor: { type: 'system', id: 'test' }, alwaysBegins: true },
      decide: (state) => [{ action: 'callback.received', data: { refersTo: state } }],
      answer: (state) => state,
    };
    await sut.submit(add('b'));
    loseNext(log, 1);
    const answers = await Promise.all([sut.submit(referring), sut.submit(referring), sut.submit(add('c'))]);
    expect(answers.slice(0, 2)).toEqual([3, 3]);
    expect(log.entries.slice(2, 4).map(({ data }) => data['refersTo'])).toEqual([-1, 2]);
  });

  it('lets another instance first that keeps being faster, and goes on without it once it does not come', async () => {
    const { log, sut, other, failures } = twoInstances();
    loseNext(log, 2);
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ own: [2] });
    expect(failures).toHaveLength(2);

    const next = sut.submit(add('a'));
    for (let turn = 0; turn < 4; turn++) await later(undefined);
    await expect(other.submit(add('b'))).resolves.toMatchObject({ own: [3] });
    await expect(next).resolves.toMatchObject({ own: [4] });
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ own: [5] });
    expect(failures).toHaveLength(2);
  });

  it('does not keep a large batch waiting for another instance, but looks first where the log ends', async () => {
    const { log, sut, other, failures } = twoInstances();
    loseNext(log, 3);
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ own: [3] });
    expect(failures).toHaveLength(3);

    log.meanwhile = () => other.submit(add('b'));
    const large = Promise.all(Array.from({ length: 32 }, () => sut.submit(add('a'))));
    for (let turn = 0; turn < 8; turn++) await later(undefined);
    await expect(other.submit(add('b'))).resolves.toMatchObject({ own: [37] });
    expect((await large).map(({ own }) => own)).toEqual(Array.from({ length: 32 }, (_, n) => [5 + n]));
    expect(failures).toHaveLength(3);
  });

  it('does not wait for another instance that was faster only once', async () => {
    const log = new SimulatedLog();
    const [sut, other] = [appenderOn(log), appenderOn(log)];
    loseNext(log, 1);
    await sut.submit(add('a'));
    const next = sut.submit(add('a'));
    for (let turn = 0; turn < 4; turn++) await later(undefined);
    await expect(other.submit(add('b'))).resolves.toMatchObject({ own: [3] });
    await expect(next).resolves.toMatchObject({ own: [2] });
  });

  it('keeps the order of times when a faster clock was first', async () => {
    const log = new SimulatedLog();
    const slow = appenderOn(log, new StoppedClock('2026-01-31T08:00:00.000Z'));
    const fast = appenderOn(log, new StoppedClock('2026-01-31T08:00:01.000Z'));
    for (const sut of [slow, fast, slow]) await sut.submit(add('a'));
    const times = log.entries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
  });

  it('recognises its own entries although the look at the log after a lost answer does not show them yet', async () => {
    const log = new SimulatedLog(['LOST_ANSWER']);
    const readOutlines = log.readOutlines.bind(log);
    let early = 1;
    // A majority has them a moment later.
    log.readOutlines = (index, limit) => (early-- > 0 ? later([]) : readOutlines(index, limit));
    await expect(appenderOn(log).submit(once('a'))).resolves.toBe('FIRST');
    expect(log.entries).toHaveLength(1);
  });

  it('recognises its own entries although their content can not be read at once', async () => {
    const log = new SimulatedLog(['LOST_ANSWER']);
    const readSubjects = log.readSubjects.bind(log);
    let early = 1;
    log.readSubjects = (ids, from, until) =>
      from !== undefined && early-- > 0 ? later([]) : readSubjects(ids, from, until);
    await expect(appenderOn(log).submit(once('a'))).resolves.toBe('FIRST');
    expect(early).toBeLessThan(1);
    expect(log.entries).toHaveLength(1);
  });

  it('reads the content of those entries of others alone that came to its subjects', async () => {
    const log = new SimulatedLog();
    const [sut, other] = [appenderOn(log), appenderOn(log)];
    const read: LogEntry[] = [];
    const readSubjects = log.readSubjects.bind(log);
    log.readSubjects = async (ids, from, until) => {
      const entries = await readSubjects(ids, from, until);
      if (from !== undefined) read.push(...entries);
      return entries;
    };
    await sut.submit(add('a'));
    for (const id of ['b', 'a', 'c']) await other.submit(add(id));
    await expect(sut.submit(add('a'))).resolves.toEqual({ state: 3, own: [4] });
    expect(read).toEqual(log.entries.slice(2, 3));
    expect(decidedOnExactState(log)).toBe(true);
  });

  it('recognises its own entries although the first looks at the log after a lost answer do not show them', async () => {
    const log = new SimulatedLog(['NONE', 'LOST_ANSWER']);
    const [sut, busy] = [appenderOn(log), appenderOn(log)];
    await sut.submit(add('a'));
    log.meanwhile = async () => {
      for (let round = 0; round < 6; round++) {
        await Promise.all(Array.from({ length: 800 }, () => busy.submit(add('b'))));
      }
    };
    const readByIds = log.readByIds.bind(log);
    let early = 1;
    // A majority has them a moment later.
    log.readByIds = (ids) => (early-- > 0 ? later([]) : readByIds(ids));
    await expect(sut.submit(once('c'))).resolves.toBe('FIRST');
    expect(early).toBeLessThan(1);
  });

  it('keeps the order of times although an instance has a slower clock', async () => {
    const log = new SimulatedLog();
    await appenderOn(log, new StoppedClock('2026-01-31T08:00:03.000Z')).submit(add('a'));
    await appenderOn(log, new StoppedClock('2026-01-31T08:00:00.000Z')).submit(add('a'));
    expect(log.entries.map(({ at }) => at)).toEqual(['2026-01-31T08:00:03.000Z', '2026-01-31T08:00:03.000Z']);
  });

  it('refuses to write while its clock is behind the log by more than the tolerance', async () => {
    const log = new SimulatedLog();
    await appenderOn(log, new StoppedClock('2026-01-31T09:00:00.000Z')).submit(add('a'));
    const clock = new StoppedClock('2026-01-31T08:00:00.000Z');
    const sut = appenderOn(log, clock);
    await expect(sut.submit(add('a'))).rejects.toMatchObject({ code: 'CLOCK_BACKWARDS' });
    clock.time = '2026-01-31T09:00:01.000Z';
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ state: 2 });
  });

  it('gives an error of one decision to its caller alone', async () => {
    const log = new SimulatedLog();
    const sut = appenderOn(log);
    const broken = {
      ...add('a'),
      decide: () => {
        throw new TypeError('a bug');
      },
    };
    const [first, second, third] = await Promise.allSettled([
      sut.submit(add('a')),
      sut.submit(broken),
      sut.submit(add('a')),
    ]);
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(decidedOnExactState(log)).toBe(true);
  });

  it('does not write what its caller was told an error about, although its batch waits for another instance', async () => {
    const log = new SimulatedLog();
    const [sut, other] = [appenderOn(log, new SteppingClock(1_500)), appenderOn(log)];
    loseNext(log, 2);
    await sut.submit(add('a'));
    let decisions = 0;
    const broken = {
      ...add('a'),
      decide: (state: number) => {
        decisions += 1;
        if (decisions === 1) throw new TypeError('a bug');
        return [{ action: 'callback.received' as const, data: { seen: state } }];
      },
    };
    const answers = Promise.allSettled([sut.submit(broken), sut.submit(add('a'))]);
    for (let turn = 0; turn < 4; turn++) await later(undefined);
    await other.submit(add('b'));
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(decisions).toBe(1);
    expect(log.entries.filter(({ subject }) => subject.id === 'a').map(({ data }) => data['seen'])).toEqual([
      0, 1,
    ]);
  });

  it('reads no history of subjects that the log has no entry about', async () => {
    const log = new SimulatedLog();
    const sut = appenderOn(log);
    await Promise.all([sut.submit(add('a')), sut.submit(add('b'))]);
    expect(log.historiesRead).toEqual([]);
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ state: 2 });
    expect(log.historiesRead).toEqual(['a']);
  });

  it('decides on what others wrote, also where nothing comes of it', async () => {
    const log = new SimulatedLog();
    const [sut, other] = [appenderOn(log), appenderOn(log)];
    await sut.submit(add('a'));
    await other.submit(add('b'));
    const { alwaysBegins: _, ...looking } = { ...add('b'), decide: () => [] };
    await expect(sut.submit(looking)).resolves.toEqual({ state: 1, own: [] });
    const { alwaysBegins: __, ...refusing } = {
      ...add('b'),
      decide: (state: number): EntryDraft[] => {
        throw new Error(`the state is ${state}`);
      },
    };
    await expect(sut.submit(refusing)).rejects.toThrow('the state is 1');
  });

  it('reads every history on a log that it did not see grow, until it knows the subjects', async () => {
    const log = new SimulatedLog();
    await appenderOn(log).submit(add('a'));
    const sut = appenderOn(log);
    await expect(sut.submit(add('b'))).resolves.toMatchObject({ state: 1 });
    expect(log.historiesRead).toEqual(['b']);
    await later(undefined);
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ state: 2 });
    await expect(sut.submit(add('c'))).resolves.toMatchObject({ state: 1 });
    expect(log.historiesRead).toEqual(['b', 'a']);
  });

  it('leaves no trace of a command whose entry is too large', async () => {
    const log = new SimulatedLog();
    const sut = appenderOn(log);
    const large = {
      ...add('a'),
      decide: () => [{ action: 'callback.received' as const, data: { text: 'x'.repeat(40_000) } }],
    };
    const answers = await Promise.allSettled([sut.submit(large), sut.submit(add('a'))]);
    expect(answers[0]).toMatchObject({ status: 'rejected', reason: { name: 'LeafTooLargeError' } });
    expect(answers[1]).toMatchObject({ status: 'fulfilled', value: { state: 1, own: [0] } });
  });

  it('answers 503 when the queue is full and takes commands again afterwards', async () => {
    const log = new SimulatedLog();
    const sut = new Appender(log, new StoppedClock(), silent, { ...options, queueLimit: 2 });
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => sut.submit(add('a'))));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { code: 'OVERLOADED', extras: { retryAfterSeconds: 1 } } });
    await expect(sut.submit(add('a'))).resolves.toMatchObject({ state: 3 });
  });

  it('tells callers to try again when the database does not come back in time', async () => {
    const log = new SimulatedLog(Array.from({ length: 1_000 }, (): Fault => 'LOST_REQUEST'));
    const sut = new Appender(log, new StoppedClock(), silent, { ...options, commitTimeoutMs: 50 });
    const failure = await sut.submit(add('a')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Problem);
    expect(failure).toMatchObject({ code: 'DATABASE_UNAVAILABLE', extras: { retryAfterSeconds: 2 } });
    await sut.stop();
  });

  it('answers only when the attachments are durable, whatever is lost on the way', async () => {
    const fault = fc.constantFrom<Fault>(
      'NONE',
      'LOST_REQUEST',
      'LOST_ANSWER',
      'WRITTEN_IN_PART',
      'ELECTION',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 6 }), fc.nat(2), async (faults, unable) => {
        const log = new SimulatedLog([...faults]);
        log.unable = unable;
        const sut = appenderOn(log);
        const answers = ['a', 'b', 'c', 'a'].map(async (subject) => {
          const attachment = { store: log.store, item: 'bytes' };
          const command = {
            ...add(subject),
            decide: () => [{ action: 'callback.received' as const, data: {}, attachment }],
            answer: (state: number, own: readonly LogEntry[]) => ({
              isInState: state > 0,
              isDurable: own.map(({ id }) => log.hasDurably(id)),
            }),
          };
          expect(await sut.submit(command)).toEqual({ isInState: true, isDurable: [true] });
        });
        await Promise.all(answers);
      }),
    );
  });

  it('stores attachments before the entry that refers to them, under its id', async () => {
    const log = new SimulatedLog(['LOST_REQUEST']);
    const stored: { id: string; sizeOfLog: number }[] = [];
    const store = {
      putAll: (attachments: readonly { entryId: string }[]) => {
        for (const { entryId } of attachments) stored.push({ id: entryId, sizeOfLog: log.entries.length });
        return Promise.resolve('1');
      },
    };
    const command = {
      ...add('a'),
      decide: () => [
        { action: 'callback.received' as const, data: {}, attachment: { store, item: 'bytes' } },
      ],
    };
    await appenderOn(log).submit(command);
    const id = log.entries[0]?.id;
    expect(stored).toEqual([{ id, sizeOfLog: 0 }]);
  });

  it('answers although a projection fails, because the log has it', async () => {
    const failures: unknown[] = [];
    const log = new SimulatedLog();
    const projection = {
      put: () => Promise.reject(new Error('projection down')),
      projectedUpTo: () => Promise.resolve(new Map<string, number>()),
      idsAfter: () => Promise.resolve([]),
      drop: () => Promise.resolve(),
    };
    const sut = appenderOn(log, undefined, { ...silent, projectionFailed: (error) => failures.push(error) });
    await expect(sut.submit({ ...add('a'), stream: { ...counter, projection } })).resolves.toMatchObject({
      state: 1,
    });
    expect(failures).toHaveLength(1);
  });

  it('finishes what it has taken before it stops, and takes nothing more', async () => {
    const log = new SimulatedLog();
    const sut = appenderOn(log);
    const taken = sut.submit(add('a'));
    await sut.stop();
    await expect(taken).resolves.toMatchObject({ state: 1 });
    await expect(sut.submit(add('a'))).rejects.toMatchObject({ code: 'OVERLOADED' });
  });
});
