/**
 * Preloaded into a service (`NODE_OPTIONS=--import …`): its clock is a day slow. What it writes lies in the past
 * for the next instance, as it does after a night; only so does a test get a day that is over.
 */
const DAY_MS = 86_400_000;

globalThis.Date = new Proxy(Date, {
  construct: (date, values: unknown[], newTarget) =>
    values.length === 0
      ? new date(date.now() - DAY_MS)
      : (Reflect.construct(date, values, newTarget) as Date),
  get: (date, name): unknown =>
    name === 'now' ? () => date.now() - DAY_MS : (Reflect.get(date, name) as unknown),
});
