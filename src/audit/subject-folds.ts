import type { LogEntry } from './format/leaf.ts';
import type { Fold, Stream, StreamSubject } from './stream.ts';

type SubjectFold = StreamSubject & Fold<unknown>;

/** The states of some subjects, folded from the log and moving on as entries are added. */
export class SubjectFolds {
  private readonly folds = new Map<string, SubjectFold>();

  /** @param history entries about the subjects, in log order; entries about others are passed over. */
  constructor(subjects: Iterable<StreamSubject>, history: readonly LogEntry[]) {
    for (const { stream, id } of subjects) {
      const state = stream.initial(id);
      this.folds.set(keyOf(stream.subjectType, id), { stream, id, state, lastIndex: -1, isNew: true });
    }
    this.learn(history);
  }

  /** The same states, to be moved on without moving these. */
  copy(): SubjectFolds {
    const copy = new SubjectFolds([], []);
    for (const [key, fold] of this.folds) copy.folds.set(key, fold);
    return copy;
  }

  /** Folds what others have written, in log order; entries about other subjects and known ones are passed over. */
  learn(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const key = keyOf(entry.subject.type, entry.subject.id);
      const fold = this.folds.get(key);
      if (fold === undefined || entry.index <= fold.lastIndex) continue;
      const state = fold.stream.evolve(fold.state, entry);
      this.folds.set(key, { ...fold, state, lastIndex: entry.index, isNew: false });
    }
  }

  of({ stream, id }: StreamSubject): Fold<unknown> {
    return this.get(stream.subjectType, id);
  }

  /** Folds entries of one subject; all of them or, if one throws, none. */
  advance(entries: readonly LogEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const { type, id } = last.subject;
    const fold = this.get(type, id);
    const state = entries.reduce((before, entry) => fold.stream.evolve(before, entry), fold.state);
    this.folds.set(keyOf(type, id), { ...fold, state, lastIndex: last.index });
  }

  /** Writes the projections of these subjects, each once. */
  async project(subjects: Iterable<StreamSubject>, alsoEqual = false): Promise<void> {
    const byStream = new Map<Stream<unknown>, Map<string, Fold<unknown>>>();
    for (const { stream, id } of subjects) {
      const { state, lastIndex, isNew = false } = this.get(stream.subjectType, id);
      const ofStream = byStream.get(stream) ?? new Map<string, Fold<unknown>>();
      byStream.set(stream, ofStream.set(id, { id, state, lastIndex, isNew }));
    }
    for (const [stream, ofStream] of byStream)
      await stream.projection?.put([...ofStream.values()], alsoEqual);
  }

  private get(type: string, id: string): SubjectFold {
    const fold = this.folds.get(keyOf(type, id));
    if (fold === undefined) throw new Error(`no fold for a subject of type ${type}`);
    return fold;
  }
}

function keyOf(type: string, id: string): string {
  return `${type}/${id}`;
}
