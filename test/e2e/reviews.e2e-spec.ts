import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import type {
  CloseResponse,
  ExceptionResponse,
} from '../../src/reconciliation/reconciliation-responses.dto.ts';
import type {
  OpinionResponse,
  ReviewPendingResponse,
  ReviewReasonPage,
  ReviewResponse,
} from '../../src/reviews/review-responses.dto.ts';
import type { DrawnReviewResponse, SampleResponse } from '../../src/reviews/review-samples.dto.ts';
import type { SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { aCallback, aPulledResult } from '../simulator/payloads.ts';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { alterState, readSessionDocuments, sessionsOf } from '../support/session-documents.ts';
import {
  clientIdOf,
  runProgram,
  startService,
  stopServices,
  type ServiceProcess,
} from '../support/service-process.ts';

let folder: string;
let service: ServiceProcess;
/** On the same database, with claims that are over soon. */
let second: ServiceProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekyc-ledger-e2e-'));
  const RULE_SET_FILE = join(folder, 'strict.json');
  const byDefault = JSON.parse(await readFile('config/rule-sets/default.json', 'utf8')) as RuleSet;
  const strict = { ...byDefault, fourEyes: { ...byDefault.fourEyes, riskLevelAtLeast: 3 } };
  await writeFile(RULE_SET_FILE, JSON.stringify(strict));
  service = await startService({ env: { LOG_LEVEL: 'trace', RULE_SET_FILE } });
  second = await startService({ beside: service, env: { REVIEW_CLAIM_TIMEOUT_S: '1', RULE_SET_FILE } });
});
afterAll(async () => {
  await stopServices();
  await rm(folder, { recursive: true });
});

const COMMENT = 'Spoke to Lê Thị Bưởi, who moved house.';
const MESSAGE = 'Chị Bưởi thân mến, tài khoản đã được mở.';
const BODIES = {
  APPROVE: { decision: 'APPROVE', reasonCode: 'EVIDENCE_VERIFIED', comment: COMMENT },
  REJECT: { decision: 'REJECT', reasonCode: 'FACE_MISMATCH', comment: COMMENT },
} as const;

/** A picture of poor quality: medium risk, so one person is enough. */
const unclear = (uuid: string) => aPulledResult({ uuid, warnings: ['QC01'] });
/** No face comparison: high risk, so it takes two. */
const risky = (uuid: string) => aCallback({ uuid, notReached: ['face_match'] });

async function inReview(uuid: string, body: object = unclear(uuid)): Promise<string> {
  await service.api.deliver(body);
  const { body: session, headers } = await service.api.getSession(uuid);
  expect(session).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW', review: null });
  return headers.get('etag')!;
}

interface Reviewing {
  readonly etag?: string | null;
  readonly person?: string | null;
  readonly at?: ServiceProcess;
}

/** Decides as `an` on what the session is now, but for what is said. */
async function review<Body = SessionResponse>(
  uuid: string,
  body: object = BODIES.APPROVE,
  { etag, person = 'an', at = service }: Reviewing = {},
): Promise<Answer<Body>> {
  const current = etag === undefined ? (await at.api.getSession(uuid)).headers.get('etag') : etag;
  return at.as('reviews:write').send<Body>('POST', `/v1/sessions/${uuid}/reviews`, body, {
    ...(current !== null && { 'if-match': current }),
    ...(person !== null && { 'x-on-behalf-of': person }),
  });
}

const act = (uuid: string, what: 'claim' | 'release', person = 'an', at = service) =>
  at
    .as('reviews:write')
    .call<ReviewResponse>('POST', `/v1/reviews/${uuid}/${what}`, { headers: { 'x-on-behalf-of': person } });
const outcome = ({ status, problem }: Answer<unknown>) => [status, problem.code];
const etagOf = async (uuid: string) => (await service.api.getSession(uuid)).headers.get('etag');
const queue = (query: string) => service.as('reviews:write').all<ReviewResponse>(`/v1/reviews?${query}`, 2);
const uuidsOf = (reviews: readonly { uuid: string }[]) => reviews.map(({ uuid }) => uuid);

describe('a review', () => {
  it('of one person concludes the session, is shown with it and leaves an entry without the comment', async () => {
    await inReview('one');
    const answer = await review('one', { ...BODIES.APPROVE, customerMessage: MESSAGE });
    expect(answer.status).toBe(201);
    const via = clientIdOf('reviews:write');
    const by = { type: 'person', id: 'an', via };
    expect(answer.body).toMatchObject({
      status: 'CONCLUDED',
      decision: 'APPROVE',
      // The callback is unsigned, and nothing was pulled.
      confirmed: false,
      conclusion: { decision: 'NEED_REVIEW' },
      review: { decision: 'APPROVE', reasonCode: 'EVIDENCE_VERIFIED', by, secondBy: null },
    });
    expect(answer.headers.get('etag')).toBe(`"${answer.body.version}"`);
    expect((await service.api.getSession('one')).body).toEqual(answer.body);
    const [entry] = await service.api.entries('subject=one&action=review.decided');
    expect(entry).toMatchObject({
      index: answer.body.review!.entryIndex,
      actor: by,
      data: {
        decision: 'APPROVE',
        reasonCode: 'EVIDENCE_VERIFIED',
        hasComment: true,
        hasCustomerMessage: true,
      },
    });
    expect(await service.api.all<SessionResponse>('/v1/sessions?decision=APPROVE')).toMatchObject([
      { uuid: 'one' },
    ]);
  });

  it('can be read again with its comments by who may see results, and leaves a trace of that', async () => {
    await inReview('read-again');
    await review('read-again', { ...BODIES.REJECT, customerMessage: MESSAGE });
    const path = '/v1/sessions/read-again/reviews';
    const answer = await service
      .as('results:read')
      .get<{ items: OpinionResponse[] }>(path, { 'x-on-behalf-of': 'auditor-1' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.items).toMatchObject([
      {
        outcome: 'DECIDED',
        decision: 'REJECT',
        by: { id: 'an' },
        comment: COMMENT,
        customerMessage: MESSAGE,
      },
    ]);
    const viewed = await service.api.entries('subject=read-again&action=personal_data.viewed');
    expect(viewed).toMatchObject([
      {
        actor: { id: 'auditor-1' },
        data: { form: 'REVIEW_COMMENTS', entries: [answer.body.items[0]!.index] },
      },
    ]);
    expect((await service.as('reviews:write').get(path)).status).toBe(403);
    expect((await service.api.get('/v1/sessions/nobody/reviews')).status).toBe(404);
    await inReview('unread');
    expect((await service.api.get<object>('/v1/sessions/unread/reviews')).body).toMatchObject({ items: [] });
    expect(await service.api.entries('subject=unread&action=personal_data.viewed')).toEqual([]);
  });

  it('is for a session that waits for one: 409, and 404 for none', async () => {
    await service.api.register({ uuid: 'registered' });
    expect(outcome(await review('registered'))).toEqual([409, 'NOT_REVIEWABLE']);
    await inReview('decided-before');
    await review('decided-before');
    expect(outcome(await review('decided-before'))).toEqual([409, 'NOT_REVIEWABLE']);
    expect(outcome(await review('nobody', BODIES.APPROVE, { etag: '"1"' }))).toEqual([
      404,
      'SESSION_NOT_FOUND',
    ]);
  });

  it('says on what it was made: 428 without If-Match, 412 for another version, 400 for no tag', async () => {
    const etag = await inReview('conditional');
    const on = async (header: string | null) =>
      outcome(await review('conditional', BODIES.APPROVE, { etag: header }));
    expect(await on(null)).toEqual([428, 'IF_MATCH_REQUIRED']);
    expect(await on('*')).toEqual([428, 'IF_MATCH_REQUIRED']);
    expect(await on('"1"')).toEqual([412, 'STALE_SESSION']);
    expect(await on(`W/${etag}`)).toEqual([412, 'STALE_SESSION']);
    for (const malformed of ['2', etag.slice(1), `${etag} "1"`]) {
      expect(await on(malformed)).toEqual([400, 'VALIDATION_FAILED']);
    }
    expect((await review('conditional', BODIES.APPROVE, { etag: `"1" , ${etag}` })).status).toBe(201);
  });

  it('is made by a person, by who may, and has the documented form', async () => {
    const etag = await inReview('well-formed');
    expect(outcome(await review('well-formed', BODIES.APPROVE, { person: null }))).toEqual([
      400,
      'ON_BEHALF_OF_REQUIRED',
    ]);
    const path = '/v1/sessions/well-formed/reviews';
    const headers = { 'if-match': etag, 'x-on-behalf-of': 'an' };
    expect((await service.as('sessions:write').send('POST', path, BODIES.APPROVE, headers)).status).toBe(403);
    for (const [field, value] of [
      ['decision', 'NEED_REVIEW'],
      ['decision', undefined],
      ['reasonCode', 'FACE_MISMATCH'],
      ['reasonCode', 'NO_SUCH_REASON'],
      ['reasonCode', undefined],
      ['comment', ''],
      ['comment', ' \n '],
      ['comment', 'x'.repeat(2001)],
      ['comment', undefined],
      ['customerMessage', 7],
      ['note', 'x'],
    ] as const) {
      const answer = await review('well-formed', { ...BODIES.APPROVE, [field]: value });
      expect([field, value, ...outcome(answer)]).toEqual([field, value, 400, 'VALIDATION_FAILED']);
      expect(answer.problem.errors?.map((error) => error.path)).toContain(field);
    }
    expect(await etagOf('well-formed')).toBe(etag);
  });

  it('has reasons in English and Vietnamese, each for one decision', async () => {
    const { body } = await service.as('sessions:read').get<ReviewReasonPage>('/v1/review-reasons');
    expect(body.nextCursor).toBeNull();
    for (const decision of ['APPROVE', 'REJECT']) {
      expect(body.items.filter((reason) => reason.decision === decision).length).toBeGreaterThan(3);
    }
    for (const { code, text } of body.items) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]{1,63}$/);
      expect(text).toEqual({ en: expect.stringMatching(/\S/), vi: expect.stringMatching(/\S/) });
    }
    expect(new Set(body.items.map(({ code }) => code)).size).toBe(body.items.length);
  });
});

describe('four eyes', () => {
  it('take a second person, who decides the same: 202, then 201', async () => {
    const etag = await inReview('two', risky('two'));
    const first = await review<ReviewPendingResponse>('two', BODIES.APPROVE, { etag });
    expect(first.status).toBe(202);
    expect(first.body).toMatchObject({
      outcome: 'AWAITING_SECOND',
      fourEyes: ['RISK_LEVEL'],
      proposal: { decision: 'APPROVE', reasonCode: 'EVIDENCE_VERIFIED', by: { id: 'an' } },
      session: { status: 'IN_REVIEW', decision: 'NEED_REVIEW', review: null },
    });
    const next = first.headers.get('etag');
    expect(next).toBe(await etagOf('two'));
    for (const person of ['an', 'AN']) {
      expect(outcome(await review('two', BODIES.APPROVE, { person }))).toEqual([403, 'FOUR_EYES']);
    }
    const { status } = await service.api.send('POST', '/v1/sessions/two/reviews', BODIES.APPROVE, {
      'if-match': next!,
      'x-on-behalf-of': 'an',
    });
    expect(status).toBe(403);
    expect(outcome(await review('two', BODIES.APPROVE, { etag, person: 'binh' }))[0]).toBe(412);
    const second = await review('two', BODIES.APPROVE, { etag: next, person: 'binh' });
    expect(second.status).toBe(201);
    expect(second.body).toMatchObject({
      status: 'CONCLUDED',
      review: { decision: 'APPROVE', by: { id: 'an' }, secondBy: { id: 'binh' } },
    });
  });

  it('that disagree leave the session in review, with both opinions on record', async () => {
    await inReview('disagree', risky('disagree'));
    await review('disagree', BODIES.APPROVE);
    const refused = await review<ReviewPendingResponse>('disagree', BODIES.REJECT, { person: 'binh' });
    expect(refused.status).toBe(202);
    expect(refused.body).toMatchObject({
      outcome: 'REFUSED',
      proposal: null,
      session: { status: 'IN_REVIEW', review: null },
    });
    const opinions = await service.api.all<OpinionResponse>('/v1/sessions/disagree/reviews', 1);
    expect(opinions.map(({ outcome, decision, by, answers }) => [outcome, decision, by.id, answers])).toEqual(
      [
        ['AWAITING_SECOND', 'APPROVE', 'an', null],
        ['REFUSED', 'REJECT', 'binh', opinions[0]!.index],
      ],
    );
  });

  it('begin anew when a new result comes in between', async () => {
    await inReview('overtaken', risky('overtaken'));
    const { headers } = await review('overtaken');
    await service.api.deliver(aPulledResult({ uuid: 'overtaken', notReached: ['face_match'] }));
    const late = { etag: headers.get('etag'), person: 'binh' };
    expect(outcome(await review('overtaken', BODIES.APPROVE, late))).toEqual([412, 'STALE_SESSION']);
    expect((await review('overtaken', BODIES.APPROVE, { person: 'binh' })).status).toBe(202);
  });
});

describe('a decided session', () => {
  it('goes back to people when a later result contradicts the decision', async () => {
    await inReview('contested');
    await review('contested', BODIES.APPROVE);
    await service.api.deliver(aCallback({ uuid: 'contested', similarity: 20 }));
    expect((await service.api.getSession('contested')).body).toMatchObject({
      status: 'IN_REVIEW',
      decision: 'NEED_REVIEW',
      review: null,
    });
    expect((await queue('')).find(({ uuid }) => uuid === 'contested')).toMatchObject({
      contested: true,
      fourEyes: { approve: ['OVERRIDE_OF_REJECT', 'RISK_LEVEL'], reject: ['RISK_LEVEL'] },
    });
  });

  it('is accounted for by the daily close', async () => {
    await service.api.register({ uuid: 'closed', channel: 'closing' });
    await inReview('closed');
    const counts = async () => {
      const date = new Date().toISOString().slice(0, 10);
      const path = `/v1/reconciliation/closes/${date}?channel=closing`;
      return (await service.api.get<CloseResponse>(path)).body;
    };
    expect(await counts()).toMatchObject({ balanced: true, counts: { inReview: 1, concluded: 0 } });
    await review('closed', BODIES.REJECT);
    expect(await counts()).toMatchObject({ balanced: true, counts: { inReview: 0, concluded: 1 } });
  });
});

describe('the queue', () => {
  it('lists what waits, the longest first, by whom it waits for, page by page', async () => {
    for (const uuid of ['q1', 'q2', 'q3', 'q4']) await inReview(uuid, risky(uuid));
    await act('q2', 'claim', 'binh');
    await review('q3', BODIES.REJECT);
    const ours = async (query: string) => uuidsOf(await queue(query)).filter((uuid) => uuid.startsWith('q'));
    expect(await ours('')).toEqual(['q1', 'q2', 'q3', 'q4']);
    expect(await ours('status=OPEN')).toEqual(['q1', 'q4']);
    expect(await ours('status=AWAITING_SECOND')).toEqual(['q3']);
    const [item] = (await queue('status=OPEN')).filter(({ uuid }) => uuid === 'q1');
    expect(item).toMatchObject({ riskLevel: 3, grade: 'CALLBACK_ONLY', overdue: false, claim: null });
    expect(Date.parse(item!.dueAt) - Date.parse(item!.since)).toBe(14_400_000);
    await review('q3', BODIES.REJECT, { person: 'binh' });
    expect(await ours('')).toEqual(['q1', 'q2', 'q4']);
    expect(outcome(await service.api.get('/v1/reviews?status=DONE'))).toEqual([400, 'VALIDATION_FAILED']);
    expect((await service.as('sessions:read').get('/v1/reviews')).status).toBe(403);
  });

  it('keeps others from a claimed session, by claim or decision, and its ETag as it is', async () => {
    const etag = await inReview('claimed');
    const claimed = await act('claimed', 'claim');
    expect(claimed.status).toBe(200);
    expect(claimed.body).toMatchObject({ status: 'CLAIMED', claim: { by: { id: 'an' } } });
    const { at, until } = claimed.body.claim!;
    expect(Date.parse(until) - Date.parse(at)).toBe(900_000);
    for (const refused of [
      await act('claimed', 'claim', 'binh'),
      await act('claimed', 'release', 'binh'),
      await review('claimed', BODIES.APPROVE, { person: 'binh' }),
    ]) {
      expect(outcome(refused)).toEqual([409, 'CLAIMED_BY_ANOTHER']);
      expect(refused.problem['claimedUntil']).toBe(until);
    }
    expect(await etagOf('claimed')).toBe(etag);
    expect((await review('claimed', BODIES.APPROVE, { etag })).status).toBe(201);
    expect(outcome(await act('claimed', 'claim'))).toEqual([409, 'NOT_REVIEWABLE']);
    expect(outcome(await act('nobody', 'claim'))).toEqual([404, 'SESSION_NOT_FOUND']);
  });

  it('lets the next one in when a claim is given back, or over', async () => {
    await inReview('handed-on');
    await act('handed-on', 'claim');
    expect((await act('handed-on', 'release')).body).toMatchObject({ status: 'OPEN', claim: null });
    const { body } = await act('handed-on', 'claim', 'binh', second);
    await eventually(async () => (await act('handed-on', 'claim', 'chi')).status === 200);
    const taken = (await service.api.entries('subject=handed-on&action=review.claimed')).at(-1);
    expect(taken!.actor.id).toBe('chi');
    expect(taken!.at >= body.claim!.until).toBe(true);
    expect(uuidsOf(await queue('claimedBy=binh'))).not.toContain('handed-on');
    expect(uuidsOf(await queue('claimedBy=chi'))).toEqual(['handed-on']);
  });

  it('is counted in the metrics, by status and age', async () => {
    await inReview('counted');
    const metrics = await eventually(async () => {
      const text = (await service.api.get('/metrics')).bytes.toString();
      return /ekyc_reviews_open\{status="OPEN"\} [1-9]/.test(text) && text;
    });
    expect(metrics).toMatch(/ekyc_reviews_overdue \d/);
    expect(metrics).toMatch(/ekyc_reviews_oldest_seconds \d/);
  });
});

describe('a sample of decided reviews', () => {
  const samples = '/v1/reviews/samples';
  const send = <Body = SampleResponse>(path: string, body: object, person: string | null = 'quality-1') =>
    service
      .as('reviews:write')
      .send<Body>('POST', `${samples}${path}`, body, person === null ? {} : { 'x-on-behalf-of': person });
  /** Everything up to now. */
  const whole = () => ({ from: '2020-01-01T00:00:00Z', to: new Date(Date.now() + 60_000).toISOString() });

  it('is drawn by seed and frame that are in the log before, and can be drawn again by anybody', async () => {
    for (const uuid of ['s1', 's2', 's3', 's4', 's5']) {
      await inReview(uuid);
      await review(uuid);
    }
    const { status, body } = await send('', { ...whole(), size: 3 });
    expect(status).toBe(201);
    const [entry] = await service.api.entries(`subject=${body.id}`);
    expect(entry).toMatchObject({
      index: body.entryIndex,
      action: 'review.sample_seeded',
      actor: { id: 'quality-1' },
    });
    const decided = await service.api.entries('action=review.decided');
    const frame = decided.map(({ index }) => index).filter((index) => index < entry!.index);
    const { seed, count, firstIndex, lastIndex } = entry!.data as unknown as SampleResponse;
    expect({ count, firstIndex, lastIndex }).toEqual({
      ...{ count: frame.length, firstIndex: frame[0], lastIndex: frame.at(-1) },
    });
    const rank = (index: number) => createHash('sha256').update(`${seed}:${index}`).digest('hex');
    const drawn = frame.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, 3);
    expect(body.items.map(({ index }) => index)).toEqual(drawn.toSorted((a, b) => a - b));
    await inReview('s6');
    await review('s6');
    expect((await service.api.get<SampleResponse>(`${samples}/${body.id}`)).body).toEqual(body);
  });

  it('takes a share of the reviews, and nothing else than size or share', async () => {
    const { body } = await send('', { ...whole(), percent: 50 });
    expect(body.size).toBe(Math.ceil(body.count / 2));
    for (const wrong of [
      {},
      { size: 1, percent: 1 },
      { size: 0 },
      { percent: 101 },
      { size: 1, from: 'yesterday' },
      { size: 1, to: '2020-01-02T00:00:00Z' },
    ]) {
      expect(outcome(await send('', { ...whole(), ...wrong }))).toEqual([400, 'VALIDATION_FAILED']);
    }
    expect(outcome(await send('', { ...whole(), size: 1 }, null))).toEqual([400, 'ON_BEHALF_OF_REQUIRED']);
  });

  it('is looked at by who had not decided, once, without a change of the session', async () => {
    await inReview('looked-at', risky('looked-at'));
    await review('looked-at');
    await review('looked-at', BODIES.APPROVE, { person: 'binh' });
    const { body: sample } = await send('', { ...whole(), percent: 100 });
    const { index } = sample.items.find(({ uuid }) => uuid === 'looked-at')!;
    const look = (person: string, about = index) =>
      send<DrawnReviewResponse>(
        `/${sample.id}/outcomes`,
        { index: about, agrees: false, comment: COMMENT },
        person,
      );
    const before = (await service.api.getSession('looked-at')).body;
    for (const person of ['an', 'binh', 'Binh']) {
      expect(outcome(await look(person))).toEqual([403, 'FOUR_EYES']);
    }
    const looked = await look('chi');
    expect(looked.status).toBe(201);
    expect(looked.body).toMatchObject({
      deciders: [{ id: 'an' }, { id: 'binh' }],
      secondLook: { agrees: false, by: { id: 'chi' } },
    });
    expect(outcome(await look('dung'))).toEqual([409, 'LOOKED_AT_ALREADY']);
    expect(outcome(await look('dung', 0))).toEqual([404, 'SAMPLE_NOT_FOUND']);
    const nowhere = `${samples}/7b1f3a52-6f0c-4a57-9a60-5f1c9a8e0b62`;
    expect(outcome(await service.api.get(nowhere))).toEqual([404, 'SAMPLE_NOT_FOUND']);
    const { body } = await service.api.get<SampleResponse>(`${samples}/${sample.id}`);
    expect(body.items.find((item) => item.index === index)).toEqual(looked.body);
    expect((await service.api.getSession('looked-at')).body).toEqual(before);
    expect((await service.api.all<OpinionResponse>('/v1/sessions/looked-at/reviews')).at(-1)).toMatchObject({
      ...{ outcome: 'SECOND_LOOK', decision: null, agrees: false, answers: index, comment: COMMENT },
    });
  });
});

describe('what reviewers write', () => {
  it('is in no entry, no log line, no other answer and not in the database as it is', async () => {
    const texts = [
      JSON.stringify(await service.api.entries()),
      (await service.api.get('/v1/audit/export')).bytes.toString(),
      JSON.stringify(await service.api.all('/v1/sessions')),
      JSON.stringify(await queue('')),
      (await service.api.get('/metrics')).bytes.toString(),
      await service.allLogs(),
    ];
    for (const { name } of await service.db.listCollections().toArray()) {
      const documents = await service.db.collection(name).find({}, { raw: true }).toArray();
      texts.push(Buffer.concat(documents as unknown as Buffer[]).toString());
    }
    expect(service.logs()).toContain('/v1/sessions/:uuid/reviews');
    expect(texts.filter((text) => text.includes('Bưởi'))).toEqual([]);
  });

  it('is erased with the rest of the personal data, on reviews and on exceptions', async () => {
    const noHold = await startService({ beside: service, env: { ...service.env, LEGAL_HOLD_DAYS: '0' } });
    await noHold.api.deliver(unclear('erased'));
    await review('erased', { ...BODIES.REJECT, customerMessage: MESSAGE }, { at: noHold });
    const exception = 'UNREGISTERED_SESSION:erased';
    const path = '/v1/reconciliation/exceptions';
    await eventually(async () =>
      (await noHold.api.all<ExceptionResponse>(`${path}?status=OPEN`)).some(({ id }) => id === exception),
    );
    await noHold.api.send(
      'POST',
      `${path}/${exception}/resolution`,
      { resolutionCode: 'KNOWN', comment: COMMENT },
      { 'x-on-behalf-of': 'an' },
    );
    const kept = () => noHold.db.collection('vault').countDocuments({ session: 'erased' });
    expect(await kept()).toBe(3);
    await noHold.api.send(
      'DELETE',
      '/v1/sessions/erased/personal-data',
      { legalBasis: 'PDPL-2025 Art. 14(1)' },
      { 'x-on-behalf-of': 'dpo' },
    );
    expect(await kept()).toBe(0);
    expect(await noHold.api.all('/v1/sessions/erased/reviews')).toMatchObject([
      { decision: 'REJECT', comment: null, customerMessage: null },
    ]);
  });
});

it('reviews are folded from the log like everything else', async () => {
  const stored = () => readSessionDocuments(service.db);
  const before = await stored();
  for (const { _id } of before) await alterState(service.db, _id, (state) => ({ ...state, review: null }));
  await sessionsOf(service.db).updateMany({}, { $unset: { reviewIndex: 1 } });
  expect(await runProgram('commands/rebuild.js', service.env)).toMatchObject({ code: 0 });
  expect(await stored()).toEqual(before);
});
