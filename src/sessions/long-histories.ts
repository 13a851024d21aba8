import type { SessionFold } from './session-change.ts';

/**
 * Remembers folds of sessions with many entries, so that a reader who goes on where it stopped folds each
 * entry once and not once a page. Short histories are not worth it: they are read anew.
 */
export class LongHistories {
  /** By session; each reader leaves the fold at which it stopped. The longest unused session comes first. */
  private readonly folds = new Map<string, SessionFold[]>();
  private entries = 0;

  /**
   * @param isLongFrom entries that make a history a long one
   * @param capacity entries that the remembered folds may have together; one fold may exceed it alone
   */
  constructor(
    private readonly isLongFrom: number,
    private readonly capacity: number,
  ) {}

  /** The latest fold that has no entry at or behind the index. */
  find(uuid: string, before: number): SessionFold | null {
    const folds = this.folds.get(uuid) ?? [];
    return folds.findLast(({ lastIndex }) => lastIndex < before) ?? null;
  }

  /** @param base the fold that it was made from, which it replaces */
  remember(fold: SessionFold, base: SessionFold | null): void {
    if (fold.entries < this.isLongFrom) return;
    const others = this.take(fold.uuid).filter(
      (other) => other !== base && other.lastIndex !== fold.lastIndex,
    );
    const folds = [...others, fold].sort((a, b) => a.lastIndex - b.lastIndex);
    this.folds.set(fold.uuid, folds);
    this.entries += sizeOf(folds);
    for (const unused of this.folds.keys()) {
      if (this.entries <= this.capacity || unused === fold.uuid) break;
      this.take(unused);
    }
  }

  private take(uuid: string): SessionFold[] {
    const folds = this.folds.get(uuid) ?? [];
    this.folds.delete(uuid);
    this.entries -= sizeOf(folds);
    return folds;
  }
}

function sizeOf(folds: readonly SessionFold[]): number {
  return folds.reduce((sum, { entries }) => sum + entries, 0);
}
