import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryDraft } from '../audit/stream.ts';
import type { Cause } from './exception-causes.ts';
import { decideAssign, decideReconcile, decideResolve } from './exception.decider.ts';
import { evolveException, exceptionId, type ExceptionState, initialException } from './exception-state.ts';

const about = { type: 'session', id: 'a' };
const cause = (fingerprint: string): Cause => ({ class: 'CONFLICTING_RESULT', fingerprint, facts: {} });
const comment = { store: { putAll: () => Promise.resolve(null) }, item: 'words' };
const system = { type: 'system', id: 'ekyc-ledger' };
const person = { type: 'person', id: 'controller-3', via: 'back-office' };

/** Plays decisions one after the other, as the appender does. */
class Story {
  state: ExceptionState = initialException('CONFLICTING_RESULT:a');
  readonly actions: string[] = [];

  play(drafts: readonly EntryDraft[], actor = system): this {
    for (const { action, data } of drafts) {
      const index = this.actions.push(action) - 1;
      this.state = evolveException(this.state, {
        index,
        id: `e${index}`,
        at: '2026-01-31T08:00:00.000Z',
        action,
        data,
        actor,
        subject: { type: 'exception', id: this.state.id },
      });
    }
    return this;
  }

  see(fingerprint: string | null): this {
    return this.play(decideReconcile(this.state, about, fingerprint === null ? null : cause(fingerprint)));
  }

  assign(owner: string | null): this {
    return this.play(decideAssign(this.state, owner), person);
  }

  settle(): this {
    return this.play(decideResolve(this.state, 'CHECKED', comment), person);
  }
}

describe(decideReconcile.name, () => {
  it('raises once for a cause, again for another, and resolves when it is gone', () => {
    const story = new Story().see(null).see('x').see('x').see('y').see(null).see(null);
    expect(story.actions).toEqual(['exception.raised', 'exception.raised', 'exception.resolved']);
    expect(story.state).toMatchObject({
      status: 'RESOLVED',
      timesRaised: 2,
      resolution: { code: 'CAUSE_GONE' },
    });
  });

  it('raises again when a cause that was gone has come back', () => {
    expect(new Story().see('x').see(null).see('x').state).toMatchObject({ status: 'OPEN', resolution: null });
  });

  it('leaves alone what a person has settled, but not another cause', () => {
    const settled = new Story().see('x').settle().see('x').see(null).see('x');
    expect(settled.state).toMatchObject({
      status: 'RESOLVED',
      resolution: { code: 'CHECKED', actor: person },
    });
    expect(settled.see('y').state.status).toBe('OPEN');
    expect(settled.see('x').state.status).toBe('RESOLVED');
  });

  it('says nothing more when it is asked the same again, whatever came before', () => {
    const step = fc.constantFrom('x', 'y', null, 'settle');
    fc.assert(
      fc.property(fc.array(step), fc.constantFrom('x', 'y', null), (steps, last) => {
        const story = new Story();
        for (const each of steps)
          if (each === 'settle') story.settle();
          else story.see(each);
        const before = story.see(last).actions.length;
        expect(story.see(last).actions).toHaveLength(before);
      }),
    );
  });
});

describe(decideResolve.name, () => {
  it('settles only what is open, and keeps the comment out of the entry', () => {
    expect(decideResolve(initialException('id'), 'CHECKED', comment)).toEqual([]);
    const [entry] = decideResolve(new Story().see('x').state, 'CHECKED', comment);
    expect(entry).toEqual({
      action: 'exception.resolved',
      data: { resolutionCode: 'CHECKED', fingerprint: 'x' },
      attachment: comment,
    });
  });
});

describe(exceptionId.name, () => {
  it('is one that the log can be searched by, and different for different subjects', () => {
    const uuid = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
      fc.stringMatching(/^[A-Za-z0-9._-]{100,128}$/),
    );
    fc.assert(
      fc.property(uuid, uuid, (a, b) => {
        expect(exceptionId('UNREGISTERED_SESSION', a)).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
        expect(exceptionId('UNREGISTERED_SESSION', a) === exceptionId('UNREGISTERED_SESSION', b)).toBe(
          a === b,
        );
      }),
    );
  });
});

describe(decideAssign.name, () => {
  it('gives an open exception an owner, once, and takes it away again', () => {
    const story = new Story().see('x').assign('an').assign('an');
    expect([story.state.owner, story.actions]).toEqual(['an', ['exception.raised', 'exception.assigned']]);
    expect(story.assign('binh').state.owner).toBe('binh');
    expect(story.assign(null).state.owner).toBeNull();
    expect(story.actions.filter((action) => action === 'exception.assigned')).toHaveLength(3);
  });

  it('leaves alone what is not open', () => {
    expect(new Story().assign('an').actions).toEqual([]);
    expect(new Story().see('x').settle().assign('an').state.owner).toBeNull();
  });

  it('stays through another cause and the resolution, and ends when the exception is raised anew', () => {
    const story = new Story().see('x').assign('an').see('y');
    expect(story.state.owner).toBe('an');
    expect(story.see(null).state).toMatchObject({ status: 'RESOLVED', owner: 'an' });
    expect(story.see('x').state).toMatchObject({ status: 'OPEN', owner: null });
  });
});
