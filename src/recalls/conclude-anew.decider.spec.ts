import { describe, expect, it } from '@jest/globals';
import type { EntryActor, JsonObject, LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import type { Decision } from '../conclusion-rules/engine/rule-set.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { decideErase, decideReceiveCallback, type Judge } from '../sessions/session.decider.ts';
import { decisionOf, evolveSession, initialSession, type SessionState } from '../sessions/session-state.ts';
import { decideConcludeAnew, outcomeOf, RecalledRuleSetActiveError } from './conclude-anew.decider.ts';

const SYSTEM: EntryActor = { type: 'system', id: 'ekyc-ledger' };
const RECALL = { recall: 'r', ruleSetVersion: 'wrong' };
type Verdicts = Readonly<Record<string, Decision>>;

/** Says of each result, by its name, what the table says; the finding is named after the decision. */
const judgeOf =
  (ruleSetVersion: string, verdicts: Verdicts): Judge =>
  ({ result }) => {
    const name = (result as unknown as { name: string }).name;
    const decision = verdicts[name] ?? 'NEED_REVIEW';
    const rules = [{ code: `${decision}_${name}` }] as unknown as [];
    return {
      decision,
      riskLevel: 1,
      ruleSetVersion,
      engineVersion: '1',
      inputsDigest: name,
      ruleTable: [{ groupCode: 'g', groupName: 'g', riskLevel: 1, rules }],
      omittedFindings: 0,
      fourEyes: [],
    };
  };
const resultNamed = (name: string) => ({ name }) as unknown as NormalisedResult;

class Session {
  state: SessionState = initialSession('a');
  readonly log: LogEntry[] = [];

  private get at(): string {
    return new Date(Date.UTC(2026, 0, 31) + this.log.length * 1000).toISOString();
  }

  play(decide: (state: SessionState, at: string) => readonly EntryDraft[], actor = SYSTEM): EntryDraft[] {
    const drafts = [...decide(this.state, this.at)];
    for (const draft of drafts) this.commit(draft, actor);
    return drafts;
  }

  commit({ action, data }: Pick<EntryDraft, 'action' | 'data'>, actor = SYSTEM): void {
    const index = this.log.length;
    const subject = { type: 'session', id: 'a' };
    const entry: LogEntry = { index, id: `e${index}`, at: this.at, action, data, subject, actor };
    this.log.push(entry);
    this.state = evolveSession(this.state, entry);
  }

  receive(name: string, verdict: Decision, ruleSetVersion = 'wrong'): this {
    this.play((state, at) =>
      decideReceiveCallback(
        state,
        {
          digest: name,
          bytes: 1,
          vendor: { code: null, decision: null, decisionMessage: null, riskLevel: null },
          result: resultNamed(name),
          judge: judgeOf(ruleSetVersion, { [name]: verdict }),
          confirms: () => true,
          attachment: () => ({ store: { putAll: () => Promise.resolve(null) }, item: null }),
        },
        at,
      ),
    );
    return this;
  }

  review(decision: 'APPROVE' | 'REJECT'): this {
    const data = { decision, reasonCode: 'OTHER', proposal: null } as unknown as JsonObject;
    this.commit({ action: 'review.decided', data }, { type: 'person', id: 'ann', via: 'desk' });
    return this;
  }

  recall(verdicts: Verdicts, by = 'right'): EntryDraft[] {
    return this.play((state, at) => this.decide(verdicts, by)(state, at));
  }

  decide(verdicts: Verdicts, by = 'right') {
    const results = new Map(
      this.state.results.map(({ entryId, digest }) => [entryId, resultNamed(digest)] as const),
    );
    return (state: SessionState, at: string) =>
      decideConcludeAnew(state, { ...RECALL, results, judgeAsOf: () => judgeOf(by, verdicts) }, at);
  }

  get outcome() {
    return outcomeOf('a', this.log, RECALL);
  }
}

describe('concluding anew', () => {
  it('replaces what the recalled rule set concluded, as of the day on which the result came', () => {
    const session = new Session().receive('x', 'APPROVE');
    const { receivedAt } = session.state.results[0]!;
    const [draft] = session.recall({ x: 'REJECT' });
    expect(draft).toMatchObject({
      action: 'conclusion.reached',
      data: {
        ...{ version: 1, decision: 'REJECT', ruleSetVersion: 'right', grade: 'CALLBACK_ONLY' },
        ...{ confirmed: true, checkedAt: receivedAt, recall: 'r' },
      },
    });
    expect(decisionOf(session.state)).toBe('REJECT');
    expect(session.outcome).toEqual({ done: 1, reconcluded: 1, changed: 1, skipped: 0 });
  });

  it('happens once', () => {
    const session = new Session().receive('x', 'APPROVE');
    expect(session.recall({ x: 'APPROVE' })).toHaveLength(1);
    expect(session.recall({ x: 'APPROVE' })).toHaveLength(0);
    expect(session.outcome).toEqual({ done: 1, reconcluded: 1, changed: 0, skipped: 0 });
  });

  it('goes on where a crash between two of its entries left off, and counts the session once', () => {
    const session = new Session().receive('x', 'APPROVE').receive('y', 'NEED_REVIEW');
    const verdicts: Verdicts = { x: 'REJECT', y: 'APPROVE' };
    const drafts = session.decide(verdicts)(session.state, '2026-02-01T00:00:00.000Z');
    expect(drafts.map(({ data }) => data['version'])).toEqual([1, 2]);
    session.commit(drafts[0]!);
    expect(session.recall(verdicts).map(({ data }) => data['version'])).toEqual([2]);
    expect(decisionOf(session.state)).toBe('REJECT');
    expect(session.outcome).toEqual({ done: 1, reconcluded: 1, changed: 1, skipped: 0 });
  });

  it('leaves alone what other rules have concluded on', () => {
    const session = new Session().receive('x', 'APPROVE', 'other');
    expect(session.recall({ x: 'REJECT' })).toEqual([]);
    expect(session.outcome).toEqual({ done: 1, reconcluded: 0, changed: 0, skipped: 0 });
  });

  it('skips what was erased, also if the erasure came after the result was read', () => {
    const session = new Session().receive('x', 'APPROVE');
    const decide = session.decide({ x: 'REJECT' });
    session.play((state) => decideErase(state, 'REQUEST'));
    expect(session.play(decide)).toEqual([]);
    expect(session.outcome).toEqual({ done: 1, reconcluded: 0, changed: 0, skipped: 1 });
  });

  it('waits while the recalled rule set is the active one', () => {
    const session = new Session().receive('x', 'APPROVE');
    expect(() => session.recall({ x: 'APPROVE' }, 'wrong')).toThrow(RecalledRuleSetActiveError);
  });

  it.each<[Decision, 'APPROVE' | 'REJECT', Decision, boolean]>([
    ['NEED_REVIEW', 'APPROVE', 'APPROVE', true],
    ['NEED_REVIEW', 'APPROVE', 'NEED_REVIEW', true],
    ['NEED_REVIEW', 'APPROVE', 'REJECT', false],
    ['NEED_REVIEW', 'REJECT', 'APPROVE', false],
    ['NEED_REVIEW', 'REJECT', 'REJECT', true],
  ])('of %s that a person made %s into %s: the decision holds: %s', (ruled, decided, anew, holds) => {
    const session = new Session().receive('x', ruled).review(decided);
    session.recall({ x: anew });
    expect(decisionOf(session.state)).toBe(holds ? decided : 'NEED_REVIEW');
    expect(session.state.status).toBe(holds ? 'CONCLUDED' : 'IN_REVIEW');
    expect(session.outcome.changed).toBe(holds ? 0 : 1);
  });

  it('holds nothing against a decision that contradicts it only half way through', () => {
    const session = new Session().receive('x', 'NEED_REVIEW').receive('y', 'NEED_REVIEW').review('APPROVE');
    session.recall({ x: 'APPROVE', y: 'APPROVE' });
    expect(decisionOf(session.state)).toBe('APPROVE');
    expect(session.state.status).toBe('CONCLUDED');
  });
});
