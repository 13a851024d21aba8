import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SystemClock } from '../../src/platform/clock.ts';
import { type SeededRandom, seededRandom } from '../simulator/seeded-random.ts';
import { aCommand, AuditedLog, type Instance } from './support/audited-log.ts';
import { Auditor, type Verdict } from './support/auditor.ts';

const LOGS = 100;
const INSTANCES = 3;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekyc-auditor-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('100 untouched logs, each written by 3 instances at once, raise no alarm, not even while they grow', async () => {
  const alarms: Verdict[] = [];
  let verifications = 0;
  for (let n = 0; n < LOGS; n++) {
    const verdicts = await writeAndVerify(seededRandom(`false alarm ${n}`));
    verifications += verdicts.length;
    alarms.push(...verdicts.filter(({ exitCode }) => exitCode !== 0));
  }
  expect(alarms).toEqual([]);
  expect(verifications).toBeGreaterThanOrEqual(2 * LOGS);
}, 280_000);

/** What an auditor finds again and again in a log that three instances write and sign at once. */
async function writeAndVerify(random: SeededRandom): Promise<Verdict[]> {
  const log = await AuditedLog.open(new SystemClock());
  try {
    const instances = Array.from({ length: INSTANCES }, () => log.instance());
    const [first] = instances as [Instance, ...Instance[]];
    const own = await mkdtemp(join(folder, 'log-'));
    const auditor = new Auditor(own, log.uri, first.keys.vkeys[0]!, () => log.clock.now());
    const verdicts: Verdict[] = [];
    await first.checkpointer.integrate();
    let writing = true;
    const beside = [
      ...instances.map(async ({ checkpointer }) => {
        while (writing) await checkpointer.integrate();
      }),
      (async () => {
        while (writing) verdicts.push(await auditor.verifyAgain());
      })(),
    ];
    const counts = await Promise.all(instances.map(({ appender }, k) => write(appender, k, random)));
    writing = false;
    await Promise.all(beside);
    await first.checkpointer.integrate();
    verdicts.push(await auditor.verifyAgain());
    expect(await auditor.trusted()).toMatchObject({ size: counts.reduce((sum, count) => sum + count) });
    return verdicts;
  } finally {
    await log.close();
  }
}

/** Writes some batches; returns how many entries they were. */
async function write(appender: Instance['appender'], k: number, random: SeededRandom): Promise<number> {
  let written = 0;
  for (let batch = random.integer(1, 5); batch > 0; batch--) {
    const commands = Array.from({ length: random.integer(1, 40) }, () => aCommand(written++ * INSTANCES + k));
    await Promise.all(commands.map((command) => appender.submit(command)));
  }
  return written;
}
