import type { PlannedEntry } from './batch.ts';

/** A leaf at its place in the log. */
export interface PlacedLeaf {
  readonly index: number;
  readonly at: Date;
  readonly leaf: Buffer;
}

/** More than is committed in the time in which the tree takes them in, several times a second. */
const MAX_LEAVES = 4_096;

/**
 * The leaves that this instance has committed of late, for the tree: it need not read again what was just
 * written. That also binds what is signed to what was acknowledged: a leaf that is altered in the database
 * before the next checkpoint contradicts that checkpoint.
 */
export class OwnLeaves {
  private leaves: PlacedLeaf[] = [];

  /** Takes entries that are committed; later calls have higher indexes. */
  add(entries: readonly PlannedEntry[]): void {
    for (const { entry, leaf } of entries) {
      this.leaves.push({ index: entry.index, at: new Date(entry.at), leaf });
    }
    // Another instance grows the tree, or it is behind; whoever comes to it reads them.
    if (this.leaves.length > MAX_LEAVES) this.leaves = this.leaves.slice(-MAX_LEAVES / 2);
  }

  /** Gives out the leaves from `index` on without a gap, and forgets them and everything before them. */
  takeFrom(index: number): PlacedLeaf[] {
    const first = this.leaves.findIndex((leaf) => leaf.index >= index);
    const known = first < 0 ? [] : this.leaves.slice(first);
    const gap = known.findIndex((leaf, place) => leaf.index !== index + place);
    const run = gap < 0 ? known : known.slice(0, gap);
    this.leaves = known.slice(run.length);
    return run;
  }

  /** Index of the first that was not given out; null if all were. */
  get next(): number | null {
    return this.leaves[0]?.index ?? null;
  }

  /** Forgets them all; whoever comes to them reads them. */
  forget(): void {
    this.leaves = [];
  }
}
