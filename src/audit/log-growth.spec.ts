import { afterEach, describe, expect, it } from '@jest/globals';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';
import { LogGrowth } from './log-growth.service.ts';

const LONG_MS = 30_000;
const nobody = () => new AbortController().signal;

/** A log that other instances write to, which only a look at its head shows. */
class Scene {
  size = 5;
  looks = 0;
  away = false;
  commit: (size: number) => void = () => undefined;
  readonly sut = new LogGrowth(
    {
      readHead: () => {
        this.looks += 1;
        if (this.away) return Promise.reject(new Error('away'));
        return Promise.resolve({ next: this.size, at: '' });
      },
    } as unknown as AuditLogRepository,
    { onCommitted: (listen: (size: number) => void) => (this.commit = listen) } as unknown as AuditLog,
  );
}

describe(LogGrowth.name, () => {
  let scene: Scene;
  const open = () => (scene = new Scene()).sut;
  afterEach(() => scene.sut.onModuleDestroy());

  it('wakes those who wait at once when this instance commits, without a look at the log', async () => {
    const sut = open();
    const waits = [sut.beyond(5, LONG_MS, nobody()), sut.beyond(6, LONG_MS, nobody())];
    scene.commit(7);
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(scene.looks).toBe(0);
    expect(sut.heardOf).toBe(7);
  });

  it('lets those sleep on who have seen what was committed', async () => {
    const sut = open();
    const wait = sut.beyond(6, LONG_MS, nobody());
    scene.commit(6);
    expect(sut.waiters).toBe(1);
    scene.commit(7);
    expect(await wait).toBe(true);
  });

  it('lets nobody wait for what it has heard of already', async () => {
    const sut = open();
    scene.commit(7);
    expect(await sut.beyond(6, LONG_MS, nobody())).toBe(true);
    expect(scene.looks).toBe(0);
  });

  it('finds by one look for all what other instances commit', async () => {
    const sut = open();
    const waits = Array.from({ length: 50 }, () => sut.beyond(5, LONG_MS, nobody()));
    scene.size = 6;
    expect(await Promise.all(waits)).toEqual(Array(50).fill(true));
    expect(scene.looks).toBe(1);
  });

  it('ends a wait when its time is over, when nobody listens any more, and when the service stops', async () => {
    const sut = open();
    expect(await sut.beyond(5, 1, nobody())).toBe(false);

    const gone = new AbortController();
    const abandoned = sut.beyond(5, LONG_MS, gone.signal);
    gone.abort();
    expect(await abandoned).toBe(false);
    expect(await sut.beyond(5, LONG_MS, gone.signal)).toBe(false);

    const last = sut.beyond(5, LONG_MS, nobody());
    sut.onModuleDestroy();
    expect(await last).toBe(false);
    expect(await sut.beyond(5, LONG_MS, nobody())).toBe(false);
    expect(sut.waiters).toBe(0);
  });

  it('tells those who wait that the log can not be read', async () => {
    const sut = open();
    scene.away = true;
    await expect(sut.beyond(5, LONG_MS, nobody())).rejects.toThrow('away');
    scene.away = false;
    scene.size = 6;
    expect(await sut.beyond(5, LONG_MS, nobody())).toBe(true);
  });
});
