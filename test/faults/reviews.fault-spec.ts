import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import type { SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { aCallback, aPulledResult } from '../simulator/payloads.ts';
import { type Answer, type ApiClient, inUtf8 } from '../support/api-client.ts';
import { clientIdOf, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';
import { choicesOf, LONG } from './support/run-size.ts';

const ROUNDS = LONG ? 200 : 20;
const DECISIONS = {
  APPROVE: { decision: 'APPROVE', reasonCode: 'EVIDENCE_VERIFIED', comment: 'Spoke to the customer.' },
  REJECT: { decision: 'REJECT', reasonCode: 'FACE_MISMATCH', comment: 'Another person.' },
} as const;
/** One person, as clients write what was typed. */
const SPELLINGS = ['an.le', 'An.Le', ' an.le', 'AN.LE', 'an. le', 'ａｎ.le', 'an.le\ufe0f'];

const random = choicesOf('reviews');
let folder: string;
let instances: readonly ServiceProcess[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekyc-ledger-faults-'));
  const RULE_SET_FILE = join(folder, 'strict.json');
  const byDefault = JSON.parse(await readFile('config/rule-sets/default.json', 'utf8')) as RuleSet;
  const strict = { ...byDefault, fourEyes: { ...byDefault.fourEyes, riskLevelAtLeast: 3 } };
  await writeFile(RULE_SET_FILE, JSON.stringify(strict));
  const env = { LOG_LEVEL: 'warn', RULE_SET_FILE };
  const first = await startService({ env });
  instances = [first, await startService({ env, beside: first })];
});
afterAll(async () => {
  await stopServices();
  await rm(folder, { recursive: true });
});

/** Brings a session before people and gives its ETag. */
async function inReview(uuid: string, body: object): Promise<string> {
  const { api } = random.pick(instances);
  await api.deliver(body);
  const { body: session, headers } = await api.getSession(uuid);
  expect(session.status).toBe('IN_REVIEW');
  return headers.get('etag')!;
}

/** One of two clients with the right to decide, at one of the instances. */
function someClient(): ApiClient {
  const instance = random.pick(instances);
  return random.pick([instance.api, instance.as('reviews:write')]);
}

/** Both clients, each at an instance of its own. */
function bothClients(): ApiClient[] {
  const [one, other] = random.pick([instances, instances.toReversed()]);
  return [one!.api, other!.as('reviews:write')];
}

const decide = (client: ApiClient, uuid: string, etag: string, person: string, body: object) =>
  client.send<SessionResponse>('POST', `/v1/sessions/${uuid}/reviews`, body, {
    'if-match': etag,
    'x-on-behalf-of': inUtf8(person),
  });

const statusesOf = (answers: readonly Answer<unknown>[]) => answers.map(({ status }) => status).toSorted();
const sessionOf = async (uuid: string) => (await random.pick(instances).api.getSession(uuid)).body;
const entriesOf = (uuid: string, action: string) =>
  random.pick(instances).api.entries(`subject=${uuid}&action=${action}`);

describe('two reviewers who decide at the same time', () => {
  it(
    'have one winner each time, and the other one is told that the session has changed',
    async () => {
      const wins = new Map<string, number>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const uuid = `race-${round}`;
        // A picture of poor quality: one person is enough.
        const etag = await inReview(uuid, aPulledResult({ uuid, warnings: ['QC01'] }));
        const reviewers = random.pick([
          ['an.le', 'binh.vu'],
          ['binh.vu', 'an.le'],
        ]);
        const answers = await Promise.all(
          reviewers.map((person) =>
            decide(someClient(), uuid, etag, person, DECISIONS[random.pick(['APPROVE', 'REJECT'] as const)]),
          ),
        );
        expect(statusesOf(answers)).toEqual([201, 412]);
        const place = answers.findIndex(({ status }) => status === 201);
        expect(answers[1 - place]!.problem.code).toBe('STALE_SESSION');
        const { status, review } = await sessionOf(uuid);
        expect({ status, review }).toEqual({ status: 'CONCLUDED', review: answers[place]!.body.review });
        expect(review!.by.id).toBe(reviewers[place]);
        expect(await entriesOf(uuid, 'review.decided')).toHaveLength(1);
        wins.set(review!.by.id, (wins.get(review!.by.id) ?? 0) + 1);
      }
      process.stderr.write(`reviews: ${[...wins].map(([id, count]) => `${id} won ${count}`).join(', ')}\n`);
      // Otherwise it was no race.
      expect(wins.size).toBe(2);
    },
    LONG ? 600_000 : 60_000,
  );
});

describe('one person with two clients', () => {
  it(
    'is never the second person, at once or later, however the id is written',
    async () => {
      for (let round = 0; round < ROUNDS / 2; round += 1) {
        const uuid = `alone-${round}`;
        // No face comparison: high risk, so it takes two.
        const etag = await inReview(uuid, aCallback({ uuid, notReached: ['face_match'] }));
        const atOnce = await Promise.all(
          bothClients().map((client) =>
            decide(client, uuid, etag, random.pick(SPELLINGS), DECISIONS.APPROVE),
          ),
        );
        expect(statusesOf(atOnce)).toEqual([202, 403]);
        const { headers, body } = await random.pick(instances).api.getSession(uuid);
        const proposed = headers.get('etag')!;
        const again = random.pick(SPELLINGS);
        for (const decision of [DECISIONS.APPROVE, DECISIONS.REJECT]) {
          const later = await decide(someClient(), uuid, proposed, again, decision);
          expect(later).toMatchObject({ status: 403, problem: { code: 'FOUR_EYES' } });
        }
        expect(await sessionOf(uuid)).toEqual(body);
        expect(body).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW' });

        // Nor does it help to come at the same moment as a real second person.
        const [own, others] = bothClients();
        const together = await Promise.all([
          decide(own!, uuid, proposed, again, DECISIONS.APPROVE),
          decide(others!, uuid, proposed, 'binh.vu', DECISIONS.APPROVE),
        ]);
        expect([403, 412]).toContain(together[0].status);
        expect(together[1].status).toBe(201);
        const [first, second] = [
          await entriesOf(uuid, 'review.proposed'),
          await entriesOf(uuid, 'review.decided'),
        ];
        expect([first.length, second.length]).toEqual([1, 1]);
        expect(second[0]!.actor).toMatchObject({ type: 'person', id: 'binh.vu' });
        expect([clientIdOf('all'), clientIdOf('reviews:write')]).toContain(first[0]!.actor.via);
        expect(await sessionOf(uuid)).toMatchObject({ status: 'CONCLUDED', decision: 'APPROVE' });
      }
    },
    LONG ? 600_000 : 60_000,
  );
});
