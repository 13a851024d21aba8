/** One measurement that the load generator is asked for. */
export interface Job {
  readonly targets: readonly Target[];
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Processes whose CPU time is told for the seconds that count. */
  readonly pids: readonly number[];
}

/** What one server is sent, over and over, by this many connections. */
export interface Target {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** `{uuid}` in path and body becomes another one with each request. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  /** Taken in turn; without them every request gets a uuid that nobody has used before. */
  readonly uuids?: readonly string[];
}

/** What was seen in the seconds that count, at all targets together. */
export interface Measured {
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds from a request to the end of its answer. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 200 by status and failed requests by cause, warm-up included. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers 200, warm-up included. */
  readonly acknowledged: number;
  /** CPU milliseconds of each asked process, in the order asked; null where the system doesn't tell. */
  readonly cpuMs: readonly (number | null)[];
  /** Of the load generator itself. */
  readonly ownCpuMs: number;
  /** Start and end, microseconds of the monotonic clock. */
  readonly window: readonly [number, number];
}
