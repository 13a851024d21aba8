import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KnownSubjects } from './known-subjects.ts';

interface Entry {
  readonly index: number;
  readonly subject: { readonly type: string; readonly id: string };
}

/** A log that shows only its first `visible` entries, as a member that was just elected may. */
class SimulatedLog {
  readonly entries: Entry[] = [];
  visible = Infinity;
  failures = 0;
  reads = 0;

  write(...ids: string[]): void {
    for (const id of ids) this.entries.push({ index: this.entries.length, subject: { type: 'session', id } });
  }

  async *subjectsBefore(next: number): AsyncGenerator<string> {
    for (const { subject } of await this.readSubjectsIn(0, next)) yield subject.id;
  }

  async readSubjectsIn(from: number, until: number): Promise<Entry[]> {
    this.reads += 1;
    await turn();
    if (this.failures-- > 0) throw new Error('network');
    return this.entries.slice(from, Math.min(until, this.visible));
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function untilRead(sut: KnownSubjects, next: number): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) {
    sut.among([], next);
    await turn();
  }
}

describe(KnownSubjects.name, () => {
  it('tells new subjects from those that were added', () => {
    const sut = new KnownSubjects(new SimulatedLog(), () => undefined);
    const log = new SimulatedLog();
    expect(sut.among(['a', 'b'], 0)).toEqual([]);
    log.write('a');
    sut.add(0, ['a']);
    expect(sut.among(['a', 'b'], 1)).toEqual(['a']);
  });

  it('takes all for known until it has read what was there before', async () => {
    const log = new SimulatedLog();
    log.write('a', 'b');
    const sut = new KnownSubjects(log, () => undefined);
    expect(sut.among(['a', 'c'], 2)).toEqual(['a', 'c']);
    await untilRead(sut, 2);
    expect(sut.among(['a', 'c'], 2)).toEqual(['a']);
  });

  it('takes all for known while it lacks entries of others, and reads only those', async () => {
    const log = new SimulatedLog();
    const sut = new KnownSubjects(log, () => undefined);
    log.write('a');
    sut.add(0, ['a']);
    log.write(...Array.from({ length: 2_500 }, () => 'b'));
    log.write('c');
    sut.add(2_501, ['c']);
    expect(sut.among(['a', 'b', 'c', 'd'], 2_502)).toEqual(['a', 'b', 'c', 'd']);
    await untilRead(sut, 2_502);
    expect(sut.among(['a', 'b', 'c', 'd'], 2_502)).toEqual(['a', 'b', 'c']);
    expect(log.reads).toBe(3);
  });

  it('takes all for known, says so once and stops asking when the log does not show all that it has', async () => {
    const failures: unknown[] = [];
    const log = new SimulatedLog();
    log.write('a', 'b', 'c');
    log.visible = 2;
    const sut = new KnownSubjects(log, (error) => failures.push(error));
    await untilRead(sut, 3);
    expect(sut.among(['c', 'd'], 3)).toEqual(['c', 'd']);
    expect(failures).toEqual([new Error('the log shows 2 of its 3 entries')]);
    expect(log.reads).toBe(1);
  });

  it('notices a gap in what it reads later', async () => {
    const failures: unknown[] = [];
    const log = new SimulatedLog();
    const sut = new KnownSubjects(log, (error) => failures.push(error));
    log.write('a');
    sut.add(0, ['a']);
    log.write('b', 'c', 'd');
    log.entries.splice(2, 1);
    await untilRead(sut, 4);
    expect(sut.among(['z'], 4)).toEqual(['z']);
    expect(failures).toEqual([new Error('the log shows no entry 2, although it has 4')]);
  });

  it('ends its reading when it is stopped', async () => {
    const log = new SimulatedLog();
    log.write(...Array.from({ length: 100 }, (_, n) => `s${n}`));
    const sut = new KnownSubjects(log, () => undefined);
    sut.among([], 100);
    sut.stop();
    await untilRead(sut, 100);
    expect(sut.among(['new'], 100)).toEqual(['new']);
  });

  it('never takes a known subject for new, whoever writes and whatever fails', async () => {
    const step = fc.record({
      by: fc.constantFrom('US', 'OTHERS', 'OTHERS_AND_WE_LEARN'),
      ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.array(step, { maxLength: 12 }), async (before, steps) => {
        const log = new SimulatedLog();
        log.write(...'abcdef'.slice(0, before));
        const sut = new KnownSubjects(log, () => undefined);
        for (const { by, ids, fails } of steps) {
          if (fails) log.failures = 1;
          const known = log.entries.map(({ subject }) => subject.id);
          const all = [...'abcdef'];
          expect(sut.among(all, log.entries.length)).toEqual(expect.arrayContaining([...new Set(known)]));
          const from = log.entries.length;
          log.write(...ids);
          if (by !== 'OTHERS') sut.add(from, ids);
          await turn();
        }
      }),
    );
  });

  it.each([
    ['random', () => randomUUID()],
    ['counted', (n: number) => `session-${n}`],
  ])('takes hardly any new subject for known: %s ids', (_, idOf) => {
    const ids = Array.from({ length: 30_000 }, (__, n) => idOf(n));
    const known = ids.slice(0, 20_000);
    const sut = new KnownSubjects(new SimulatedLog(), () => undefined);
    sut.add(0, known);
    expect(sut.among(ids, known.length)).toEqual(known);
  });
});
