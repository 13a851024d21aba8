import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RuleSetResponse } from '../../src/conclusion-rules/rule-set-responses.dto.ts';
import type { ShadowResponse } from '../../src/conclusion-rules/shadow.dto.ts';
import type { RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import type {
  SimulationLineResponse,
  SimulationResponse,
} from '../../src/rule-impact/simulation-responses.dto.ts';
import { aCallback } from '../simulator/payloads.ts';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const SETS = '/v1/rule-sets';
const DEFAULT = JSON.parse(readFileSync('config/rule-sets/default.json', 'utf8')) as RuleSet;
const SIMILARITIES = Array.from({ length: 25 }, (_, n) => 70 + n);
const uuidOf = (similarity: number, prefix = 'past') => `${prefix}-${similarity}`;

let service: ServiceProcess;
let version: string;

beforeAll(async () => {
  service = await startService();
  for (const similarity of SIMILARITIES) await deliver(similarity);
  await service.api.register({ uuid: 'still-expected' });
  const minimumSimilarity = { value: 90.5, reason: 'For a test.' };
  const document = { ...DEFAULT, name: 'Above 90', parameters: { ...DEFAULT.parameters, minimumSimilarity } };
  const drafted = await service.api.send<RuleSetResponse>('POST', SETS, document);
  version = drafted.body.version;
});
afterAll(stopServices);

const deliver = (similarity: number, prefix?: string) =>
  service.api.deliver(
    aCallback({ uuid: uuidOf(similarity, prefix), document: 'CCCD_CHIP', similarity, seed: '7' }),
  );
const path = () => `${SETS}/${version}/simulations`;
const simulate = (body: object) => service.api.send<SimulationResponse>('POST', path(), body);
const linesOf = ({ bytes }: Answer<unknown>) =>
  bytes
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SimulationLineResponse);
const all = { from: '2020-01-01T00:00:00.000Z' };

describe('a simulation', () => {
  it('counts decisions before and after, and names every session that changes', async () => {
    const answer = await simulate(all);
    expect(answer.status).toBe(200);
    const { rules, changed, ...counts } = answer.body;
    expect(counts).toEqual({
      version,
      progress: { lookedAt: 26, of: 26 },
      examined: 25,
      skipped: { unknown: 0, unconcluded: 1, erased: 0 },
      before: { APPROVE: 15, NEED_REVIEW: 0, REJECT: 10 },
      after: { APPROVE: 4, NEED_REVIEW: 0, REJECT: 21 },
      matrix: {
        APPROVE: { APPROVE: 4, NEED_REVIEW: 0, REJECT: 11 },
        NEED_REVIEW: { APPROVE: 0, NEED_REVIEW: 0, REJECT: 0 },
        REJECT: { APPROVE: 0, NEED_REVIEW: 0, REJECT: 10 },
      },
      changedCount: 11,
      truncated: false,
      nextCursor: null,
    });
    expect(rules).toContainEqual({ code: 'FACE_SIMILARITY_LOW', before: 10, after: 21 });
    const flipping = SIMILARITIES.filter((similarity) => similarity >= 80 && similarity < 90.5);
    expect(changed.map(({ uuid }) => uuid).toSorted()).toEqual(flipping.map((n) => uuidOf(n)).toSorted());
    expect(changed.find(({ uuid }) => uuid === uuidOf(90))).toEqual({
      uuid: uuidOf(90),
      before: 'APPROVE',
      after: 'REJECT',
      rules: ['FACE_SIMILARITY_LOW'],
      nearest: {
        ruleCode: 'FACE_SIMILARITY_LOW',
        fact: 'faceMatch.similarity',
        observed: 90,
        bound: 90.5,
        distance: 0.5,
      },
    });
  });

  it('as NDJSON tells how far it is, names every session that changes, and ends with the whole', async () => {
    const answer = await service.api.send('POST', path(), all, { accept: 'application/x-ndjson' });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = linesOf(answer);
    const whole = (await simulate(all)).body;
    expect(lines[0]).toEqual({ progress: { lookedAt: 0, of: 26 } });
    expect(lines.at(-1)).toEqual({ simulation: whole });
    const changed = lines.flatMap((line) => line.changed ?? []);
    expect(changed).toHaveLength(11);
    expect(changed).toEqual(whole.changed);
  });

  it('as NDJSON answers what is wrong with the request as a problem', async () => {
    const asked = (path: string, body: object) =>
      service.api.send('POST', path, body, { accept: 'application/x-ndjson' });
    expect(await asked(path(), { ...all, cursor: 'nonsense' })).toMatchObject({
      status: 400,
      problem: { code: 'VALIDATION_FAILED' },
    });
    expect(await asked(`${SETS}/nothing/simulations`, all)).toMatchObject({
      status: 404,
      problem: { code: 'RULE_SET_NOT_FOUND' },
    });
    // Neither of them has left the instance busy.
    expect((await simulate(all)).status).toBe(200);
  });

  it('gives the same numbers session by session and page by page', async () => {
    const whole = (await simulate(all)).body;
    const parts: SimulationResponse[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const part = (await simulate({ ...all, limit: 7, ...(cursor && { cursor }) })).body;
      expect(part.truncated).toBe(part.nextCursor !== null);
      parts.push(part);
      cursor = part.nextCursor;
    }
    expect(parts).toHaveLength(4);
    for (const similarity of SIMILARITIES) {
      parts.push((await simulate({ uuids: [uuidOf(similarity)] })).body);
    }
    const sum = (of: (part: SimulationResponse) => number) =>
      parts.reduce((total, part) => total + of(part), 0);
    expect(sum(({ examined }) => examined)).toBe(2 * whole.examined);
    expect(sum(({ after }) => after.REJECT)).toBe(2 * whole.after.REJECT);
    expect(sum(({ changedCount }) => changedCount)).toBe(2 * whole.changedCount);
    const changed = parts.flatMap((part) => part.changed);
    expect(changed.map(({ uuid }) => uuid).toSorted()).toEqual(
      [...whole.changed, ...whole.changed].map(({ uuid }) => uuid).toSorted(),
    );
  });

  it('says what the rule set then concludes once it is active', async () => {
    const simulated = (await simulate(all)).body;
    const headers = { 'x-on-behalf-of': 'officer-8' };
    await service.api.call('POST', `${SETS}/${version}/approvals`, { headers });
    const builtIn = (await service.api.all<RuleSetResponse>(SETS)).find(({ status }) => status === 'ACTIVE')!;
    await service.api.call('POST', `${SETS}/${version}/activation`);
    const counts = { APPROVE: 0, NEED_REVIEW: 0, REJECT: 0 };
    for (const similarity of SIMILARITIES) {
      await deliver(similarity, 'now');
      counts[(await service.api.getSession(uuidOf(similarity, 'now'))).body.decision!] += 1;
    }
    expect(counts).toEqual(simulated.after);
    await service.api.call('POST', `${SETS}/${builtIn.version}/activation`);
  });

  it('leaves out what was erased or is not there, and changes nothing', async () => {
    const before = await service.api.entries('action=conclusion.reached');
    const [received] = await service.api.entries(`subject=${uuidOf(94)}&action=callback.received`);
    await service.db.collection<{ _id: string }>('vault').deleteOne({ _id: received!.id });
    const { body } = await simulate({ uuids: [uuidOf(94), uuidOf(93), 'nobody', 'still-expected'] });
    expect(body).toMatchObject({
      examined: 1,
      skipped: { unknown: 1, unconcluded: 1, erased: 1 },
      after: { APPROVE: 1 },
    });
    expect(await service.api.entries('action=conclusion.reached')).toEqual(before);
  });

  it('shows no personal data', async () => {
    const { bytes } = await simulate(all);
    const { ocr } = aCallback({ uuid: 'same', document: 'CCCD_CHIP', similarity: 80, seed: '7' });
    const texts = JSON.stringify(ocr).match(/"[^"]{6,}"/g) ?? [];
    const personal = texts
      .map((text) => text.slice(1, -1))
      .filter((text) => /\d{9}|\p{Lu}{2,} \p{Lu}/u.test(text));
    expect(personal.length).toBeGreaterThan(0);
    for (const text of personal) expect(bytes.toString()).not.toContain(text);
  });

  it.each<[string, object]>([
    ['neither a time nor sessions', {}],
    ['both', { ...all, uuids: ['a'] }],
    ['no sessions', { uuids: [] }],
    ['something that is no uuid', { uuids: ['a b'] }],
    ['no time', { from: 'yesterday' }],
    ['too many', { ...all, limit: 100_001 }],
  ])('of %s is refused', async (_, body) => {
    expect((await simulate(body)).problem.code).toBe('VALIDATION_FAILED');
  });

  it('of no rule set is 404', async () => {
    const answer = await service.api.send('POST', `${SETS}/nothing/simulations`, all);
    expect(answer).toMatchObject({ status: 404, problem: { code: 'RULE_SET_NOT_FOUND' } });
  });
});

describe('a shadow', () => {
  const path = () => `${SETS}/${version}/shadow`;
  const report = async (at = service) => (await at.api.get<ShadowResponse>(path())).body;

  it('concludes beside the active rule set at every instance, without any effect', async () => {
    expect(await service.api.get(path())).toMatchObject({
      status: 404,
      problem: { code: 'SHADOW_NOT_FOUND' },
    });
    const beside = await startService({ beside: service });
    const started = await service.api.call<ShadowResponse>('POST', path());
    expect(started).toMatchObject({ status: 201, body: { version, running: true, concluded: 0 } });
    // Whatever the other instance concludes before it has read of the shadow isn't counted.
    await eventually(async () => (await report(beside)).running);

    const { version: active } = (await service.api.all<RuleSetResponse>(SETS)).find(
      ({ status }) => status === 'ACTIVE',
    )!;
    for (const [n, similarity] of [75, 85, 95].entries()) {
      const instance = n === 0 ? beside : service;
      const uuid = `shadowed-${similarity}`;
      await instance.api.deliver(aCallback({ uuid, document: 'CCCD_CHIP', similarity, seed: '7' }));
      const { conclusion } = (await service.api.getSession(uuid)).body;
      expect(conclusion).toMatchObject({
        ruleSetVersion: active,
        decision: similarity < 80 ? 'REJECT' : 'APPROVE',
      });
    }
    const counted = await eventually(async () => {
      const now = await report();
      return now.concluded === 3 ? now : null;
    });
    expect(counted).toMatchObject({
      agreed: 2,
      differed: 1,
      failed: 0,
      matrix: { APPROVE: { APPROVE: 1, REJECT: 1 }, REJECT: { REJECT: 1 } },
      differing: [{ uuid: 'shadowed-85', active: 'APPROVE', shadow: 'REJECT' }],
    });
    const { bytes } = await service.as(null).get('/metrics');
    expect(bytes.toString()).toMatch(/^ekyc_shadow_conclusions_total\{outcome="DIFFERS"\} 1$/m);
    await beside.stop();
  });

  it('ends, and its report stays', async () => {
    expect((await service.api.call('DELETE', path())).status).toBe(204);
    expect((await service.api.call('DELETE', path())).status).toBe(204);
    await deliver(86, 'unshadowed');
    expect(await report()).toMatchObject({ running: false, concluded: 3, differed: 1 });
    const entries = await service.api.entries(`subject=${version}`);
    const actions = entries.map(({ action }) => action).filter((action) => action.includes('shadow'));
    expect(actions).toEqual(['rule_set.shadow_started', 'rule_set.shadow_ended']);
  });

  it('of no rule set is 404', async () => {
    const answer = await service.api.call('POST', `${SETS}/nothing/shadow`);
    expect(answer).toMatchObject({ status: 404, problem: { code: 'RULE_SET_NOT_FOUND' } });
  });
});
