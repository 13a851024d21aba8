/**
 * Spaces requests evenly and holds all of them back while the vendor asks for it. Times are milliseconds on
 * one monotonic scale that the caller chooses.
 */
export class RequestPace {
  private readonly intervalMs: number;
  private nextAt = 0;

  constructor(requestsPerSecond: number) {
    this.intervalMs = 1000 / requestsPerSecond;
  }

  /**
   * Takes the next turn.
   * @returns milliseconds to wait for it; null, and no turn is taken, where it comes later than `latestAt`
   */
  take(now: number, latestAt: number): number | null {
    const at = Math.max(now, this.nextAt);
    if (at > latestAt) return null;
    this.nextAt = at + this.intervalMs;
    return at - now;
  }

  /** Gives no turn before `at`. An earlier pause that lasts longer stays. */
  pauseUntil(at: number): void {
    this.nextAt = Math.max(this.nextAt, at);
  }
}
