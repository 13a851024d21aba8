import { beforeEach, describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import type { Backup } from './support/attacker.ts';
import { aCommand, ORIGIN } from './support/audited-log.ts';
import { FORGED_ID, found, SIZE, TamperScene, VERIFIED, WITNESS } from './support/tamper-scene.ts';

/*
 * What someone can do to a log who also holds its key or an old copy of it. Signatures alone can't show that;
 * what was seen before, the service's own refusal and witnesses can.
 */
const scene = TamperScene.forEachTest();

describe('a truncated log', () => {
  it('is found as long as its newest checkpoint covers more', async () => {
    await scene.attacker.remove(...indexesFrom(450));
    expect(await scene.auditor.verify()).toMatchObject(found('LOG_TOO_SHORT', '450', 18));
  });

  it('that shows an old checkpoint is found by who saw a newer one, and by nobody else', async () => {
    await scene.auditor.verifyAgain();
    await scene.attacker.remove(...indexesFrom(300));
    await scene.log.db.collection('audit_checkpoints').deleteMany({ size: { $gt: 300 } });
    expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
    const verdict = await scene.auditor.verifyAgain();
    expect(verdict).toMatchObject(found('ROLLED_BACK', '300', 30));
    expect(verdict.output).toContain('Evidence 2 of 2');
    expect(await scene.auditor.trusted()).toMatchObject({ size: SIZE });
  });

  it('is found at once by who saw a newer one, even with no checkpoint left', async () => {
    await scene.auditor.verifyAgain();
    await scene.log.db.collection('audit_checkpoints').deleteMany({});
    expect(await scene.auditor.verify()).toMatchObject(found('NO_CHECKPOINT', null, 24));
    expect(await scene.auditor.verifyAgain()).toMatchObject(found('ROLLED_BACK', null, 30));
  });
});

describe('a history rewritten and signed again with the real key', () => {
  const rewrite = async () => {
    await scene.attacker.replace(40, { data: { version: -1 } });
    await scene.attacker.forgetSignatures();
    await scene.log.append(20);
    await scene.log.seal();
  };

  it('is found by who saw the true one, and by nobody else', async () => {
    await scene.auditor.verifyAgain();
    const { checkpoint } = await scene.auditor.trusted();
    await rewrite();
    expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
    const verdict = await scene.auditor.verifyAgain();
    expect(verdict).toMatchObject(found('HISTORY_REWRITTEN', '0 to 599', 31));
    expect(verdict.output).toContain(checkpoint);
  });

  it('is found by anyone while an older checkpoint is still there', async () => {
    await scene.attacker.replace(40, { data: { version: -1 } });
    await scene.attacker.rebuildTiles();
    await scene.attacker.signAgain(SIZE, ORIGIN, scene.signers());
    expect(await scene.auditor.verify()).toMatchObject(found('ROOT_DIFFERS', '0 to 99', 16));
    await scene.attacker.signAgain(100, ORIGIN, scene.signers());
    expect(await scene.auditor.verify()).toMatchObject(found('ROOT_DIFFERS', '100 to 299', 16));
  });

  it('gets no signature of a witness, so who asks for one finds it', async () => {
    await scene.cosign(scene.clock.now());
    expect(await scene.auditor.verify('--witness', WITNESS.vkey)).toMatchObject(VERIFIED);
    await rewrite();
    expect(await scene.auditor.verify('--witness', WITNESS.vkey)).toMatchObject(
      found('TOO_FEW_WITNESSES', null, 40),
    );
  });
});

describe('a fork', () => {
  it('of the same size is found by who saw the other side, with both notes as evidence', async () => {
    const before = await scene.attacker.backUp();
    await scene.log.append(50);
    await scene.log.seal();
    await scene.auditor.verifyAgain();
    const { checkpoint } = await scene.auditor.trusted();

    await scene.attacker.restore(before);
    await scene.log.append(50);
    await scene.log.seal();
    expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
    const verdict = await scene.auditor.verifyAgain();
    expect(verdict).toMatchObject(found('FORKED', '0 to 649', 32));
    expect(verdict.output).toContain(`Evidence 1 of 2:\n${checkpoint}`);
    expect(verdict.output).toContain(`Evidence 2 of 2:\n${ORIGIN}\n650\n`);
  });

  it('within one database is found by anyone', async () => {
    const checkpoints = scene.log.db.collection('audit_checkpoints');
    const newest = await checkpoints.findOne({ size: SIZE }, { promoteValues: false });
    await scene.attacker.replace(550, { data: { version: -1 } });
    await scene.attacker.signAgain(SIZE, ORIGIN, scene.signers());
    await checkpoints.dropIndexes();
    await checkpoints.insertOne({ ...newest, _id: mongo.Long.fromNumber(3) as never });
    expect(await scene.auditor.verify()).toMatchObject(found('FORKED', '0 to 599', 32));
  });
});

describe('a backup that was restored', () => {
  let before: Backup;

  beforeEach(async () => {
    before = await scene.attacker.backUp();
    await scene.log.append(50);
    await scene.log.seal();
    await scene.auditor.verifyAgain();
  });

  const refusal = () => expect(scene.log.instance().checkpointer.onApplicationBootstrap()).rejects;

  it('under the checkpoints is refused by the service and found by anyone', async () => {
    await scene.attacker.restore(before, ['audit_log']);
    await refusal().toMatchObject({ fault: 'LOG_SHORTER_THAN_CHECKPOINT' });
    await expect(scene.log.seal()).rejects.toMatchObject({ fault: 'LOG_SHORTER_THAN_CHECKPOINT' });
    expect(await scene.auditor.verify()).toMatchObject(found('LOG_TOO_SHORT', '600', 18));
  });

  it('under the checkpoints and appended to is refused by the service and found by anyone', async () => {
    await scene.attacker.restore(before, ['audit_log']);
    await scene.log.append(60);
    await refusal().toMatchObject({ fault: 'ROOT_DIFFERS' });
    await expect(scene.log.seal()).rejects.toMatchObject({ fault: 'ROOT_DIFFERS' });
    expect(await scene.auditor.verify()).toMatchObject(found('ROOT_DIFFERS', '600 to 649', 16));
  });

  it('with its checkpoints is found by who saw a newer one', async () => {
    await scene.attacker.restore(before);
    expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
    expect(await scene.auditor.verifyAgain()).toMatchObject(found('ROLLED_BACK', '600', 30));
  });

  it('with its checkpoints and appended to is found by who saw a newer one', async () => {
    await scene.attacker.restore(before);
    await scene.log.append(60);
    await scene.log.seal();
    expect(await scene.auditor.verify()).toMatchObject(VERIFIED);
    expect(await scene.auditor.verifyAgain()).toMatchObject(found('HISTORY_REWRITTEN', '0 to 649', 31));
  });
});

describe('a clock that ran back', () => {
  it('keeps the service from appending, from starting and from signing', async () => {
    scene.clock.move(-60_000);
    await expect(scene.log.instance().appender.submit(aCommand(9_999))).rejects.toMatchObject({
      code: 'CLOCK_BACKWARDS',
    });
    const { checkpointer } = scene.log.instance();
    await expect(checkpointer.onApplicationBootstrap()).rejects.toMatchObject({ fault: 'CLOCK_BACKWARDS' });
    await expect(checkpointer.integrate()).rejects.toMatchObject({ fault: 'CLOCK_BACKWARDS' });
  });

  it('is found at the backdated entry, even where the log is validly signed', async () => {
    const { at } = await scene.attacker.entry(500);
    scene.clock.move(1_000);
    await scene.attacker.insertAt(mongo.Long.fromNumber(SIZE), {
      ...(await scene.attacker.entry(599)),
      id: FORGED_ID,
      at,
    });
    await scene.log.seal();
    expect(await scene.auditor.verify()).toMatchObject(found('TIME_DISORDER', '600', 14));
  });

  it('the other way is found by the time of a witness', async () => {
    await scene.cosign(new Date(Date.parse((await scene.attacker.entry(450)).at) - 61_000));
    expect(await scene.auditor.verify('--witness', WITNESS.vkey)).toMatchObject(
      found('TIME_DISORDER', '450', 14),
    );
  });
});

it('a frozen view is found by the age of the newest cosignature', async () => {
  await scene.cosign(scene.clock.now());
  const asked = ['--witness', WITNESS.vkey, '--max-age', '600'];
  expect(await scene.auditor.verify(...asked)).toMatchObject(VERIFIED);
  scene.clock.move(700_000);
  expect(await scene.auditor.verify(...asked)).toMatchObject(found('STALE_VIEW', null, 41));
});

function indexesFrom(first: number): number[] {
  return Array.from({ length: SIZE - first }, (_, offset) => first + offset);
}
