import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { Problem } from '../platform/http/problem.ts';
import { decideApproval, decideCompletion, decideProgress, decideRequest } from './recall.decider.ts';
import { evolveRecall, initialRecall, type RequestedData } from './recall-state.ts';

const person = (id: string, via = 'desk'): EntryActor => ({ type: 'person', id, via });
const SYSTEM: EntryActor = { type: 'system', id: 'ekyc-ledger' };
const REQUEST: RequestedData = {
  ruleSetVersion: 'wrong',
  ruleCode: null,
  firstIndex: 10,
  untilIndex: 40,
  from: '2026-01-31T00:00:00.000Z',
  to: '2026-02-01T00:00:00.000Z',
  reason: 'RULE_WRONG',
  sessions: 3,
};
const batch = (through: number) => ({ through, done: 1, reconcluded: 1, changed: 0, skipped: 0 });

/** A recall as the log tells it. */
class Story {
  state = initialRecall('r');
  readonly log: LogEntry[] = [];

  play(actor: EntryActor, decide: (state: Story['state']) => readonly EntryDraft[]): string {
    try {
      for (const { action, data } of decide(this.state)) {
        const index = this.log.length;
        const at = new Date(Date.UTC(2026, 1, 2) + index * 1000).toISOString();
        const entry = {
          index,
          id: `e${index}`,
          at,
          action,
          data,
          actor,
          subject: { type: 'recall', id: 'r' },
        };
        this.log.push(entry);
        this.state = evolveRecall(this.state, entry);
      }
      return 'OK';
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  }

  request(by = person('ann')): string {
    return this.play(by, (state) => decideRequest(state, REQUEST));
  }

  approve(by: EntryActor): string {
    return this.play(by, (state) => decideApproval(state, by));
  }

  progress(after: number, through: number): string {
    return this.play(SYSTEM, (state) => decideProgress(state, after, batch(through)));
  }

  complete(): string {
    return this.play(SYSTEM, decideCompletion);
  }

  get actions(): string[] {
    return this.log.map(({ action }) => action);
  }
}

describe('a recall', () => {
  it('is asked for, approved by a second person, carried out and completed', () => {
    const story = new Story();
    expect([story.request(), story.approve(person('bob'))]).toEqual(['OK', 'OK']);
    story.progress(9, 30);
    story.progress(30, 39);
    story.complete();
    expect(story.state).toMatchObject({
      status: 'COMPLETED',
      request: { by: person('ann'), data: REQUEST },
      approval: { by: person('bob') },
      counts: { done: 2, reconcluded: 2, changed: 0, skipped: 0 },
    });
    expect(story.log.at(-1)).toMatchObject({ action: 'recall.completed', data: { done: 2, reconcluded: 2 } });
  });

  it.each<[string, (story: Story) => string, string]>([
    ['approved that nobody asked for', (story) => story.approve(person('bob')), 'RECALL_NOT_FOUND'],
    ['approved by its requester', (story) => (story.request(), story.approve(person('ann'))), 'FOUR_EYES'],
    [
      'approved by its requester through another client and in other letters',
      (story) => (story.request(), story.approve(person('ANN ', 'portal'))),
      'FOUR_EYES',
    ],
    [
      'approved twice',
      (story) => (story.request(), story.approve(person('bob')), story.approve(person('cid'))),
      'RECALL_NOT_REQUESTED',
    ],
    [
      'approved twice by the same person',
      (story) => (story.request(), story.approve(person('bob')), story.approve(person('bob'))),
      'RECALL_NOT_REQUESTED',
    ],
  ])('can not be %s', (_, act, code) => {
    expect(act(new Story())).toBe(code);
  });

  it.each<[string, (story: Story) => unknown]>([
    ['is asked for a second time', (story) => story.request(person('cid'))],
    ['is carried out before it is approved', (story) => story.progress(9, 30)],
    ['is completed before it is approved', (story) => story.complete()],
  ])('stays as it is when it %s', (_, act) => {
    const story = new Story();
    story.request();
    act(story);
    expect(story.actions).toEqual(['recall.requested']);
  });

  it('notes each batch once, whoever walked it', () => {
    const story = new Story();
    story.request();
    story.approve(person('bob'));
    story.progress(9, 30);
    story.progress(9, 30);
    story.progress(9, 39);
    story.complete();
    expect(story.state).toMatchObject({ status: 'APPROVED', through: 30, counts: { done: 1 } });
  });

  it('of nothing is completed at once', () => {
    const story = new Story();
    story.play(person('ann'), (state) => decideRequest(state, { ...REQUEST, untilIndex: 10, sessions: 0 }));
    story.approve(person('bob'));
    story.complete();
    expect(story.state.status).toBe('COMPLETED');
  });

  it('is approved at most once and never by its requester, and completed at most once and only at its end', () => {
    const someone = fc.constantFrom('ann', 'Ann', 'bob', 'cid').map((id) => person(id));
    const index = fc.integer({ min: 8, max: 45 });
    const step = fc.oneof(
      someone.map((by) => (story: Story) => story.request(by)),
      someone.map((by) => (story: Story) => story.approve(by)),
      index.map((through) => (story: Story) => story.progress(story.state.through, through)),
      fc.tuple(index, index).map(
        ([after, through]) =>
          (story: Story) =>
            story.progress(after, through),
      ),
      fc.constant((story: Story) => story.complete()),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const story = new Story();
        for (const act of steps) act(story);
        const by = (action: string) => story.log.filter((entry) => entry.action === action);
        const [requested] = by('recall.requested');
        expect(by('recall.approved').length).toBeLessThanOrEqual(1);
        expect(by('recall.completed').length).toBeLessThanOrEqual(1);
        for (const { actor } of by('recall.approved')) {
          expect(actor.id.toLowerCase()).not.toBe(requested?.actor.id.toLowerCase());
        }
        const order = ['recall.requested', 'recall.approved', 'recall.progressed', 'recall.completed'];
        const places = story.actions.map((action) => order.indexOf(action));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        if (by('recall.completed').length > 0) expect(story.state.through).toBeGreaterThanOrEqual(39);
      }),
    );
  });
});
