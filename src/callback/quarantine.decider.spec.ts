import { describe, expect, it } from '@jest/globals';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { decideDismiss, decideKeep, decideReplay, decideViewBytes } from './quarantine.decider.ts';
import { evolveQuarantine, initialQuarantine, type QuarantineState } from './quarantine-state.ts';

const AT = '2026-01-31T08:00:00.000Z';
const PERSON = { type: 'person', id: 'officer-7', via: 'desk' };
const NOTHING = initialQuarantine('q-1');
const QUARANTINED = { reason: 'NO_UUID', bytes: 12, uuid: null } as const;
const REPLAYED = { uuid: 'a', receiptId: 'r-1', outcome: 'ACCEPTED' } as const;

/** The delivery once these entries are in the log. */
function after(state: QuarantineState, drafts: readonly EntryDraft[]): QuarantineState {
  const subject = { type: 'quarantine', id: 'q-1' };
  const entries = drafts.map(({ action, data }, at): LogEntry => ({
    ...{ index: 7 + at, id: `e-${7 + at}`, at: AT, actor: PERSON, subject },
    ...{ action, data },
  }));
  return entries.reduce(evolveQuarantine, state);
}

const open = after(NOTHING, decideKeep(NOTHING, QUARANTINED));
const replayed = after(open, decideReplay(open, REPLAYED));
const dismissed = after(open, decideDismiss(open, 'NOT_FROM_VENDOR'));

describe('a delivery in quarantine', () => {
  it('is kept once', () => {
    expect(open).toMatchObject({
      status: 'OPEN',
      firstIndex: 7,
      kept: { ...QUARANTINED, entryId: 'e-7', at: AT },
      replay: null,
      dismissal: null,
    });
    for (const state of [open, replayed, dismissed]) expect(decideKeep(state, QUARANTINED)).toEqual([]);
  });

  it('is replayed once, even after it was dismissed', () => {
    expect(replayed).toMatchObject({ status: 'REPLAYED', replay: { ...REPLAYED, by: PERSON, at: AT } });
    expect(decideReplay(replayed, { ...REPLAYED, outcome: 'DUPLICATE' })).toEqual([]);
    expect(after(dismissed, decideReplay(dismissed, REPLAYED)).status).toBe('REPLAYED');
  });

  it('is dismissed once, and not after it was replayed', () => {
    const dismissal = { reasonCode: 'NOT_FROM_VENDOR', by: PERSON, at: AT };
    expect(dismissed).toMatchObject({ status: 'DISMISSED', dismissal });
    expect(decideDismiss(dismissed, 'OTHER')).toEqual([]);
    expect(() => decideDismiss(replayed, 'OTHER')).toThrow('DELIVERY_REPLAYED');
  });

  it('stays what it is while people look at it', () => {
    for (const state of [open, replayed, dismissed]) expect(after(state, decideViewBytes())).toEqual(state);
  });
});
