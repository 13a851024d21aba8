import { describe, expect, it } from '@jest/globals';
import type { EntryDraft } from '../audit/stream.ts';
import type { EvidenceKind, NormalisedResult } from '../results/normalised-result.ts';
import { currentEvidence, evidenceDue, missingEvidence } from './evidence-state.ts';
import {
  decideArchiveEvidence,
  decideErase,
  decideEvidenceFailed,
  decideReceivePull,
  decideViewEvidence,
} from './session.decider.ts';
import { toSessionResponse } from './session.mapper.ts';
import { evolveSession, initialSession, type SessionState } from './session-state.ts';

const T0 = Date.parse('2026-01-31T08:00:00.000Z');
const at = (seconds: number) => new Date(T0 + seconds * 1_000);
const HOUR_MS = 3_600_000;
const policy = {
  backOff: { firstDelayMs: 5_000, maxDelayMs: HOUR_MS, lastPullLeadMs: 60_000 },
  retentionMs: 24 * HOUR_MS,
};

/** Plays commands one after the other, each at its second. */
class Story {
  state: SessionState = initialSession('a');
  private index = 0;

  play(second: number, decide: (state: SessionState) => readonly EntryDraft[]): readonly EntryDraft[] {
    const drafts = decide(this.state);
    for (const { action, data } of drafts) {
      const place = { index: this.index, id: `e${this.index}`, at: at(second).toISOString() };
      const subject = { type: 'session', id: 'a' };
      const actor = { type: 'system', id: 'ekyc-ledger' };
      this.state = evolveSession(this.state, { ...place, action, data, subject, actor });
      this.index += 1;
    }
    return drafts;
  }

  pull(second: number, digest: string, media: readonly EvidenceKind[]) {
    return this.play(second, (state) =>
      decideReceivePull(
        state,
        {
          digest,
          bytes: 10,
          vendor: { code: '200', decision: null, decisionMessage: null, riskLevel: null },
          result: {} as NormalisedResult,
          judge: () => ({
            decision: 'NEED_REVIEW',
            riskLevel: 1,
            ruleSetVersion: 'rules',
            engineVersion: '1',
            inputsDigest: digest,
            ruleTable: [],
            omittedFindings: 0,
            fourEyes: [],
          }),
          confirms: () => true,
          comparedWith: [],
          differences: [],
          media,
          attempts: ['RESULT'],
          attachment: () => ({ store: { putAll: () => Promise.resolve(null) }, item: {} }),
        },
        at(second).toISOString(),
      ),
    );
  }

  archive(second: number, kind: EvidenceKind, version = 1) {
    const fileId = `${kind}${version}`;
    const data = { kind, version, fileId, sha256: 'ab', bytes: 7, mediaType: 'image/jpeg' };
    return this.play(second, (state) => decideArchiveEvidence(state, data));
  }

  fail(second: number, version = 1) {
    const outcomes = { video: 'TIMEOUT' };
    return this.play(second, (state) => decideEvidenceFailed(state, { version, outcomes }));
  }

  get missing() {
    return missingEvidence(this.state.evidence);
  }

  get due() {
    return evidenceDue('a', this.state.evidence, policy);
  }
}

describe('the media of a session', () => {
  it('are wanted from the pulled result on, as far as it names them, until they are archived', () => {
    const story = new Story();
    expect([story.missing, story.due]).toEqual([[], null]);
    story.pull(0, 'first', ['front', 'video']);
    expect([story.missing, story.due]).toEqual([['front', 'video'], at(0)]);
    story.archive(1, 'front');
    expect(story.missing).toEqual(['video']);
    story.archive(2, 'video');
    expect([story.missing, story.due]).toEqual([[], null]);
  });

  it('are archived once, whoever else was at it', () => {
    const story = new Story();
    story.pull(0, 'first', ['front']);
    expect(story.archive(1, 'front')).toHaveLength(1);
    expect(story.archive(1, 'front')).toEqual([]);
  });

  it('change neither what there is to see of the session nor its version, so nobody decides on a stale one', () => {
    const story = new Story();
    story.pull(0, 'first', ['front', 'video']);
    const before = toSessionResponse(story.state);
    story.archive(1, 'front');
    story.fail(2);
    expect(toSessionResponse(story.state)).toEqual(before);
  });

  it('are tried again with back-off, until the vendor has deleted them', () => {
    const story = new Story();
    story.pull(0, 'first', ['video']);
    story.fail(1);
    const first = story.due!.getTime() - at(1).getTime();
    expect(first).toBeGreaterThanOrEqual(2_500);
    expect(first).toBeLessThanOrEqual(5_000);
    for (let n = 0; n < 20; n += 1) story.fail(1_000);
    expect(story.due!.getTime() - at(1_000).getTime()).toBeGreaterThanOrEqual(HOUR_MS / 2);
    story.fail(24 * 3_600 - 30);
    expect(story.due).toBeNull();
    expect(story.missing).toEqual(['video']);
  });

  it('are never due where media are not archived', () => {
    const story = new Story();
    story.pull(0, 'first', ['video']);
    expect(evidenceDue('a', story.state.evidence, null)).toBeNull();
  });

  it('are wanted anew of a result that differs, at once, and not of one that is the same', () => {
    const story = new Story();
    story.pull(0, 'first', ['front', 'video']);
    story.archive(1, 'front');
    story.fail(2);
    const before = story.state.evidence;
    story.pull(3, 'first', ['front', 'video']);
    expect(story.state.evidence).toEqual(before);

    story.pull(4, 'second', ['front']);
    expect([story.missing, story.due]).toEqual([['front'], at(4)]);
    expect(story.archive(5, 'video', 1)).toEqual([]);
    expect(story.fail(5, 1)).toEqual([]);
    expect(currentEvidence(story.state.evidence, 'front')?.version).toBe(1);
    story.archive(6, 'front', 2);
    expect(currentEvidence(story.state.evidence, 'front')?.version).toBe(2);
    expect(currentEvidence(story.state.evidence, 'back')).toBeUndefined();
  });

  it('are those of the latest pulled result, though the vendor went back to an earlier one', () => {
    const story = new Story();
    for (const [second, digest, version] of [
      [0, 'first', 1],
      [2, 'second', 2],
    ] as const) {
      story.pull(second, digest, ['front']);
      story.archive(second + 1, 'front', version);
    }
    story.pull(4, 'first', ['front']);
    expect(story.missing).toEqual([]);
    expect(currentEvidence(story.state.evidence, 'front')?.fileId).toBe('front1');
  });

  it('are wanted no more after an erasure, until a result comes that was not erased', () => {
    const story = new Story();
    story.pull(0, 'first', ['front', 'video']);
    story.archive(1, 'front');
    story.play(2, (state) => decideErase(state, 'law'));
    expect([story.missing, story.due]).toEqual([[], null]);
    expect(story.archive(3, 'video')).toEqual([]);
    expect(story.fail(3)).toEqual([]);
    story.pull(4, 'first', ['front', 'video']);
    expect(story.missing).toEqual([]);
    story.pull(5, 'second', ['video']);
    expect(story.missing).toEqual(['video']);
  });

  it('leave a trace of who saw which', () => {
    const story = new Story();
    story.pull(0, 'first', ['front']);
    story.archive(1, 'front');
    const seen = currentEvidence(story.state.evidence, 'front')!;
    expect(decideViewEvidence(seen)).toEqual([
      { action: 'personal_data.viewed', data: { version: 1, form: 'EVIDENCE', kind: 'front' } },
    ]);
  });

  it('of results from before media were archived are not wanted', () => {
    const story = new Story();
    const [retrieved] = new Story().pull(0, 'first', ['front']);
    const { media: _, ...older } = retrieved!.data;
    story.play(0, () => [{ action: 'result.retrieved', data: older }]);
    expect(story.missing).toEqual([]);
  });
});
