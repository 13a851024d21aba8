import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `condition` gives a truthy value and returns it; for what happens outside the test's control. */
export async function eventually<T>(condition: () => T | Promise<T>, withinMs = 20_000): Promise<T & {}> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    if (performance.now() > deadline) {
      throw new Error(`Not within ${withinMs} ms: ${condition.toString()}`);
    }
    await delay(20);
  }
}
