import { describe, expect, it } from '@jest/globals';
import {
  IllegalTransitionError,
  moveTo,
  SESSION_STATUSES,
  TRANSITIONS,
  validateTransitions,
} from './session-status.ts';

describe('the transition table of sessions', () => {
  it('is whole', () => {
    expect(() => validateTransitions()).not.toThrow();
  });

  it('is refused at start if a status can not be reached, left or is not known', () => {
    expect(() => validateTransitions({ ...TRANSITIONS, REGISTERED: ['RECEIVED'] })).toThrow(
      'EXPIRED can not be reached',
    );
    expect(() => validateTransitions({ ...TRANSITIONS, EXPIRED: [] })).toThrow('EXPIRED can not be left');
    expect(() => validateTransitions({ ...TRANSITIONS, EXPIRED: ['GONE'] })).toThrow('GONE is not known');
  });

  it('lets a session stay where it is and refuses every move that it does not list', () => {
    for (const from of SESSION_STATUSES) {
      for (const to of SESSION_STATUSES) {
        if (from === to || TRANSITIONS[from].includes(to)) expect(moveTo(from, to)).toBe(to);
        else expect(() => moveTo(from, to)).toThrow(IllegalTransitionError);
      }
    }
  });

  it('never lets a session that was heard of expire after a result came', () => {
    expect(() => moveTo('RECEIVED', 'EXPIRED')).toThrow(IllegalTransitionError);
    expect(() => moveTo('CONCLUDED', 'EXPIRED')).toThrow(IllegalTransitionError);
  });
});
