/** Of the time, what a count in the background may take. */
const SHARE = 0.01;
/** However long it took: figures that nobody refreshes mislead whoever is on call. */
const MAX_WAIT_MS = 60_000;

/**
 * Holds back what is done regularly and takes the longer the more there is of something: of all times it takes a
 * hundredth, and once a minute it is done in any case. A count of what waits must not slow down what works it off.
 */
export class Pace {
  private nextFromMs = -Infinity;

  /** @param nowMs on a monotonic clock */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Does the work unless it is too soon after the last time, or that isn't over yet. Throws what the work throws. */
  async run(work: () => Promise<void>): Promise<void> {
    const startedMs = this.nowMs();
    if (startedMs < this.nextFromMs) return;
    this.nextFromMs = Infinity;
    let waitMs = 0;
    try {
      await work();
      waitMs = Math.min(MAX_WAIT_MS, (this.nowMs() - startedMs) * (1 / SHARE - 1));
    } finally {
      // What failed tells nothing of how long it takes: a database that was away may be back.
      this.nextFromMs = this.nowMs() + waitMs;
    }
  }
}
