/** Of the time, what a count in the background may take. */
const SHARE = 0.01;

/**
 * Holds back what is done regularly and takes the longer the more there is of something: of all times it takes a
 * hundredth. A count of what waits must not slow down what works it off.
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
    try {
      await work();
    } finally {
      const endedMs = this.nowMs();
      this.nextFromMs = endedMs + (endedMs - startedMs) * (1 / SHARE - 1);
    }
  }
}
