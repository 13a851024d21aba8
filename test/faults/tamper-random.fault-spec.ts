import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Divergence } from '../../src/verifier/verdict.ts';
import { pinLogKey } from '../../src/verifier/note.ts';
import type { LogSource } from '../../src/verifier/source.ts';
import { verifyLog } from '../../src/verifier/verify-log.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { Attacker } from './support/attacker.ts';
import { AuditedLog, MovableClock } from './support/audited-log.ts';
import { Auditor } from './support/auditor.ts';
import { mutate } from './support/mutations.ts';
import { readStoredLog, sourceOf, type StoredLog } from './support/stored-log.ts';

const ENTRIES = 10_000;
const PER_CHECKPOINT = 250;
const SEED = process.env['TAMPER_SEED'] ?? '2026';

let log: AuditedLog;
let vkey: string;
let untouched: StoredLog;

beforeAll(async () => {
  log = await AuditedLog.open(new MovableClock());
  vkey = log.instance().keys.vkeys[0]!;
  const service = log.instance();
  for (let sealed = 0; sealed < ENTRIES; sealed += PER_CHECKPOINT) {
    await log.append(PER_CHECKPOINT, service);
    await service.checkpointer.integrate();
  }
  untouched = await readStoredLog(log.db);
}, 120_000);
afterAll(() => log.close());

/** What the verifier says of a log, without any trusted state. */
async function outcome(source: LogSource): Promise<{ case: string; from: number; to: number }> {
  const nobody = { trusted: null, witnesses: [], quorum: 0, maxAgeSeconds: null, now: 0 };
  try {
    await verifyLog(source, { logKeys: [pinLogKey(vkey)], ...nobody });
    return { case: 'VERIFIED', from: -1, to: -1 };
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const { index = -1, through = index } = error.finding;
    return { case: error.case, from: index, to: through };
  }
}

it('a log of 10,000 entries is verified as it was written', async () => {
  expect(untouched.audit_log).toHaveLength(ENTRIES);
  expect(await outcome(sourceOf(untouched))).toMatchObject({ case: 'VERIFIED' });
});

it('each of 1,000 random changes is found, and where it was made', async () => {
  const missed: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    const { what, log: changed, place } = mutate(untouched, seededRandom(`${SEED}/${n}`));
    const found = await outcome(sourceOf(changed));
    const isThere = place === null || (found.from <= place && place <= found.to);
    if (found.case === 'VERIFIED' || !isThere) {
      missed.push(`change ${n}, ${what} at ${place}: ${found.case} at ${found.from} to ${found.to}`);
    }
  }
  expect(missed).toEqual([]);
}, 180_000);

it('30 of them are found in the database by the command, as they were outside of it', async () => {
  const auditor = new Auditor('', log.uri, vkey, () => log.clock.now());
  const attacker = new Attacker(log.db);
  await attacker.dropIndexes();
  for (let n = 0; n < 30; n++) {
    const { what, log: changed } = mutate(untouched, seededRandom(`${SEED}/database/${n}`));
    const expected = await outcome(sourceOf(changed));
    await attacker.put(untouched, changed);
    expect({ n, what, ...(await auditor.verify()) }).toMatchObject({ case: expected.case });
    await attacker.put(changed, untouched);
  }
  expect(await auditor.verify()).toMatchObject({ case: 'VERIFIED', exitCode: 0 });
}, 180_000);
