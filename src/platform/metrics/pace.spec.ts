import { beforeEach, describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';

describe(Pace.name, () => {
  let nowMs: number;
  let runs: number;
  let sut: Pace;

  beforeEach(() => {
    nowMs = 0;
    runs = 0;
    sut = new Pace(() => nowMs);
  });

  const takes = (ms: number) => () => {
    runs += 1;
    nowMs += ms;
    return Promise.resolve();
  };

  it('does what takes no time whenever it is asked to', async () => {
    await sut.run(takes(0));
    await sut.run(takes(0));
    expect(runs).toBe(2);
  });

  it('waits for a hundred times as long as it took last', async () => {
    await sut.run(takes(70));
    nowMs = 6_999;
    await sut.run(takes(10));
    expect(runs).toBe(1);
    nowMs = 7_000;
    await sut.run(takes(10));
    expect(runs).toBe(2);
    nowMs = 8_000;
    await sut.run(takes(10));
    expect(runs).toBe(3);
  });

  it('does not begin before the last time is over', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = sut.run(() => promise);
    await sut.run(takes(0));
    expect(runs).toBe(0);
    resolve();
    await first;
    await sut.run(takes(0));
    expect(runs).toBe(1);
  });

  it('waits for no more than a minute', async () => {
    await sut.run(takes(20_000));
    nowMs = 79_999;
    await sut.run(takes(0));
    expect(runs).toBe(1);
    nowMs = 80_000;
    await sut.run(takes(0));
    expect(runs).toBe(2);
  });

  it('goes on at once after work that failed, however long that took', async () => {
    const fails = () => {
      nowMs += 20_000;
      return Promise.reject(new Error('down'));
    };
    await expect(sut.run(fails)).rejects.toThrow('down');
    await sut.run(takes(0));
    expect(runs).toBe(1);
  });
});
