import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import {
  type ActivationSchedule,
  initialSchedule,
  scheduleAt,
  withActivation,
} from './activation-schedule.ts';
import {
  decideActivate,
  decideApprove,
  decideDraft,
  decideRetire,
  RuleSetRefusedError,
} from './rule-set.decider.ts';
import { type ActivatedData, evolveRuleSet, initialRuleSet, type RuleSetState } from './rule-set-state.ts';

const BUILT_IN = 'b0';
const identity = { digest: 'd', name: 'n' };
const person = (id: string, via = 'desk'): EntryActor => ({ type: 'person', id, via });
const time = (seconds: number) => new Date(Date.UTC(2026, 0, 31) + seconds * 1000).toISOString();

/** A log of rule sets in memory. */
class Desk {
  readonly entries: LogEntry[] = [];
  readonly states = new Map<string, RuleSetState>();
  schedule: ActivationSchedule = initialSchedule(BUILT_IN);
  now = 0;

  stateOf(version: string): RuleSetState {
    return this.states.get(version) ?? initialRuleSet(version);
  }

  do(version: string, actor: EntryActor, decide: (state: RuleSetState, at: string) => EntryDraft[]): number {
    const at = time(this.now);
    const drafts = decide(this.stateOf(version), at);
    for (const { action, data } of drafts) {
      const index = this.entries.length;
      const subject = { type: 'rule_set', id: version };
      const entry: LogEntry = { index, id: `e${index}`, at, action, subject, actor, data };
      this.entries.push(entry);
      this.states.set(version, evolveRuleSet(this.stateOf(version), entry));
      if (action !== 'rule_set.activated') continue;
      const { from } = data as unknown as ActivatedData;
      this.schedule = withActivation(this.schedule, { version, from, index }, at);
    }
    return drafts.length;
  }

  draft(version: string, author: EntryActor): number {
    return this.do(version, author, (state) => decideDraft(state, identity));
  }

  approve(version: string, by: EntryActor): number {
    return this.do(version, by, (state) => decideApprove(state, by));
  }

  activate(version: string, from: string | null = null): number {
    const builtIn = version === BUILT_IN ? identity : null;
    return this.do(version, person('operator'), (state, at) => decideActivate(state, { from, builtIn }, at));
  }

  /** The version that concludes now. */
  get active(): string {
    return scheduleAt(this.schedule, time(this.now)).current.version;
  }

  noteRetirements(): void {
    for (const [version, by] of scheduleAt(this.schedule, time(this.now)).former) {
      const builtIn = version === BUILT_IN ? identity : null;
      this.do(version, { type: 'system', id: 'ekyc-ledger' }, (state) =>
        decideRetire(state, { by, builtIn }),
      );
    }
  }
}

function refusal(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof RuleSetRefusedError) return error.reason;
    throw error;
  }
}

describe('the life of a rule set', () => {
  const approved = (...versions: string[]) => {
    const desk = new Desk();
    for (const version of versions) {
      desk.draft(version, person('author'));
      desk.approve(version, person('second'));
    }
    return desk;
  };

  it('begins with one draft of a version', () => {
    const desk = new Desk();
    expect([desk.draft('v', person('a')), desk.draft('v', person('b'))]).toEqual([1, 0]);
    expect(desk.stateOf('v').draft?.by).toEqual(person('a'));
  });

  it.each([
    ['the author', person('author')],
    ['the author by another client', person('author', 'other-client')],
    ['the author in other letters', person(' AUTHOR', 'other-client')],
  ])('is not approved by %s', (_, by) => {
    const desk = new Desk();
    desk.draft('v', person('author'));
    expect(refusal(() => desk.approve('v', by))).toBe('FOUR_EYES');
    expect(refusal(() => desk.activate('v'))).toBe('RULE_SET_NOT_APPROVED');
  });

  it('has one approval: the same person may repeat it, nobody else may add one', () => {
    const desk = approved('v');
    expect(desk.approve('v', person('second', 'other-client'))).toBe(0);
    expect(refusal(() => desk.approve('v', person('third')))).toBe('RULE_SET_NOT_DRAFT');
    expect(refusal(() => desk.approve(BUILT_IN, person('third')))).toBe('RULE_SET_NOT_FOUND');
    expect(refusal(() => desk.activate('unknown'))).toBe('RULE_SET_NOT_FOUND');
  });

  it('goes from one active set to the next, and back at once', () => {
    const desk = approved('v', 'w');
    expect(desk.active).toBe(BUILT_IN);
    for (const version of ['v', 'w', 'v', BUILT_IN]) {
      desk.activate(version);
      expect(desk.active).toBe(version);
    }
  });

  it('waits for its time, unless something else is activated before', () => {
    const desk = approved('v', 'w');
    desk.activate('v', time(100));
    desk.now = 99;
    expect(desk.active).toBe(BUILT_IN);
    desk.now = 100;
    expect(desk.active).toBe('v');
    desk.activate('w', time(200));
    desk.activate(BUILT_IN, time(50));
    desk.now = 300;
    expect(desk.active).toBe(BUILT_IN);
  });

  it('notes each retirement once, and none of what was activated again', () => {
    const desk = approved('v');
    desk.activate('v');
    desk.noteRetirements();
    desk.noteRetirements();
    const noted = () => desk.entries.filter(({ action }) => action === 'rule_set.retired');
    expect(noted().map(({ subject, data }) => [subject.id, data['supersededBy']])).toEqual([[BUILT_IN, 'v']]);
    const superseding = { version: 'v', from: time(0), index: desk.stateOf('v').activation!.index };
    desk.activate(BUILT_IN);
    expect(decideRetire(desk.stateOf(BUILT_IN), { by: superseding, builtIn: null })).toEqual([]);
  });

  const versions = fc.constantFrom(BUILT_IN, 'v', 'w', 'x');
  const people = fc
    .tuple(fc.constantFrom('ann', 'Ann', 'bob', 'cy'), fc.constantFrom('desk', 'portal'))
    .map(([id, via]) => person(id, via));
  const steps = fc.oneof(
    fc.record({ act: fc.constant('draft' as const), version: versions, by: people }),
    fc.record({ act: fc.constant('approve' as const), version: versions, by: people }),
    fc.record({
      act: fc.constant('activate' as const),
      version: versions,
      after: fc.option(fc.integer({ min: -50, max: 200 })),
    }),
    fc.record({ act: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ act: fc.constant('note' as const) }),
  );

  it('never lets two sets or one that no second person approved conclude, whatever is tried', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 40 }), (tried) => {
        const desk = new Desk();
        for (const step of tried) {
          switch (step.act) {
            case 'draft':
              if (step.version !== BUILT_IN) desk.draft(step.version, step.by);
              break;
            case 'approve':
              refusal(() => desk.approve(step.version, step.by));
              break;
            case 'activate':
              refusal(() =>
                desk.activate(step.version, step.after === null ? null : time(desk.now + step.after)),
              );
              break;
            case 'wait':
              desk.now += step.seconds;
              break;
            case 'note':
              desk.noteRetirements();
              break;
          }
          const { current, former } = scheduleAt(desk.schedule, time(desk.now));
          expect(former.has(current.version)).toBe(false);
          if (current.version === BUILT_IN) continue;
          const { stage, draft, approval } = desk.stateOf(current.version);
          expect(stage).toBe('APPROVED');
          expect(draft!.by.id.toLowerCase()).not.toBe(approval!.by.id.toLowerCase());
        }
        // Whoever reads the log later sees at each moment the set that was active then.
        const again = desk.entries
          .filter(({ action }) => action === 'rule_set.activated')
          .reduce((schedule, { index, at, subject, data }) => {
            const { from } = data as unknown as ActivatedData;
            return withActivation(schedule, { version: subject.id, from, index }, at);
          }, initialSchedule(BUILT_IN));
        expect(again).toEqual(desk.schedule);
      }),
    );
  });
});
