import { AsyncLocalStorage } from 'node:async_hooks';

const correlationIds = new AsyncLocalStorage<string>();

/** Whatever is logged on behalf of the request, however deep, bears its correlation id. */
export function inRequest(correlationId: string, proceed: () => void): void {
  correlationIds.run(correlationId, proceed);
}

/** For the log: names the request that a line belongs to, unless the line does so itself. */
export function requestOf(line: object): object {
  const correlationId = correlationIds.getStore();
  return correlationId === undefined || 'correlationId' in line ? {} : { correlationId };
}
