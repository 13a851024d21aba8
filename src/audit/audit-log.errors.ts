import { Problem } from '../platform/http/problem.ts';

/** More commands wait than the queue may hold. */
export const queueFull = (): Problem =>
  new Problem('OVERLOADED', 'Try again shortly.', { retryAfterSeconds: 1 });

/** A command was not committed in time. Whether it still will be is open, so the caller must ask again. */
export const commitTimedOut = (cause: unknown): Problem =>
  new Problem(
    'DATABASE_UNAVAILABLE',
    'Try again shortly; repeating the call is safe.',
    { retryAfterSeconds: 2 },
    { cause },
  );

/** The clock is behind the newest entry by more than the tolerance; entries would lie about their time. */
export const clockBackwards = (): Problem =>
  new Problem('CLOCK_BACKWARDS', 'Correct the clock of the service.', { retryAfterSeconds: 30 });

/** The log is not what was signed for it. An engineer must look before anything is added. */
export const logDiverged = (cause: Error): Problem =>
  new Problem(
    'LOG_DIVERGED',
    'Tell the team that runs the service; /health/ready names the cause.',
    { retryAfterSeconds: 60 },
    { cause },
  );
