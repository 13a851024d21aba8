import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_EVIDENCE } from '../sessions/evidence-state.ts';
import type { ProvenanceGrade } from '../conclusion-rules/engine/fact.ts';
import { NO_REVIEW } from '../sessions/session-review.ts';
import { initialSession, type SessionResult, type SessionState } from '../sessions/session-state.ts';
import {
  causesInQuarantine,
  exceptionsOf,
  nextExaminationAt,
  type ReconciliationPolicy,
} from './exception-causes.ts';

const T0 = Date.parse('2026-01-31T08:00:00.000Z');
const at = (seconds: number) => new Date(T0 + seconds * 1000);
const policy: ReconciliationPolicy = {
  unconfirmedAfterMs: 300_000,
  unpulledAfterMs: 300_000,
  expectsRegistration: true,
  evidenceDeadlineMs: 900_000,
  pulls: {
    backOff: { firstDelayMs: 5_000, maxDelayMs: 3_600_000, lastPullLeadMs: 10_000 },
    retentionMs: 86_400_000,
  },
};
const registration = {
  customerRef: null,
  channel: null,
  expectedWithinSeconds: null,
  expiresAfterSeconds: null,
};

function aResult(
  version: number,
  source: SessionResult['source'],
  decision: 'APPROVE' | 'REJECT' | 'NEED_REVIEW' = 'APPROVE',
  more: { vendorSays?: string; confirmed?: boolean; grade?: ProvenanceGrade } = {},
): SessionResult {
  return {
    version,
    source,
    digest: `${source}${version}`,
    receivedAt: at(0).toISOString(),
    entryId: `e${version}`,
    entryIndex: version,
    vendor: { code: '200', decision: null, decisionMessage: more.vendorSays ?? null, riskLevel: null },
    conclusion: {
      decision,
      riskLevel: 0,
      grade: more.grade ?? 'CALLBACK_ONLY',
      confirmed: more.confirmed ?? false,
      ruleSetVersion: 'rules',
      engineVersion: '1',
      inputsDigest: 'i',
      ruleTable: [],
      omittedFindings: 0,
      fourEyes: [],
    },
  };
}

const aSession = (changes: Partial<SessionState> = {}): SessionState => ({
  ...initialSession('a'),
  status: 'REGISTERED',
  registration,
  registeredAt: at(0).toISOString(),
  expectedBy: at(60).toISOString(),
  expiresAt: at(86_400).toISOString(),
  ...changes,
});
const classes = (state: SessionState, seconds: number) =>
  exceptionsOf(state, at(seconds), policy).map((cause) => cause.class);

describe(exceptionsOf.name, () => {
  it('finds nothing in a session that is still expected, or proven', () => {
    expect(classes(aSession(), 59)).toEqual([]);
    const proven = aSession({
      status: 'CONCLUDED',
      results: [
        aResult(1, 'CALLBACK'),
        aResult(2, 'PULL', 'APPROVE', { confirmed: true, grade: 'AGREED', vendorSays: 'APPROVED' }),
      ],
      latestPull: 2,
      comparison: { pull: 2, callbacks: [1], grade: 'AGREED', differences: [] },
    });
    expect(classes(proven, 100_000)).toEqual([]);
  });

  it('finds the missing result once it is overdue and a pull gave nothing, or nobody could pull', () => {
    const pulled = aSession({
      pulls: { count: 1, lastAt: at(61).toISOString() },
      lastPullOutcome: 'NOT_FOUND',
    });
    expect(classes(pulled, 59)).toEqual([]);
    expect(classes(pulled, 60)).toEqual(['MISSING_RESULT']);
    expect(classes(aSession(), 359)).toEqual([]);
    expect(classes(aSession(), 360)).toEqual(['MISSING_RESULT']);
    expect(classes({ ...pulled, status: 'EXPIRED' }, 100_000)).toEqual([]);
    const early = { count: 1, lastAt: at(59).toISOString() };
    expect(classes({ ...pulled, pulls: early }, 359)).toEqual([]);
    expect(classes({ ...pulled, pulls: early }, 360)).toEqual(['MISSING_RESULT']);
  });

  it('finds the callback that nothing proved within the time in which the vendor answers', () => {
    const callback = aResult(1, 'CALLBACK', 'REJECT');
    const unproven = (lastAt: Date) =>
      aSession({
        status: 'RECEIVED',
        results: [callback],
        pulls: { count: 9, lastAt: lastAt.toISOString() },
      });
    expect(classes(unproven(at(1_000)), 86_400)).toEqual([]);
    expect(classes(unproven(at(86_390)), 86_400)).toEqual(['MISSING_RESULT']);
  });

  it('finds the callback that never came though a pull gave the result', () => {
    const pulled = aSession({
      status: 'CONCLUDED',
      results: [aResult(1, 'PULL', 'APPROVE', { confirmed: true, grade: 'PULL_ONLY' })],
      latestPull: 1,
    });
    expect(classes(pulled, 59)).toEqual([]);
    expect(classes(pulled, 60)).toEqual(['MISSING_CALLBACK']);
  });

  it('finds the media that were not archived in time, once for a result, and names what is missing', () => {
    const wanted = { version: 1, kinds: ['front', 'video'] as const, since: at(0).toISOString() };
    const media = {
      kind: 'front',
      version: 1,
      fileId: 'f',
      sha256: 'ab',
      bytes: 7,
      mediaType: 'image/jpeg',
    } as const;
    const archived = [{ ...media, archivedAt: at(1).toISOString(), entryIndex: 9 }];
    const attempts = { count: 3, lastAt: at(2).toISOString(), outcomes: { video: 'GONE' } };
    const session = (evidence: SessionState['evidence']) =>
      aSession({ status: 'CONCLUDED', expectedBy: null, evidence });
    const missing = session({ wanted, archived, attempts });
    expect(classes(missing, 899)).toEqual([]);
    expect(exceptionsOf(missing, at(900), policy)).toEqual([
      {
        class: 'EVIDENCE_MISSING',
        fingerprint: 'version:1',
        facts: { version: 1, missing: ['video'], attempts: 3, outcomes: { video: 'GONE' } },
      },
    ]);
    const [both] = exceptionsOf(session({ wanted, archived: [], attempts: null }), at(900), policy);
    expect(both?.fingerprint).toBe('version:1');
    const video = { ...archived[0]!, kind: 'video' as const };
    expect(classes(session({ wanted, archived: [...archived, video], attempts }), 900)).toEqual([]);
    expect(classes(session({ wanted: null, archived, attempts: null }), 900)).toEqual([]);
    expect(exceptionsOf(missing, at(900), { ...policy, evidenceDeadlineMs: null })).toEqual([]);
  });

  it('finds contradictions, and names the fields', () => {
    const comparison = {
      pull: 2,
      callbacks: [1],
      grade: 'CONFLICT' as const,
      differences: ['face_match.similarity'],
    };
    const results = [aResult(1, 'CALLBACK'), aResult(2, 'PULL', 'NEED_REVIEW')];
    const conflict = aSession({ status: 'IN_REVIEW', results, latestPull: 2, comparison });
    expect(exceptionsOf(conflict, at(60), policy)).toEqual([
      {
        class: 'CONFLICTING_RESULT',
        fingerprint: 'pull:2/callbacks:1',
        facts: { pull: 2, callbacks: [1], differences: ['face_match.similarity'] },
      },
    ]);
  });

  describe('once people have decided', () => {
    const opinion = {
      ...{ decision: 'APPROVE' as const, reasonCode: 'R', by: { type: 'person', id: 'an' } },
      ...{ at: at(60).toISOString(), entryIndex: 9 },
    };
    const decided = (results: number) => ({
      ...NO_REVIEW,
      decided: {
        first: opinion,
        second: null,
        grounds: { results, grade: 'CONFLICT' as const, findings: [] },
      },
    });
    const contradicting = aSession({
      status: 'CONCLUDED',
      results: [
        aResult(1, 'CALLBACK', 'APPROVE'),
        aResult(2, 'PULL', 'NEED_REVIEW', { grade: 'CONFLICT' }),
        aResult(3, 'PULL', 'NEED_REVIEW', { grade: 'CONFLICT' }),
      ],
      latestPull: 3,
      comparison: { pull: 3, callbacks: [1], grade: 'CONFLICT', differences: ['x'] },
    });

    it('finds no contradiction and no change in what they had before them', () => {
      expect(classes(contradicting, 60)).toEqual(['CONFLICTING_RESULT', 'RESULT_CHANGED']);
      expect(classes({ ...contradicting, review: decided(3) }, 60)).toEqual([]);
      expect(classes({ ...contradicting, review: decided(2) }, 60)).toEqual([
        'CONFLICTING_RESULT',
        'RESULT_CHANGED',
      ]);
    });

    it('finds no disagreement with the vendor, which they settled', () => {
      const rejected = aResult(1, 'CALLBACK', 'REJECT', { vendorSays: 'APPROVED' });
      const state = aSession({ status: 'CONCLUDED', results: [rejected] });
      expect(classes(state, 0)).toEqual(['VENDOR_DISAGREES']);
      expect(classes({ ...state, review: decided(1) }, 0)).toEqual([]);
    });

    it('finds their approval that nothing confirms, by its own fingerprint', () => {
      const state = aSession({
        status: 'CONCLUDED',
        results: [aResult(1, 'CALLBACK', 'NEED_REVIEW')],
        review: decided(1),
      });
      expect(exceptionsOf(state, at(300), policy)).toMatchObject([
        { class: 'UNCONFIRMED_APPROVAL', fingerprint: 'review:9' },
      ]);
    });
  });

  it('finds the approval that is unconfirmed for minutes', () => {
    const approval = aSession({ status: 'RECEIVED', results: [aResult(1, 'CALLBACK')] });
    expect(classes(approval, 299)).toEqual([]);
    expect(classes(approval, 300)).toEqual(['UNCONFIRMED_APPROVAL']);
  });

  it('finds results that changed, strangers and refusals', () => {
    const pulls = [aResult(1, 'PULL', 'REJECT'), aResult(2, 'PULL', 'REJECT')];
    const callback = aResult(3, 'CALLBACK', 'REJECT');
    expect(
      classes(aSession({ status: 'RECEIVED', results: [...pulls, callback], latestPull: 2 }), 0),
    ).toEqual(['RESULT_CHANGED']);
    const stranger = {
      registration: null,
      expectedBy: null,
      status: 'RECEIVED',
      results: [callback],
    } as const;
    expect(classes(aSession(stranger), 0)).toEqual(['UNREGISTERED_SESSION']);
    expect(exceptionsOf(aSession(stranger), at(0), { ...policy, expectsRegistration: false })).toEqual([]);
    for (const outcome of ['FORBIDDEN', 'REFUSED']) {
      expect(classes(aSession({ lastPullOutcome: outcome }), 0)).toEqual(['VENDOR_REFUSED']);
    }
    expect(classes(aSession({ lastPullOutcome: 'TIMEOUT' }), 0)).toEqual([]);
  });

  it.each([
    ['APPROVED', 'REJECT', true],
    ['REJECT', 'APPROVE', true],
    ['APPROVE', 'APPROVE', false],
    ['NEED_REVIEW', 'REJECT', false],
    ['REJECTED', 'NEED_REVIEW', false],
  ] as const)(
    'the vendor saying %s while the rules say %s is a disagreement: %s',
    (vendorSays, ours, isOne) => {
      const state = aSession({ status: 'RECEIVED', results: [aResult(1, 'CALLBACK', ours, { vendorSays })] });
      expect(classes(state, 0).includes('VENDOR_DISAGREES')).toBe(isOne);
    },
  );
});

describe(causesInQuarantine.name, () => {
  const kept = { action: 'callback.quarantined', data: { reason: 'NO_UUID', bytes: 2, uuid: null } } as const;
  const viewed = { action: 'personal_data.viewed', data: {} } as const;
  const replayed = { action: 'callback.replayed', data: {} } as const;
  const dismissed = { action: 'callback.dismissed', data: {} } as const;

  it('finds the delivery until it was replayed or dismissed', () => {
    const waiting = [
      { class: 'QUARANTINED_CALLBACK', fingerprint: 'kept', facts: { reason: 'NO_UUID', uuid: null } },
    ];
    expect(causesInQuarantine([kept])).toEqual(waiting);
    expect(causesInQuarantine([kept, viewed])).toEqual(waiting);
    expect(causesInQuarantine([kept, viewed, replayed])).toEqual([]);
    expect(causesInQuarantine([kept, dismissed])).toEqual([]);
    expect(causesInQuarantine([kept, dismissed, replayed])).toEqual([]);
  });
});

describe(nextExaminationAt.name, () => {
  const sessions = fc
    .record({
      status: fc.constantFrom('REGISTERED', 'RECEIVED', 'CONCLUDED', 'EXPIRED'),
      results: fc.constantFrom(
        [],
        [aResult(1, 'CALLBACK')],
        [aResult(1, 'PULL')],
        [aResult(1, 'CALLBACK', 'REJECT')],
      ),
      expectedBy: fc.option(fc.integer({ min: 0, max: 900 }).map((seconds) => at(seconds).toISOString())),
      pulls: fc.constantFrom(
        null,
        ...[59, 61].map((seconds) => ({ count: 1, lastAt: at(seconds).toISOString() })),
      ),
      latestPull: fc.constantFrom(null, 1),
      evidence: fc.constantFrom(NO_EVIDENCE, {
        ...NO_EVIDENCE,
        wanted: { version: 1, kinds: ['front'], since: at(30).toISOString() },
      }),
    })
    .map((changes) => aSession(changes as Partial<SessionState>));

  it('misses no moment at which time alone changes what needs attention', () => {
    const second = fc.integer({ min: 0, max: 2_000 });
    fc.assert(
      fc.property(sessions, second, second, (state, now, ahead) => {
        const next = nextExaminationAt(state, at(now), policy);
        const later = at(now + ahead);
        if (next === null || later < next) {
          expect(classes(state, now + ahead)).toEqual(classes(state, now));
        } else {
          expect(next.getTime()).toBeGreaterThan(at(now).getTime());
        }
      }),
    );
  });
});
