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

  it('goes on after work that failed', async () => {
    await expect(sut.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await sut.run(takes(0));
    expect(runs).toBe(1);
  });
});
