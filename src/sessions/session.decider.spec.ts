import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryDraft } from '../audit/stream.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { confirmsUnder } from './confirmation.ts';
import {
  type Conclude,
  decideConclude,
  decideErase,
  decideReceiveCallback,
  decideExpire,
  decideReceivePull,
  decideRegister,
  decideRetrievalFailed,
  decideView,
  type ReceiveCallback,
  StaleComparisonError,
} from './session.decider.ts';
import { toSessionResponse } from './session.mapper.ts';
import {
  callbacksOf,
  evolveSession,
  governingResult,
  initialSession,
  isUnconcluded,
  type SessionState,
} from './session-state.ts';

const AT = '2026-01-31T08:00:00.000Z';
const defaults = { expectedWithinSeconds: 60, expiresAfterSeconds: 120 };
const nothing = { customerRef: null, channel: null, expectedWithinSeconds: null, expiresAfterSeconds: null };

/** Results by name, with what the rules would say of them. */
const VERDICTS = {
  good: { decision: 'APPROVE', riskLevel: 0 },
  unclear: { decision: 'NEED_REVIEW', riskLevel: 1 },
  worrying: { decision: 'NEED_REVIEW', riskLevel: 2 },
  bad: { decision: 'REJECT', riskLevel: 3 },
} as const;
type Name = keyof typeof VERDICTS;

function callback(
  name: Name,
  policy: 'REQUIRE_PULL' | 'CALLBACK_SUFFICES' = 'REQUIRE_PULL',
): ReceiveCallback {
  return {
    digest: name,
    bytes: 10,
    vendor: { code: '200', decision: null, decisionMessage: null, riskLevel: null },
    result: {} as NormalisedResult,
    judge: () => ({
      ...VERDICTS[name],
      ruleSetVersion: 'rules',
      engineVersion: '1',
      inputsDigest: name,
      ruleTable: [],
      omittedFindings: 0,
      fourEyes: [],
    }),
    confirms: confirmsUnder(policy),
    attachment: (hasEarlier) => ({ store: { putAll: () => Promise.resolve(null) }, item: { hasEarlier } }),
  };
}

/** Plays commands one after the other, as the appender does. */
class Story {
  state: SessionState = initialSession('a');
  readonly log: LogEntry[] = [];

  play(decide: (state: SessionState) => readonly EntryDraft[]): readonly EntryDraft[] {
    const drafts = decide(this.state);
    for (const { action, data } of drafts) this.commit({ action, data });
    return drafts;
  }

  commit({ action, data }: EntryDraft, at = AT): void {
    const index = this.log.length;
    const entry: LogEntry = {
      index,
      id: `e${index}`,
      at,
      action,
      data,
      subject: { type: 'session', id: 'a' },
      actor: { type: 'vendor', id: 'fpt-ai' },
    };
    this.log.push(entry);
    this.state = evolveSession(this.state, entry);
  }

  receive(name: Name, policy?: 'CALLBACK_SUFFICES'): readonly EntryDraft[] {
    return this.play((state) => decideReceiveCallback(state, callback(name, policy), AT));
  }
}

describe('deciding on a session', () => {
  it('receives and judges a new result in two entries', () => {
    const story = new Story();
    expect(story.receive('bad').map(({ action }) => action)).toEqual([
      'callback.received',
      'conclusion.reached',
    ]);
    expect(toSessionResponse(story.state)).toMatchObject({
      status: 'RECEIVED',
      decision: 'REJECT',
      confirmed: false,
      grade: 'CALLBACK_ONLY',
      registered: false,
      version: 2,
    });
  });

  it('gives a repeated result no entry and no effect', () => {
    const story = new Story();
    story.receive('bad');
    const before = story.state;
    expect(story.receive('bad')).toEqual([]);
    expect(story.state).toBe(before);
  });

  it('puts what rules can not decide before a person at once', () => {
    const story = new Story();
    story.receive('unclear');
    expect(story.state.status).toBe('IN_REVIEW');
  });

  it('concludes on a callback alone only where the policy says that it suffices', () => {
    const strict = new Story();
    strict.receive('good');
    const lenient = new Story();
    lenient.receive('good', 'CALLBACK_SUFFICES');
    expect([strict.state.status, lenient.state.status]).toEqual(['RECEIVED', 'CONCLUDED']);
    expect([toSessionResponse(strict.state).confirmed, toSessionResponse(lenient.state).confirmed]).toEqual([
      false,
      true,
    ]);
  });

  it('comes to the same end in whatever order and however often results arrive', () => {
    const names = fc.shuffledSubarray(Object.keys(VERDICTS) as Name[], { minLength: 1 });
    fc.assert(
      fc.property(
        names,
        fc.array(fc.nat(3), { maxLength: 6 }),
        fc.constantFrom(undefined, 'CALLBACK_SUFFICES' as const),
        (order, repeats, policy) => {
          const once = new Story();
          for (const name of order.toSorted()) once.receive(name, policy);
          const often = new Story();
          for (const name of [...order, ...repeats.map((n) => order[n % order.length] ?? 'good')])
            often.receive(name, policy);
          const end = ({ state }: Story) => ({
            status: state.status,
            governing: governingResult(state)?.digest,
            conclusion: governingResult(state)?.conclusion,
          });
          expect(end(often)).toEqual(end(once));
          expect(often.log).toHaveLength(2 * order.length);
        },
      ),
    );
  });

  it('never lets a later result soften what an earlier one gave away', () => {
    const story = new Story();
    for (const name of ['bad', 'good', 'unclear'] as const) story.receive(name);
    expect(toSessionResponse(story.state)).toMatchObject({ decision: 'REJECT', riskLevel: 3 });
  });

  it('judges a result whose conclusion a crash has swallowed, once', () => {
    const story = new Story();
    const [received] = decideReceiveCallback(story.state, callback('bad'), AT);
    story.commit(received!);
    expect(isUnconcluded(story.state)).toBe(true);
    const conclude: Conclude = { ...callback('bad'), version: 1 };
    expect(story.play((state) => decideConclude(state, conclude, AT)).map(({ action }) => action)).toEqual([
      'conclusion.reached',
    ]);
    expect(story.play((state) => decideConclude(state, conclude, AT))).toEqual([]);
    expect(isUnconcluded(story.state)).toBe(false);
  });

  it('judges it as well when the vendor sends it again', () => {
    const story = new Story();
    story.commit(decideReceiveCallback(story.state, callback('bad'), AT)[0]!);
    expect(story.receive('bad').map(({ action }) => action)).toEqual(['conclusion.reached']);
    expect(story.state.results).toHaveLength(1);
  });

  it('folds a result that two writers brought in at the same time into one', () => {
    const story = new Story();
    const [received] = decideReceiveCallback(story.state, callback('bad'), AT);
    story.commit(received!);
    story.commit(received!);
    expect(story.state.results).toHaveLength(1);
  });

  it('registers once, before or after the result, and computes its times from the entry', () => {
    const story = new Story();
    story.receive('bad');
    const register = () =>
      story.play((state) =>
        decideRegister(state, {
          registration: { ...nothing, customerRef: 'c-1', expectedWithinSeconds: 30 },
          defaults,
        }),
      );
    expect(register()).toHaveLength(1);
    expect(register()).toHaveLength(0);
    expect(toSessionResponse(story.state)).toMatchObject({
      registered: true,
      status: 'RECEIVED',
      customerRef: 'c-1',
      registeredAt: AT,
      expectedBy: '2026-01-31T08:00:30.000Z',
      expiresAt: '2026-01-31T08:02:00.000Z',
    });
  });

  it('does not change a session by being looked at', () => {
    const story = new Story();
    story.receive('bad');
    const before = story.state;
    story.play(() => decideView(1, 'RAW'));
    expect(story.log).toHaveLength(3);
    expect(story.state).toBe(before);
  });

  it('records an erasure once, and again only if a result came after it', () => {
    const story = new Story();
    story.receive('bad');
    expect(story.play((state) => decideErase(state, 'law'))).toHaveLength(1);
    expect(story.play((state) => decideErase(state, 'law'))).toHaveLength(0);
    expect(story.state.erasedAt).toBe(AT);
  });

  describe('with a pulled result', () => {
    /** A pull that was compared with the callbacks that the story has by now. */
    function pull(story: Story, name: Name, differences: string[] = []): readonly EntryDraft[] {
      const comparedWith = callbacksOf(story.state).map(({ digest }) => digest);
      return story.play((state) =>
        decideReceivePull(
          state,
          { ...callback(name), comparedWith, differences, media: [], attempts: ['RESULT'] },
          AT,
        ),
      );
    }

    it('confirms a callback with which it agrees', () => {
      const story = new Story();
      story.receive('good');
      expect(pull(story, 'good').map(({ action }) => action)).toEqual([
        'result.retrieved',
        'results.compared',
        'conclusion.reached',
      ]);
      expect(toSessionResponse(story.state)).toMatchObject({
        status: 'CONCLUDED',
        decision: 'APPROVE',
        confirmed: true,
        grade: 'AGREED',
      });
    });

    it('proves a session without a callback by itself', () => {
      const story = new Story();
      expect(pull(story, 'bad').map(({ action }) => action)).toEqual([
        'result.retrieved',
        'conclusion.reached',
      ]);
      expect(toSessionResponse(story.state)).toMatchObject({
        status: 'CONCLUDED',
        decision: 'REJECT',
        confirmed: true,
        grade: 'PULL_ONLY',
      });
    });

    it.each(['good', 'bad'] as const)(
      'leaves a contradiction to a person, also where the pulled copy is %s',
      (name) => {
        const story = new Story();
        story.receive('good');
        pull(story, name, ['face_match.similarity']);
        expect(toSessionResponse(story.state)).toMatchObject({
          status: 'IN_REVIEW',
          decision: 'NEED_REVIEW',
          confirmed: false,
          grade: 'CONFLICT',
          differences: ['face_match.similarity'],
        });
      },
    );

    it('takes back the confirmation when another callback comes, until that one was compared too', () => {
      const story = new Story();
      story.receive('good');
      pull(story, 'good');
      story.receive('unclear');
      expect(toSessionResponse(story.state)).toMatchObject({
        confirmed: false,
        grade: 'CALLBACK_ONLY',
        status: 'IN_REVIEW',
      });
      pull(story, 'good');
      expect(toSessionResponse(story.state)).toMatchObject({
        confirmed: true,
        grade: 'AGREED',
        status: 'CONCLUDED',
        decision: 'APPROVE',
      });
    });

    it('is not taken in if it was compared with other callbacks than there are', () => {
      const story = new Story();
      story.receive('good');
      const stale = { ...callback('good'), comparedWith: [], differences: [], media: [], attempts: [] };
      expect(() => decideReceivePull(story.state, stale, AT)).toThrow(StaleComparisonError);
    });

    it('only notes the attempt when the vendor gives the same again', () => {
      const story = new Story();
      story.receive('good');
      pull(story, 'good');
      const before = toSessionResponse(story.state);
      expect(pull(story, 'good').map(({ action, data }) => [action, data['unchanged']])).toEqual([
        ['result.retrieved', true],
      ]);
      expect(toSessionResponse(story.state)).toEqual(before);
      expect(story.state.pulls?.count).toBe(2);
    });

    it('counts the pulls made in vain from the moment at which the result was expected', () => {
      const story = new Story();
      const failed = { action: 'retrieval.failed', data: { outcome: 'NOT_FOUND', attempts: [] } } as const;
      story.play((state) => decideRegister(state, { registration: nothing, defaults }));
      const counts = ['08:00:10', '08:00:20', '08:01:00', '08:01:05'].map((time) => {
        story.commit(failed, `2026-01-31T${time}.000Z`);
        return story.state.pulls?.count;
      });
      expect(counts).toEqual([1, 1, 1, 2]);
    });

    it('comes to the same end whether callbacks or pull were first', () => {
      const ends = (['pull first', 'callback first'] as const).map((order) => {
        const story = new Story();
        if (order === 'pull first') pull(story, 'good');
        story.receive('good');
        pull(story, 'good');
        const { status, decision, confirmed, grade } = toSessionResponse(story.state);
        return { status, decision, confirmed, grade };
      });
      expect(ends[0]).toEqual(ends[1]);
    });

    it('that failed is never a decision', () => {
      const story = new Story();
      story.receive('good');
      const before = toSessionResponse(story.state);
      story.play(() => decideRetrievalFailed({ outcome: 'NOT_FOUND', attempts: ['NOT_FOUND'] }));
      expect(toSessionResponse(story.state)).toEqual(before);
      expect(story.state.lastPullOutcome).toBe('NOT_FOUND');
    });
  });

  it('expires a registered session whose time is over, and no other', () => {
    const story = new Story();
    story.play((state) => decideRegister(state, { registration: nothing, defaults }));
    expect(decideExpire(story.state, '2026-01-31T08:01:59.999Z')).toEqual([]);
    expect(story.play((state) => decideExpire(state, '2026-01-31T08:02:00.000Z'))).toHaveLength(1);
    expect(story.state.status).toBe('EXPIRED');
    story.receive('bad');
    expect(story.state.status).toBe('RECEIVED');
    expect(decideExpire(story.state, '2027-01-31T08:02:00.000Z')).toEqual([]);
  });
});
