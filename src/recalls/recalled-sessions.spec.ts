import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AuditQueries, SubjectSpan } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { RecallFrame } from './recall-state.ts';
import { isOfFrame, RecalledSessions } from './recalled-sessions.service.ts';

interface Concluded {
  readonly uuid: string;
  readonly by: string;
  readonly codes?: readonly string[];
  readonly omitted?: number;
}

function entryAt(index: number, { uuid, by, codes = [], omitted = 0 }: Concluded): LogEntry {
  return {
    index,
    id: `e${index}`,
    at: '2026-01-31T00:00:00.000Z',
    action: 'conclusion.reached',
    subject: { type: 'session', id: uuid },
    actor: { type: 'system', id: 'ekyc-ledger' },
    data: {
      ruleSetVersion: by,
      ruleTable: [{ rules: codes.map((code) => ({ code })) }],
      omittedFindings: omitted,
    },
  };
}

/** Answers as the log does, from memory. */
function logOf(concluded: readonly Concluded[]): AuditQueries {
  const entries = concluded.map((conclusion, index) => entryAt(index, conclusion));
  const queries: Pick<AuditQueries, 'after' | 'histories'> = {
    after: (_, index, limit) =>
      Promise.resolve(
        entries
          .filter((entry) => entry.index > index)
          .slice(0, limit)
          .map((entry) => ({ ...entry, leafHash: '' })),
      ),
    async *histories(_, spans: readonly SubjectSpan[]) {
      await Promise.resolve();
      for (const { ids, after, before } of spans) {
        yield* entries.filter(
          ({ index, subject }) => index > after && index < before && ids.includes(subject.id),
        );
      }
    },
  };
  return queries as AuditQueries;
}

describe('the sessions of a recall', () => {
  const uuid = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const conclusion = fc.record({ uuid, by: fc.constantFrom('wrong', 'right') });
  const cases = fc.record({
    concluded: fc.array(conclusion, { maxLength: 30 }),
    bounds: fc.tuple(fc.nat(30), fc.nat(30)),
    size: fc.integer({ min: 1, max: 8 }),
    stop: fc.nat(5),
  });

  it('come in exactly one batch each, whatever its size and wherever the walk is taken up again', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ concluded, bounds, size, stop }) => {
        const firstIndex = Math.min(...bounds, concluded.length);
        const untilIndex = Math.min(Math.max(...bounds), concluded.length);
        const frame: RecallFrame = { ruleSetVersion: 'wrong', ruleCode: null, firstIndex, untilIndex };
        const sessions = new RecalledSessions(logOf(concluded));
        const found: string[] = [];
        let through = firstIndex - 1;
        let batches = 0;
        for await (const batch of sessions.walk(frame, through, size)) {
          found.push(...batch.uuids);
          through = batch.through;
          if ((batches += 1) > stop) break;
        }
        for await (const batch of sessions.walk(frame, through, size)) {
          found.push(...batch.uuids);
          through = batch.through;
        }
        expect(through).toBe(untilIndex - 1);
        const meant = concluded.slice(firstIndex, untilIndex).filter(({ by }) => by === 'wrong');
        expect(found.toSorted()).toEqual([...new Set(meant.map((one) => one.uuid))].toSorted());
      }),
    );
  });

  it.each<[string, Omit<Concluded, 'uuid'>, boolean]>([
    ['in which the rule had a say', { by: 'wrong', codes: ['OTHER', 'FACE'] }, true],
    ['in which it had none', { by: 'wrong', codes: ['OTHER'] }, false],
    ['that leaves rules out', { by: 'wrong', codes: ['OTHER'], omitted: 1 }, true],
    ['of another rule set', { by: 'right', codes: ['FACE'] }, false],
  ])('of a rule: a conclusion %s', (_, concluded, isMeant) => {
    const frame = { ruleSetVersion: 'wrong', ruleCode: 'FACE', firstIndex: 0, untilIndex: 1 };
    expect(isOfFrame(entryAt(0, { uuid: 'a', ...concluded }), frame)).toBe(isMeant);
  });
});
