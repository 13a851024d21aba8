import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { WorkLimit } from './work-limit.ts';

describe(WorkLimit.name, () => {
  it('lets the next piece of work start, in order, only when an earlier one ended or failed', async () => {
    const limit = new WorkLimit(2);
    const started: number[] = [];
    const works = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const runs = works.map(({ promise }, n) =>
      limit
        .run(() => {
          started.push(n);
          return promise;
        })
        .catch(() => undefined),
    );
    await nextTurn();
    expect(started).toEqual([0, 1]);

    works[1]!.reject(new Error('failed'));
    await nextTurn();
    expect(started).toEqual([0, 1, 2]);

    works.forEach(({ resolve }) => resolve());
    await Promise.all(runs);
    expect(started).toEqual([0, 1, 2, 3]);
    expect(await limit.run(() => Promise.resolve('free again'))).toBe('free again');
  });
});
