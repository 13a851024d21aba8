import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  RuleSetPage,
  RuleSetResponse,
  RuleSetSummaryResponse,
  WarningCodePage,
  WarningCodeResponse,
} from '../../src/conclusion-rules/rule-set-responses.dto.ts';
import type { Rule, RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import { aCallback } from '../simulator/payloads.ts';
import { type Answer, rulesOf } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import {
  clientIdOf,
  runProgram,
  type ServiceProcess,
  startService,
  stopServices,
} from '../support/service-process.ts';

const SETS = '/v1/rule-sets';
const AUTHOR = { 'x-on-behalf-of': 'officer-7' };
const SECOND = { 'x-on-behalf-of': 'officer-8' };
const DEFAULT = JSON.parse(readFileSync('config/rule-sets/default.json', 'utf8')) as RuleSet;

let service: ServiceProcess;
let beside: ServiceProcess;

beforeAll(async () => {
  service = await startService();
  beside = await startService({ beside: service });
});
afterAll(stopServices);

/** The default set under another name, so with a version of its own. */
function named(name: string, changes: Partial<RuleSet> = {}): RuleSet {
  return { ...DEFAULT, name, ...changes };
}

/** Approves only faces that are at least so alike. */
function demanding(similarity: number): RuleSet {
  const minimumSimilarity = { value: similarity, reason: 'For a test.' };
  return named(`At least ${similarity}`, { parameters: { ...DEFAULT.parameters, minimumSimilarity } });
}

const draft = (document: object, at = service) =>
  at.api.send<RuleSetResponse>('POST', SETS, document, AUTHOR);
const read = (version: string, at = service) => at.api.get<RuleSetResponse>(`${SETS}/${version}`);
const approve = (version: string, headers: Record<string, string> = SECOND, at = service) =>
  at.api.call<RuleSetSummaryResponse>('POST', `${SETS}/${version}/approvals`, { headers });
const activate = (version: string, body?: object, at = service): Promise<Answer<RuleSetSummaryResponse>> =>
  body === undefined
    ? at.api.call('POST', `${SETS}/${version}/activation`)
    : at.api.send('POST', `${SETS}/${version}/activation`, body);

async function approved(document: object): Promise<string> {
  const { version } = (await draft(document)).body;
  expect((await approve(version)).status).toBe(201);
  return version;
}

/** The one that is active, which there has to be exactly one of. */
async function active(at = service): Promise<string> {
  const sets = await at.api.all<RuleSetSummaryResponse>(SETS, 2);
  const found = sets.filter(({ status }) => status === 'ACTIVE');
  expect(found).toHaveLength(1);
  return found[0]!.version;
}

const builtIn = async () =>
  (await service.api.all<RuleSetSummaryResponse>(SETS)).find(({ author }) => author === 'ekyc-ledger')!;

/** Delivers a fine result of this similarity and says by which rule set it was concluded, and how. */
async function conclude(uuid: string, similarity: number, at = service) {
  await at.api.deliver(aCallback({ uuid, document: 'CCCD_CHIP', similarity, seed: '7' }));
  const { body } = await at.api.getSession(uuid);
  return { decision: body.decision, by: body.conclusion!.ruleSetVersion, rules: rulesOf(body) };
}

describe('the rule set that came with the service', () => {
  it('is active without any entry, and can be read', async () => {
    expect(await service.api.entries()).toEqual([]);
    const page = (await service.api.get<RuleSetPage>(SETS)).body;
    expect(page).toEqual({
      items: [expect.objectContaining({ name: DEFAULT.name, status: 'ACTIVE', author: 'ekyc-ledger' })],
      nextCursor: null,
    });
    const { version } = page.items[0]!;
    expect((await read(version)).body).toMatchObject({ ...DEFAULT, version, findings: [] });
    expect((await conclude('first', 95)).by).toBe(version);
  });
});

describe('a draft', () => {
  it('can be read back, and what is read can be posted as a new one of the same content', async () => {
    const first = await draft(named('Read back'));
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      status: 'DRAFT',
      author: 'officer-7',
      approvedBy: null,
      activeFrom: null,
    });
    const { version } = first.body;
    const back = (await read(version, beside)).body;
    expect(back).toEqual(first.body);
    const again = await Promise.all([draft(back), draft(back, beside), draft(named('Read back'))]);
    expect(again.map(({ status }) => status)).toEqual([201, 201, 201]);
    const versions = again.map(({ body }) => body.version).toSorted();
    expect(versions).toEqual([`${version}.2`, `${version}.3`, `${version}.4`]);
    expect(new Set(again.map(({ body }) => body.digest))).toEqual(new Set([first.body.digest]));
  });

  it('of the content of the built-in set is another version than that', async () => {
    const { version } = await builtIn();
    expect((await draft(DEFAULT)).body).toMatchObject({ version: `${version}.2`, status: 'DRAFT' });
  });

  it('has the client as author where no person is named', async () => {
    const { body } = await service.as('rules:write').send<RuleSetResponse>('POST', SETS, named('By client'));
    expect(body.author).toBe(clientIdOf('rules:write'));
  });

  const rule = (changes: object): RuleSet => {
    const [first, ...rules] = DEFAULT.rules;
    return named('Faulty', { rules: [{ ...(first as Rule), ...changes }, ...rules] });
  };
  it.each<[string, unknown, string]>([
    ['an unknown fact', rule({ when: { fact: 'moon.phase', op: 'isPresent' } }), 'rules.0.when.fact'],
    [
      'an unknown operator',
      rule({ when: { fact: 'ocr.code', op: 'soundsLike', value: '200' } }),
      'rules.0.when.op',
    ],
    [
      'a value of another type',
      rule({ when: { fact: 'liveness.isLive', op: 'equals', value: 'yes' } }),
      'rules.0.when.value',
    ],
    [
      'an unknown code',
      rule({ when: { fact: 'ocr.code', op: 'equals', value: '999' } }),
      'rules.0.when.value',
    ],
    [
      'a contradiction',
      rule({
        when: {
          all: [
            { fact: 'faceMatch.similarity', op: 'lessThan', value: 10 },
            { fact: 'faceMatch.similarity', op: 'greaterThan', value: 20 },
          ],
        },
      }),
      'rules.0.when',
    ],
    ['an unknown member', { ...named('Faulty'), owner: 'nobody' }, 'body'],
    ['approval of anything', named('Faulty', { approveRequires: [] }), 'approveRequires'],
    ['a list', [], 'body'],
  ])('with %s is refused with its path', async (_, document, path) => {
    const answer = await service.api.send('POST', SETS, document, AUTHOR);
    expect(answer.status).toBe(400);
    expect(answer.problem.errors?.map((error) => error.path)).toContain(path);
  });

  it('is told what the checks warn of', async () => {
    const rules = DEFAULT.rules.filter(({ code }) => code !== 'FC03');
    const { body } = await draft(named('Without FC03', { rules }));
    const finding = {
      severity: 'WARNING',
      code: 'WARNING_CODE_WITHOUT_RULE',
      path: 'rules',
      message: 'no rule asks for the warning FC03',
    };
    expect(body.findings).toEqual([finding]);
    expect((await read(body.version)).body.findings).toEqual([finding]);
  });
});

describe('approval', () => {
  it('is not the author’s, whichever client the author comes through', async () => {
    const { version } = (await draft(named('Four eyes'))).body;
    const byAnother = service
      .as('rules:approve')
      .call('POST', `${SETS}/${version}/approvals`, { headers: { 'x-on-behalf-of': 'Officer-7' } });
    for (const answer of [await approve(version, AUTHOR), await byAnother]) {
      expect(answer).toMatchObject({ status: 403, problem: { code: 'FOUR_EYES' } });
    }
    expect((await approve(version, {})).problem.code).toBe('ON_BEHALF_OF_REQUIRED');
    expect(await activate(version)).toMatchObject({
      status: 409,
      problem: { code: 'RULE_SET_NOT_APPROVED' },
    });
    const answer = await approve(version);
    expect(answer).toMatchObject({ status: 201, body: { status: 'APPROVED', approvedBy: 'officer-8' } });
    expect((await approve(version)).status).toBe(201);
    expect(await approve(version, { 'x-on-behalf-of': 'officer-9' })).toMatchObject({
      status: 409,
      problem: { code: 'RULE_SET_NOT_DRAFT' },
    });
    const entries = await service.api.entries(`subject=${version}`);
    expect(entries.map(({ action, actor }) => [action, actor.id])).toEqual([
      ['rule_set.drafted', 'officer-7'],
      ['rule_set.approved', 'officer-8'],
    ]);
  });

  it('of what is not there is 404, as are reading and activating it', async () => {
    const answers = [await read('nothing'), await approve('nothing'), await activate('nothing')];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 404, problem: { code: 'RULE_SET_NOT_FOUND' } });
    }
  });
});

describe('activation', () => {
  it('changes what both instances conclude, retires the former, and can be taken back at once', async () => {
    const before = await builtIn();
    const strict = await approved(demanding(99));
    expect(await conclude('loose-1', 95)).toMatchObject({ decision: 'APPROVE', by: before.version });

    expect(await activate(strict)).toMatchObject({ status: 201, body: { status: 'ACTIVE' } });
    expect(await active()).toBe(strict);
    expect(await active(beside)).toBe(strict);
    expect(await conclude('strict-1', 95)).toMatchObject({ decision: 'REJECT', by: strict });
    const fromBeside = await eventually(async () => {
      const uuid = `strict-beside-${performance.now()}`;
      const concluded = await conclude(uuid, 95, beside);
      return concluded.by === strict ? concluded : null;
    });
    expect(fromBeside.decision).toBe('REJECT');

    await eventually(async () => (await service.api.entries('action=rule_set.retired')).length > 0);
    expect((await read(before.version)).body).toMatchObject({ status: 'RETIRED', author: 'ekyc-ledger' });

    expect((await activate(before.version)).body.status).toBe('ACTIVE');
    expect(await active()).toBe(before.version);
    expect((await read(strict)).body.status).toBe('RETIRED');
    expect(await conclude('loose-2', 95)).toMatchObject({ decision: 'APPROVE', by: before.version });
  });

  it('at a time takes effect by the time of the conclusion, at every instance', async () => {
    const before = await active();
    const later = await approved(demanding(98));
    const at = new Date(Date.now() + 3_000).toISOString();
    expect((await activate(later, { at })).body.activeFrom).toBe(at);
    const [activated] = await service.api.entries(`subject=${later}&action=rule_set.activated`);
    await conclude('timed-before', 95);
    await eventually(async () => (await active(beside)) === later);
    for (const [n, instance] of [service, beside].entries()) {
      expect((await conclude(`timed-${n}`, 95, instance)).by).toBe(later);
    }
    const concluded = (await service.api.entries('action=conclusion.reached')).filter(
      ({ index }) => index > activated!.index,
    );
    expect(concluded.length).toBeGreaterThanOrEqual(3);
    for (const { at: time, data } of concluded) {
      expect(data['ruleSetVersion']).toBe(time >= at ? later : before);
    }
  });

  it('of two sets at two instances at once leaves exactly one active, the same for both', async () => {
    const [a, b] = [await approved(demanding(90)), await approved(demanding(91))];
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([activate(a), activate(b, undefined, beside)]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect([a, b]).toContain(await active());
      expect(await active(beside)).toBe(await active());
    }
  });

  it('refuses what is no time', async () => {
    const answer = await activate((await builtIn()).version, { at: 'tomorrow' });
    expect(answer).toMatchObject({ status: 400, problem: { errors: [{ path: 'at' }] } });
  });

  it('survives a restart and a rebuild', async () => {
    const strict = await approved(demanding(97));
    await activate(strict);
    const list = await service.api.all<RuleSetSummaryResponse>(SETS);
    await service.db.collection('rule_sets').deleteMany({});
    expect((await runProgram('commands/rebuild.js', service.env)).code).toBe(0);
    expect(await service.api.all<RuleSetSummaryResponse>(SETS)).toEqual(list);
    const restarted = await startService({ beside: service });
    expect(await conclude('after-restart', 95, restarted)).toMatchObject({ decision: 'REJECT', by: strict });
    await restarted.stop();
  });

  it('is refused where the document was altered since it was approved', async () => {
    const before = await active();
    const version = await approved(demanding(60));
    const { digest } = (await read(version)).body;
    const documents = service.db.collection<{ _id: string; text: string }>('rule_set_documents');
    const { text } = (await documents.findOne({ _id: digest }))!;
    await documents.updateOne({ _id: digest }, { $set: { text: text.replace('60', '10') } });
    expect((await activate(version)).status).toBe(500);
    expect(await service.api.entries(`subject=${version}&action=rule_set.activated`)).toEqual([]);
    expect((await conclude('untouched', 50)).by).toBe(before);
    await documents.updateOne({ _id: digest }, { $set: { text } });
    expect((await activate(version)).status).toBe(201);
  });
});

describe('the catalogue of warning codes', () => {
  it('is listed whole, or page by page', async () => {
    const whole = (await service.as('rules:read').get<WarningCodePage>('/v1/warning-codes')).body;
    expect(whole.nextCursor).toBeNull();
    expect(whole.items).toContainEqual({
      code: 'FC03',
      section: 'FRAUD',
      group: { code: 'FC', name: 'ID Fraud Check' },
      english: 'Document has been edited or is colored photocopy',
      vietnamese: 'Photocopy màu hoặc đã bị chỉnh sửa',
      meaning: 'Forged, or no original was shown.',
      sources: ['S', 'V1'],
    });
    expect(await service.api.all<WarningCodeResponse>('/v1/warning-codes', 7)).toEqual(whole.items);
  });
});

describe('a replay', () => {
  const replay = (...args: string[]) => runProgram('commands/replay.js', service.env, args);

  it('reproduces sessions that were concluded under different versions', async () => {
    const versions = new Set<string>();
    for (const [n, similarity] of [85, 75].entries()) {
      const version = await approved(demanding(similarity));
      await activate(version);
      const { by } = await conclude(`replayed-${n}`, 80);
      expect(by).toBe(version);
      versions.add(by);
    }
    await activate((await builtIn()).version);
    const [ofVersion, ...replayed] = await Promise.all([
      replay('--session', 'first', '--version', '1'),
      ...[0, 1].map((n) => replay('--session', `replayed-${n}`)),
    ]);
    for (const [n, { code, output }] of replayed.entries()) {
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output).toContain('reproduced bit for bit');
      expect(output).toContain([...versions][n]!);
    }
    expect(ofVersion.code).toBe(0);
  });

  it('says where a conclusion differs from what comes out', async () => {
    const otherKey = { DIGEST_KEY: Buffer.alloc(32, 1).toString('base64') };
    const { code, output } = await runProgram('commands/replay.js', { ...service.env, ...otherKey }, [
      '--session',
      'first',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/DIFFERS at inputsDigest: recorded "[0-9a-f]{64}", replayed "[0-9a-f]{64}"/);
  });

  it('tells apart what can not be replayed', async () => {
    await conclude('erased', 95);
    const [received] = await service.api.entries('subject=erased&action=callback.received');
    await service.db.collection<{ _id: string }>('vault').deleteOne({ _id: received!.id });
    const [help, ...others] = await Promise.all([
      replay('--help'),
      replay('--session', 'nobody'),
      replay('--session', 'first', '--version', '9'),
      replay(),
      replay('--session', 'erased'),
    ]);
    expect(help).toMatchObject({ code: 0, output: expect.stringContaining('exit codes') });
    expect(others.map(({ code }) => code)).toEqual([3, 3, 2, 4]);
  });
});
