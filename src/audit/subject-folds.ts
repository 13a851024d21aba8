import type { LogEntry } from './format/leaf.ts';
import type { Fold, Stream, StreamSubject } from './stream.ts';

/** The states of some subjects, folded from the log and moving on as entries are added. */
export class SubjectFolds {
  private readonly folds = new Map<string, StreamSubject & Fold<unknown>>();

  /** @param history entries about the subjects, in log order; entries about others are passed over. */
  constructor(subjects: Iterable<StreamSubject>, history: readonly LogEntry[]) {
    for (const { stream, id } of subjects) {
      const state = stream.initial(id);
      this.folds.set(keyOf(stream.subjectType, id), { stream, id, state, lastIndex: -1, isNew: true });
    }
    for (const entry of history) {
      const fold = this.folds.get(keyOf(entry.subject.type, entry.subject.id));
      if (fold === undefined) continue;
      const state = fold.stream.evolve(fold.state, entry);
      this.folds.set(keyOf(fold.stream.subjectType, fold.id), {
        ...fold,
        state,
        lastIndex: entry.index,
        isNew: false,
      });
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

  private get(type: string, id: string): StreamSubject & Fold<unknown> {
    const fold = this.folds.get(keyOf(type, id));
    if (fold === undefined) throw new Error(`no fold for a subject of type ${type}`);
    return fold;
  }
}

function keyOf(type: string, id: string): string {
  return `${type}/${id}`;
}
