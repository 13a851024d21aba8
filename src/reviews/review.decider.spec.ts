import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { type FourEyesReason, FOUR_EYES_REASONS } from '../conclusion-rules/engine/four-eyes.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import { parseIfMatch } from '../platform/http/entity-tag.ts';
import { Problem } from '../platform/http/problem.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { confirmsUnder } from '../sessions/confirmation.ts';
import {
  decideErase,
  decideReceiveCallback,
  decideReceivePull,
  decideRetrievalFailed,
} from '../sessions/session.decider.ts';
import { toSessionResponse } from '../sessions/session.mapper.ts';
import type { ReviewDecision } from '../sessions/session-review.ts';
import {
  callbacksOf,
  decisionOf,
  evolveSession,
  initialSession,
  type SessionState,
} from '../sessions/session-state.ts';
import { decideClaim, decideRelease, decideReview } from './review.decider.ts';

const START = Date.parse('2026-01-31T08:00:00.000Z');
const CLAIM_SECONDS = 60;

/** A result, and what the rules say of it. */
interface Result {
  readonly digest: string;
  readonly ruled?: Decision;
  readonly findings?: readonly string[];
  readonly fourEyes?: readonly FourEyesReason[];
}

const person = (id: string, via = 'back-office'): EntryActor => ({ type: 'person', id, via });

/** One session as the log and its clock tell it. */
class Session {
  state: SessionState = initialSession('a');
  readonly log: LogEntry[] = [];
  seconds = 0;

  get at(): string {
    return new Date(START + this.seconds * 1000).toISOString();
  }

  private play(actor: EntryActor, decide: (state: SessionState, at: string) => readonly EntryDraft[]) {
    for (const { action, data } of decide(this.state, this.at)) {
      const index = this.log.length;
      const subject = { type: 'session', id: 'a' };
      const entry: LogEntry = { index, id: `e${index}`, at: this.at, action, data, subject, actor };
      this.log.push(entry);
      this.state = evolveSession(this.state, entry);
    }
    return this;
  }

  callback(result: Result): this {
    return this.play({ type: 'vendor', id: 'fpt-ai' }, (state, at) =>
      decideReceiveCallback(state, commandFor(result), at),
    );
  }

  pull(result: Result, differences: readonly string[] = []): this {
    const comparedWith = callbacksOf(this.state).map(({ digest }) => digest);
    const pulled = { ...commandFor(result), comparedWith, differences, media: [], attempts: ['RESULT'] };
    return this.play({ type: 'system', id: 'ekyc-ledger' }, (state, at) =>
      decideReceivePull(state, pulled, at),
    );
  }

  pullInVain(): this {
    return this.play({ type: 'system', id: 'ekyc-ledger' }, () =>
      decideRetrievalFailed({ outcome: 'TIMEOUT', attempts: ['TIMEOUT'] }),
    );
  }

  erase(): this {
    return this.play(person('dpo'), (state) => decideErase(state, 'law'));
  }

  review(by: EntryActor, decision: ReviewDecision, lookedAt = this.etag): this {
    return this.play(by, (state, at) =>
      decideReview(
        state,
        {
          person: by,
          decision,
          reasonCode: 'REASON',
          lookedAt: parseIfMatch(lookedAt) ?? [],
          commentDigest: 'digest',
          hasCustomerMessage: false,
          comments: { store: { putAll: () => Promise.resolve(null) }, item: null },
        },
        at,
      ),
    );
  }

  claim(by: EntryActor): this {
    return this.play(by, (state, at) => decideClaim(state, by, CLAIM_SECONDS, at));
  }

  release(by: EntryActor): this {
    return this.play(by, (state, at) => decideRelease(state, by, at));
  }

  get etag(): string {
    return `"${this.state.version}"`;
  }

  get shown() {
    const { status, decision, confirmed, review } = toSessionResponse(this.state);
    return { status, decision, confirmed, by: review && [review.by.id, review.secondBy?.id ?? null] };
  }

  /** Whether the decision could be acted on, after each entry. */
  get confirmations(): boolean[] {
    let state = initialSession('a');
    return this.log.map((entry) => toSessionResponse((state = evolveSession(state, entry))).confirmed);
  }

  get actions(): string[] {
    return this.log.map(({ action }) => action);
  }
}

function commandFor({ digest, ruled = 'NEED_REVIEW', findings = ['A'], fourEyes = [] }: Result) {
  const rules = findings.map((code) => ({
    ...{ code, message: code, riskLevel: 1, outcome: 'MET' as const },
    ...{ fact: '', observed: null, expected: '' },
  }));
  return {
    digest,
    bytes: 1,
    vendor: { code: null, decision: null, decisionMessage: null, riskLevel: null },
    result: {} as NormalisedResult,
    judge: () => ({
      ...{ decision: ruled, riskLevel: 1, ruleSetVersion: 'r', engineVersion: '1', inputsDigest: 'i' },
      ruleTable: [{ groupCode: 'G', groupName: 'G', riskLevel: 1, rules }],
      omittedFindings: 0,
      fourEyes,
    }),
    confirms: confirmsUnder('REQUIRE_PULL'),
    attachment: () => ({ store: { putAll: () => Promise.resolve(null) }, item: null }),
  };
}

/** The code with which the call is refused; null if it is not. */
function refusal(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

const an = person('an');
const binh = person('binh');
const unclear: Result = { digest: 'unclear' };
const risky: Result = { digest: 'risky', fourEyes: ['RISK_LEVEL'] };
const waiting = () => new Session().callback(unclear);
const waitingForTwo = () => new Session().callback(risky);

describe('deciding on a session in review', () => {
  it.each(['APPROVE', 'REJECT'] as const)('concludes it with what the person decides: %s', (decision) => {
    const session = waiting().review(an, decision);
    expect(session.shown).toEqual({
      ...{ status: 'CONCLUDED', decision, confirmed: false },
      by: ['an', null],
    });
    expect(session.actions.at(-1)).toBe('review.decided');
  });

  it('is for a session that waits for a person alone', () => {
    const decide = (session: Session) => refusal(() => session.review(an, 'APPROVE'));
    expect(decide(new Session())).toBe('NOT_REVIEWABLE');
    expect(decide(new Session().callback({ digest: 'good', ruled: 'APPROVE' }))).toBe('NOT_REVIEWABLE');
    expect(decide(new Session().callback({ digest: 'bad', ruled: 'REJECT' }))).toBe('NOT_REVIEWABLE');
    expect(decide(waiting().review(an, 'REJECT'))).toBe('NOT_REVIEWABLE');
  });

  it('is over once nothing is left to look at, until a new result comes', () => {
    const session = waiting().erase();
    expect(refusal(() => session.review(an, 'REJECT'))).toBe('NOT_REVIEWABLE');
    session.seconds += 1;
    expect(refusal(() => session.callback({ digest: 'later' }).review(an, 'REJECT'))).toBeNull();
  });

  it('needs the session as it is, by a strong tag', () => {
    const session = waiting();
    const stale = session.etag;
    session.callback({ digest: 'another' });
    expect(refusal(() => session.review(an, 'APPROVE', stale))).toBe('STALE_SESSION');
    expect(refusal(() => session.review(an, 'APPROVE', `W/${session.etag}`))).toBe('STALE_SESSION');
    expect(refusal(() => session.review(an, 'APPROVE', `${stale}, ${session.etag}`))).toBeNull();
  });

  it('tells the second of two at the same time that the session has changed, not that it is concluded', () => {
    const session = waiting();
    const { etag } = session;
    session.review(an, 'APPROVE', etag);
    expect(refusal(() => session.review(binh, 'REJECT', etag))).toBe('STALE_SESSION');
  });

  it('is not disturbed by a pull in vain', () => {
    const session = waiting();
    const { etag } = session;
    expect(refusal(() => session.pullInVain().review(an, 'APPROVE', etag))).toBeNull();
  });
});

describe('four eyes', () => {
  it('make the first decision a proposal and the same by a second person the decision', () => {
    const session = waitingForTwo().review(an, 'APPROVE');
    expect(session.shown).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW', by: null });
    session.review(binh, 'APPROVE');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', decision: 'APPROVE', by: ['an', 'binh'] });
    expect(session.actions.slice(-2)).toEqual(['review.proposed', 'review.decided']);
    expect(session.log.at(-1)?.data['proposal']).toBe(session.log.length - 2);
  });

  it.each([
    ['again', an],
    ['through another client', person('an', 'mobile-app')],
    ['in capitals', person('AN ')],
  ])('are not two where the same person decides %s', (_, again) => {
    const session = waitingForTwo();
    const { etag } = session;
    session.review(an, 'APPROVE');
    for (const decision of ['APPROVE', 'REJECT'] as const) {
      expect(refusal(() => session.review(again, decision))).toBe('FOUR_EYES');
      expect(refusal(() => session.review(again, decision, etag))).toBe('FOUR_EYES');
    }
    expect(refusal(() => session.claim(again))).toBe('FOUR_EYES');
  });

  it('that disagree leave the session in review, with both recorded, for a new proposal by anybody', () => {
    const session = waitingForTwo().review(an, 'APPROVE').review(binh, 'REJECT');
    expect(session.shown).toMatchObject({ status: 'IN_REVIEW', by: null });
    expect(session.actions.slice(-2)).toEqual(['review.proposed', 'review.refused']);
    session.review(an, 'REJECT').review(binh, 'REJECT');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', decision: 'REJECT', by: ['an', 'binh'] });
  });

  it('need to have seen the proposal: the first ETag does not confirm it', () => {
    const session = waitingForTwo();
    const { etag } = session;
    session.review(an, 'APPROVE', etag);
    expect(refusal(() => session.review(binh, 'APPROVE', etag))).toBe('STALE_SESSION');
  });

  it.each([
    ['a new callback', (session: Session) => session.callback({ digest: 'new', fourEyes: ['RISK_LEVEL'] })],
    ['a pulled result', (session: Session) => session.pull(risky)],
    ['a contradicting pull', (session: Session) => session.pull({ ...risky, digest: 'p' }, ['x'])],
  ])('begin anew after %s', (_, happens) => {
    const session = waitingForTwo().review(an, 'APPROVE');
    const { etag } = session;
    happens(session);
    expect(session.state.review.proposal).toBeNull();
    expect(refusal(() => session.review(binh, 'APPROVE', etag))).toBe('STALE_SESSION');
    session.review(binh, 'APPROVE');
    expect(session.shown.status).toBe('IN_REVIEW');
  });

  it('begin anew even if the service dies before the new result is judged', () => {
    const session = waitingForTwo().review(an, 'APPROVE').callback({ digest: 'new' });
    const received = session.log.slice(0, -1).reduce(evolveSession, initialSession('a'));
    expect(session.actions.at(-2)).toBe('callback.received');
    expect(received.review.proposal).toBeNull();
  });

  it('are not lost by a pull in vain', () => {
    const session = waitingForTwo().review(an, 'APPROVE').pullInVain().review(binh, 'APPROVE');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', by: ['an', 'binh'] });
  });

  it('are demanded against a rejection of any version, and only to approve', () => {
    const rejecting = { ruled: 'REJECT', fourEyes: ['OVERRIDE_OF_REJECT'] } as const;
    const contradicted = () => new Session().callback({ digest: 'bad', ...rejecting }).pull(unclear, ['x']);
    expect(contradicted().shown.status).toBe('IN_REVIEW');
    expect(contradicted().review(an, 'APPROVE').actions.at(-1)).toBe('review.proposed');
    expect(contradicted().review(an, 'REJECT').actions.at(-1)).toBe('review.decided');
  });

  it('are demanded by the conclusion, also where it was hidden by a contradiction', () => {
    const pulled = { digest: 'p', ruled: 'REJECT', fourEyes: ['OVERRIDE_OF_REJECT', 'CONFLICT'] } as const;
    const session = new Session().callback({ digest: 'good', ruled: 'APPROVE' }).pull(pulled, ['x']);
    expect(session.review(an, 'REJECT').actions.at(-1)).toBe('review.proposed');
  });
});

describe('a claim', () => {
  it('keeps others from deciding and claiming, not the claimer, until it is over', () => {
    const session = waiting().claim(an);
    expect(refusal(() => session.claim(binh))).toBe('CLAIMED_BY_ANOTHER');
    expect(refusal(() => session.release(binh))).toBe('CLAIMED_BY_ANOTHER');
    expect(refusal(() => session.review(binh, 'APPROVE'))).toBe('CLAIMED_BY_ANOTHER');
    session.seconds += CLAIM_SECONDS;
    expect(refusal(() => session.review(binh, 'APPROVE'))).toBeNull();
  });

  it('does not change the ETag, neither taken nor given back nor taken again', () => {
    const session = waiting();
    const { etag } = session;
    session.claim(an).release(an).claim(an);
    session.seconds += 30;
    session.claim(an);
    session.seconds += 59;
    expect(refusal(() => session.claim(binh))).toBe('CLAIMED_BY_ANOTHER');
    expect(session.etag).toBe(etag);
    expect(session.review(an, 'APPROVE', etag).shown.status).toBe('CONCLUDED');
  });

  it('given back lets the next one claim; giving back what nobody holds changes nothing', () => {
    const session = waiting().claim(an).release(an).release(an).release(binh).claim(binh);
    expect(session.actions.slice(2)).toEqual(['review.claimed', 'review.released', 'review.claimed']);
  });

  it('ends with a proposal, so that the second person can decide', () => {
    const session = waitingForTwo().claim(an).review(an, 'APPROVE');
    expect(refusal(() => session.claim(binh).review(binh, 'APPROVE'))).toBeNull();
  });

  it('is for a session that waits for a person alone, and ends when it does no more', () => {
    expect(refusal(() => new Session().claim(an))).toBe('NOT_REVIEWABLE');
    const session = waiting().claim(an).pull({ digest: 'unclear', ruled: 'APPROVE' });
    expect(session.shown.status).toBe('CONCLUDED');
    expect(session.state.review).toMatchObject({ since: null, claim: null });
  });
});

describe('what people decided', () => {
  it('is confirmed by the pulled copy that says no more than they saw', () => {
    const session = waiting().review(an, 'APPROVE');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', confirmed: false });
    session.pull(unclear);
    expect(session.shown).toEqual({
      ...{ status: 'CONCLUDED', decision: 'APPROVE', confirmed: true },
      by: ['an', null],
    });
  });

  it('on two copies that contradict each other is confirmed, because the vendor’s own was before them', () => {
    const session = waiting().pull({ digest: 'p' }, ['x']).review(an, 'REJECT');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', decision: 'REJECT', confirmed: true });
  });

  it('is never shown as confirmed before the pulled copy was judged', () => {
    const session = waiting()
      .review(an, 'APPROVE')
      .pull({ digest: 'p', findings: ['A', 'B'] });
    // received, concluded, decided, retrieved, compared: nothing to act on; concluded anew: back to people.
    expect(session.confirmations.slice(0, -1)).not.toContain(true);
    expect(session.shown).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW' });
  });

  it('is not shown as confirmed either while a later pull waits to be judged', () => {
    const session = waiting()
      .pull({ digest: 'p', findings: ['A', 'B'] })
      .review(an, 'APPROVE');
    session.pull({ digest: 'later', findings: ['A', 'B', 'C'] });
    expect(session.actions.slice(-4)).toEqual([
      ...['review.decided', 'result.retrieved', 'results.compared', 'conclusion.reached'],
    ]);
    expect(session.confirmations.at(-4)).toBe(true);
    expect(session.confirmations.at(-2)).toBe(false);
  });

  it.each<[string, (session: Session) => Session]>([
    ['the rules rejecting what was approved', (s) => s.callback({ digest: 'n', ruled: 'REJECT' })],
    ['a proven rejection', (s) => s.pull({ digest: 'unclear', ruled: 'REJECT' })],
    ['a pull that contradicts the callback', (s) => s.pull({ digest: 'p', ruled: 'APPROVE' }, ['x'])],
    ['a finding that nobody saw', (s) => s.pull({ digest: 'unclear', findings: ['A', 'B'] })],
    ['other findings', (s) => s.pull({ digest: 'unclear', findings: ['C'] })],
  ])('goes back to people after %s', (_, happens) => {
    const session = happens(waiting().review(an, 'APPROVE'));
    expect(session.shown).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW', by: null });
    expect(session.state.review).toMatchObject({ contested: true, since: expect.anything() });
    session.review(an, 'REJECT');
    expect(session.shown).toMatchObject({ status: 'CONCLUDED', decision: 'REJECT' });
  });

  it('is not replaced by the rules, should they approve what people rejected', () => {
    const session = waiting().review(an, 'REJECT').pull({ digest: 'unclear', ruled: 'APPROVE' });
    expect(session.shown).toMatchObject({ status: 'IN_REVIEW', decision: 'NEED_REVIEW' });
  });
});

/** Anything that may happen to a session, by any of three people through any of two clients. */
const happenings = (people: readonly string[]) => {
  const by = fc
    .tuple(fc.constantFrom(...people), fc.constantFrom('web', 'app'))
    .map(([id, via]) => person(id, via));
  const decision = fc.constantFrom('APPROVE' as const, 'REJECT' as const);
  const result = fc.record({
    digest: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
    ruled: fc.constantFrom<Decision>('APPROVE', 'NEED_REVIEW', 'REJECT'),
    findings: fc.subarray(['A', 'B']),
    fourEyes: fc.constant(FOUR_EYES_REASONS),
  });
  const differences = fc.constantFrom<string[]>([], ['x']);
  return fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(by, decision).map(
          ([who, what]) =>
            (s: Session) =>
              s.review(who, what),
        ),
      },
      by.map((who) => (s: Session) => s.claim(who)),
      by.map((who) => (s: Session) => s.release(who)),
      result.map((one) => (s: Session) => s.callback(one)),
      fc.tuple(result, differences).map(
        ([one, differs]) =>
          (s: Session) =>
            s.pull(one, differs),
      ),
      fc.constant((s: Session) => s.pullInVain()),
      fc.nat(90).map((seconds) => (s: Session) => {
        s.seconds += seconds;
        return s;
      }),
    ),
    { maxLength: 20 },
  );
};

/** Plays what happens; what is refused leaves no trace. */
function play(session: Session, steps: readonly ((session: Session) => unknown)[]): void {
  for (const step of steps) refusal(() => step(session));
}

describe('whatever happens', () => {
  it('no sequence of reviews by one person ever concludes a session that demands four eyes', () => {
    fc.assert(
      fc.property(happenings(['an', 'AN', 'an ']), (steps) => {
        const session = waitingForTwo();
        play(session, steps);
        expect(session.actions).not.toContain('review.decided');
      }),
    );
  });

  it('a decision of two was made by two, on the same, with nothing new between them', () => {
    fc.assert(
      fc.property(happenings(['an', 'binh', 'chi']), (steps) => {
        const session = waitingForTwo();
        play(session, steps);
        for (const [index, { action, data, actor }] of session.log.entries()) {
          if (action !== 'review.decided') continue;
          const proposal = session.log[data['proposal'] as number]!;
          expect(proposal.data['decision']).toBe(data['decision']);
          expect(proposal.actor.id).not.toBe(actor.id);
          const between = session.actions.slice(proposal.index + 1, index);
          expect(between).not.toContain('callback.received');
          expect(between).not.toContain('conclusion.reached');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no decision of people survives a result that contradicts it, and rules never decide in their place', () => {
    fc.assert(
      fc.property(happenings(['an', 'binh', 'chi']), (steps) => {
        const session = waiting();
        play(session, steps);
        let state = initialSession('a');
        for (const entry of session.log) {
          const before = state.review.decided?.first.decision ?? null;
          state = evolveSession(state, entry);
          const after = decisionOf(state);
          if (before === null || entry.action === 'review.decided') continue;
          expect([before, 'NEED_REVIEW']).toContain(after);
          if (entry.action !== 'conclusion.reached' || state.review.decided === null) continue;
          const governing = toSessionResponse(state).conclusion?.decision;
          expect([before, 'NEED_REVIEW']).toContain(governing);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a session waits for a person exactly while it is in review, and never moves illegally', () => {
    fc.assert(
      fc.property(happenings(['an', 'binh', 'chi']), (steps) => {
        const session = new Session();
        play(session, steps);
        let state = initialSession('a');
        for (const entry of session.log) {
          state = evolveSession(state, entry);
          expect(state.review.since !== null).toBe(state.status === 'IN_REVIEW');
          if (state.review.decided !== null) expect(state.status).toBe('CONCLUDED');
        }
      }),
      { numRuns: 500 },
    );
  });
});
