import { Injectable } from '@nestjs/common';

/** A stretch of the log, `until` excluded. */
export interface Range {
  readonly from: number;
  readonly until: number;
}

/** Which entries this instance has projected itself, so that the catch-up need not look at them. */
@Injectable()
export class ProjectedRanges {
  private ranges: Range[] = [];
  private forgotten = 0;

  /** Forgets them all: the database may have. */
  forget(): void {
    this.ranges = [];
    this.forgotten += 1;
  }

  /**
   * To be called when a projection begins.
   * @returns adds a stretch when it is projected, unless everything was forgotten since
   */
  begin(): (from: number, until: number) => void {
    const { forgotten } = this;
    return (from, until) => {
      if (forgotten === this.forgotten) this.add(from, until);
    };
  }

  add(from: number, until: number): void {
    if (until <= from) return;
    const last = this.ranges.at(-1);
    // Our own batches follow each other unless another instance wrote between them.
    if (last?.until === from) this.ranges[this.ranges.length - 1] = { from: last.from, until };
    else this.ranges.push({ from, until });
  }

  /** Forgets what ends before an entry; it is projected in any case. */
  forgetBefore(index: number): void {
    this.ranges = this.ranges.filter(({ until }) => until > index);
  }

  /** What was projected and not forgotten. */
  get all(): readonly Range[] {
    return this.ranges;
  }

  /**
   * The stretches of `[from, until)` that neither this instance has projected nor others; forgets everything before
   * `from`.
   */
  gapsIn(from: number, until: number, ofOthers: readonly Range[] = []): Range[] {
    this.forgetBefore(from);
    const gaps: Range[] = [];
    let next = from;
    for (const range of [...this.ranges, ...ofOthers].sort((a, b) => a.from - b.from)) {
      if (range.from >= until) break;
      if (range.from > next) gaps.push({ from: next, until: range.from });
      next = Math.max(next, range.until);
    }
    if (next < until) gaps.push({ from: next, until });
    return gaps;
  }
}
