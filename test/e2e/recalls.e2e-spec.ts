import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import type { RuleSetResponse } from '../../src/conclusion-rules/rule-set-responses.dto.ts';
import type { RecallResponse, RequestedRecallResponse } from '../../src/recalls/recall-responses.dto.ts';
import type { FeedResponse } from '../../src/sessions/feed.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram, type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const SETS = '/v1/rule-sets';
const REQUESTER = { 'x-on-behalf-of': 'officer-7' };
const SECOND = { 'x-on-behalf-of': 'officer-8' };
const DEFAULT = JSON.parse(readFileSync('config/rule-sets/default.json', 'utf8')) as RuleSet;
/** Everything so far; only the versions tell sessions apart. */
const EVER = { from: '2020-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };

let service: ServiceProcess;
let beside: ServiceProcess;
/** Asks for too much. */
let wrong: string;
/** Asks for what it should. */
let right: string;

beforeAll(async () => {
  service = await startService();
  beside = await startService({ beside: service });
  wrong = await approved(90);
  right = await approved(80);
});
afterAll(stopServices);

/** A rule set that approves only faces that are at least so alike. */
async function approved(similarity: number): Promise<string> {
  const minimumSimilarity = { value: similarity, reason: 'For a test.' };
  const parameters = { ...DEFAULT.parameters, minimumSimilarity };
  const document = { ...DEFAULT, name: `At least ${similarity}`, parameters };
  const { version } = (await service.api.send<RuleSetResponse>('POST', SETS, document, REQUESTER)).body;
  await service.api.call('POST', `${SETS}/${version}/approvals`, { headers: SECOND });
  return version;
}

const activate = (version: string) =>
  service.api.call('POST', `${SETS}/${version}/activation`, { headers: SECOND });
const deliver = (uuid: string, similarity: number) =>
  service.api.deliver(aCallback({ uuid, document: 'CCCD_CHIP', similarity, seed: '7' }));
const request = (body: object, headers = REQUESTER, version = wrong) =>
  service.api.send<RequestedRecallResponse>('POST', `${SETS}/${version}/recalls`, body, headers);
const approve = (id: string, headers = SECOND, at = service) =>
  at.api.call<RecallResponse>('POST', `/v1/recalls/${id}/approval`, { headers });
const read = async (id: string, at = service) => (await at.api.get<RecallResponse>(`/v1/recalls/${id}`)).body;
const completed = (id: string, at = service) =>
  eventually(async () => {
    const recall = await read(id, at);
    return recall.status === 'COMPLETED' ? recall : null;
  }, 60_000);
const conclusionsOf = (uuid: string, at = service) =>
  at.api.entries(`subject=${uuid}&action=conclusion.reached`);

describe('a recall', () => {
  const wanted = { ...EVER, reason: 'THRESHOLD_WRONG' };
  let id: string;

  beforeAll(async () => {
    await activate(right);
    await deliver('by-others', 85);
    await activate(wrong);
    await deliver('harmed', 85);
    await deliver('spared', 95);
    await deliver('bad-anyway', 75);
    await deliver('erased', 85);
    await deliver('met-again', 85);
    const [received] = await service.api.entries('subject=erased&action=callback.received');
    await service.db.collection<{ _id: string }>('vault').deleteOne({ _id: received!.id });
  });

  it('is refused while the rule set is the active one', async () => {
    expect(await request(wanted)).toMatchObject({ status: 409, problem: { code: 'RULE_SET_IN_FORCE' } });
    expect((await request({ ...wanted, dryRun: true })).status).toBe(200);
  });

  it('says in a dry run which sessions it concerns, and writes nothing', async () => {
    await activate(right);
    const answer = await request({ ...wanted, dryRun: true });
    expect(answer.status).toBe(200);
    const sample = ['harmed', 'spared', 'bad-anyway', 'erased', 'met-again'];
    expect(answer.body).toEqual({
      ...{ ruleSetVersion: wrong, ruleCode: null, sessions: 5, sample },
      ...wanted,
    });
    const ofRule = await request({ ...wanted, ruleCode: 'FACE_SIMILARITY_LOW', dryRun: true });
    expect(ofRule.body.sample).toEqual(sample.filter((uuid) => uuid !== 'spared'));
    const [second] = await conclusionsOf('spared');
    const fromThere = await request({ ...wanted, from: second!.at, dryRun: true });
    expect(fromThere.body.sample).toEqual(sample.slice(1));
    const upToThere = await request({ ...wanted, to: second!.at, dryRun: true });
    expect(upToThere.body.sample).toEqual(['harmed']);
    expect(await service.api.entries('action=recall.requested')).toEqual([]);
  });

  it('is asked for in the name of a person, and waits', async () => {
    expect(await request(wanted, {} as typeof REQUESTER)).toMatchObject({
      status: 400,
      problem: { code: 'ON_BEHALF_OF_REQUIRED' },
    });
    const answer = await request(wanted);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        ...{ status: 'REQUESTED', sessions: 5, requestedBy: 'officer-7', approvedBy: null },
        ...{ ruleSetVersion: wrong, reason: 'THRESHOLD_WRONG', completedAt: null },
        progress: { of: 5, done: 0, reconcluded: 0, changed: 0, skipped: 0 },
      },
    });
    id = answer.body.id;
    const [entry] = await service.api.entries(`subject=${id}`);
    expect(entry).toMatchObject({
      action: 'recall.requested',
      subject: { type: 'recall', id },
      data: { ruleSetVersion: wrong, ruleCode: null, sessions: 5 },
    });
  });

  it('needs a second person', async () => {
    for (const headers of [REQUESTER, { 'x-on-behalf-of': 'Officer-7' }]) {
      expect(await approve(id, headers)).toMatchObject({ status: 403, problem: { code: 'FOUR_EYES' } });
    }
    await activate(wrong);
    expect(await approve(id)).toMatchObject({ status: 409, problem: { code: 'RULE_SET_IN_FORCE' } });
    await activate(right);
    expect((await read(id)).status).toBe('REQUESTED');
  });

  it('concludes anew on every session by the active rule set, and says what came of it', async () => {
    const [newest] = (await service.api.entries()).slice(-1);
    expect(await approve(id)).toMatchObject({ status: 201, body: { approvedBy: 'officer-8' } });
    expect(await approve(id)).toMatchObject({ status: 409, problem: { code: 'RECALL_NOT_REQUESTED' } });
    const recall = await completed(id);
    expect(recall.progress).toEqual({ of: 5, done: 5, reconcluded: 4, changed: 2, skipped: 1 });
    const standing = async (uuid: string) => {
      const { decision, conclusion } = (await service.api.getSession(uuid)).body;
      return [decision, conclusion!.ruleSetVersion];
    };
    expect(await standing('harmed')).toEqual(['APPROVE', right]);
    expect(await standing('spared')).toEqual(['APPROVE', right]);
    expect(await standing('bad-anyway')).toEqual(['REJECT', right]);
    expect(await standing('erased')).toEqual(['REJECT', wrong]);
    expect(await conclusionsOf('by-others')).toHaveLength(1);
    const [received, ...anew] = await conclusionsOf('harmed');
    expect(anew).toMatchObject([
      { actor: { type: 'system' }, data: { recall: id, checkedAt: received!.at, ruleSetVersion: right } },
    ]);
    const changes = await eventually(async () => {
      const path = `/v1/feed?after=${newest!.index}&limit=200`;
      const { items } = (await service.api.get<FeedResponse>(path)).body;
      return items.length >= 2 ? items : null;
    });
    expect(changes.map(({ uuid, decision }) => [uuid, decision]).toSorted()).toEqual([
      ['harmed', 'APPROVE'],
      ['met-again', 'APPROVE'],
    ]);
    const actions = (await service.api.entries(`subject=${id}`)).map(({ action }) => action);
    expect(actions).toEqual(['recall.requested', 'recall.approved', 'recall.progressed', 'recall.completed']);
    expect(await service.api.all<RecallResponse>('/v1/recalls')).toEqual([recall]);
  });

  it('leaves old and new conclusions that a replay reproduces', async () => {
    const { code, output } = await runProgram('commands/replay.js', service.env, ['--session', 'harmed']);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(new RegExp(`REJECT by rule set ${wrong}: reproduced bit for bit`));
    expect(output).toMatch(new RegExp(`APPROVE by rule set ${right}: reproduced bit for bit`));
  });

  it('is what the log says, also when its projection is lost, and leaves nothing to wait for', async () => {
    const before = await service.api.all<RecallResponse>('/v1/recalls');
    await service.db.collection('recalls').deleteMany({});
    expect(await runProgram('commands/rebuild.js', service.env)).toMatchObject({ code: 0 });
    expect(await service.api.all<RecallResponse>('/v1/recalls')).toEqual(before);
    await eventually(async () => {
      const { bytes } = await service.as(null).get('/metrics');
      return /^ekyc_recall_sessions_left 0$/m.test(bytes.toString());
    });
  });

  it.each<[string, object]>([
    ['no time', { from: EVER.from }],
    ['a time that ends before it begins', { from: EVER.to, to: EVER.from }],
    ['free text', { ...EVER, reason: 'because' }],
    ['something that is no rule', { ...EVER, ruleCode: 'low face' }],
  ])('of %s is refused', async (_, body) => {
    expect((await request(body)).problem.code).toBe('VALIDATION_FAILED');
  });

  it('of no rule set, or that nobody asked for, is 404', async () => {
    expect((await request(EVER, REQUESTER, 'nothing')).problem.code).toBe('RULE_SET_NOT_FOUND');
    const unknown = '0b6f3c1e-5a52-4c6e-9a51-6f1a3a8e2d10';
    expect((await approve(unknown)).problem.code).toBe('RECALL_NOT_FOUND');
    expect((await service.api.get(`/v1/recalls/${unknown}`)).problem.code).toBe('RECALL_NOT_FOUND');
  });
});

describe('a recall whose instance is killed', () => {
  it('is ended by another one, and every session is concluded on anew exactly once', async () => {
    const uuids = Array.from({ length: 160 }, (_, n) => `many-${n}`);
    const wronger = await approved(91);
    await activate(wronger);
    for (let start = 0; start < uuids.length; start += 20) {
      await Promise.all(uuids.slice(start, start + 20).map((uuid) => deliver(uuid, 85)));
    }
    await activate(right);
    const { id, sessions } = (await request(EVER, REQUESTER, wronger)).body;
    expect(sessions).toBe(uuids.length);
    await approve(id);
    const carriers = service.db.collection<{ _id: string; holder: string }>('leases');
    const killed = await eventually(async () => {
      const lease = await carriers.findOne({ _id: 'recalls' });
      const begun = await service.db
        .collection('audit_log')
        .countDocuments({ action: 'recall.progressed', 'subject.id': id });
      const pid = Number(lease?.holder.split('/')[1]);
      return begun > 0 ? [service, beside].find((instance) => instance.pid === pid) : null;
    });
    await killed.kill();
    const survivor = killed === service ? beside : service;
    const { progress } = await completed(id, survivor);
    expect(progress).toEqual({ of: 160, done: 160, reconcluded: 160, changed: 160, skipped: 0 });
    const anew = (await survivor.api.entries('action=conclusion.reached')).filter(
      ({ data }) => data['recall'] === id,
    );
    expect(anew.map(({ subject }) => subject.id).toSorted()).toEqual(uuids.toSorted());
    const ended = await survivor.api.entries(`subject=${id}&action=recall.completed`);
    expect(ended).toHaveLength(1);
  });
});
