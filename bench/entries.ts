import { createHash } from 'node:crypto';
import type { Action, EntryContent, JsonObject } from '../src/audit/format/leaf.ts';

/** What an entry says, apart from its id and time. */
export type EntryWords = Omit<EntryContent, 'id' | 'at'>;

/** The steps of a check, in the shape and length that the service writes them. */
const STEPS: readonly { action: Action; actor: EntryContent['actor']; data: (n: number) => JsonObject }[] = [
  {
    action: 'session.registered',
    actor: { type: 'client', id: 'account-opening' },
    data: (n) => ({
      customerRef: `cus-${n}`,
      channel: 'mobile',
      effective: { expectedWithinSeconds: 900, expiresAfterSeconds: 86_400 },
    }),
  },
  {
    action: 'callback.received',
    actor: { type: 'vendor', id: 'fpt-ai' },
    data: (n) => ({ version: 1, digest: digestOf(n), bytes: 9_000 + (n % 2_000), vendor: VENDOR }),
  },
  {
    action: 'result.retrieved',
    actor: { type: 'system', id: 'ekyc-ledger' },
    data: (n) => ({
      version: 2,
      digest: digestOf(-n),
      bytes: 9_000 + (n % 2_000),
      vendor: VENDOR,
      unchanged: false,
      attempts: ['200'],
    }),
  },
  {
    action: 'results.compared',
    actor: { type: 'system', id: 'ekyc-ledger' },
    data: () => ({ versions: [1, 2], agreed: true, differences: [] }),
  },
  {
    action: 'conclusion.reached',
    actor: { type: 'system', id: 'ekyc-ledger' },
    data: () => ({
      version: 2,
      decision: 'NEED_REVIEW',
      riskLevel: 'MEDIUM',
      grade: 'AGREED',
      confirmed: true,
      ruleSetVersion: 1,
      ruleTable: [
        {
          groupCode: 'FACE',
          groupName: 'Face matching',
          riskLevel: 'MEDIUM',
          rules: [
            {
              code: 'FACE_SIMILARITY_LOW',
              message: 'The face on the document and the live face are less alike than asked for',
              riskLevel: 'MEDIUM',
              outcome: 'MET',
              fact: 'face.similarity',
              observed: 78.21,
              expected: 80,
            },
          ],
        },
      ],
    }),
  },
];
const VENDOR = { code: '200', decision: 'NEED_REVIEW', riskLevel: 'MEDIUM', warnings: ['id_card_expired'] };
/** One entry in so many is of an action and a person that are rare. */
const RARE = 100_000;
export const RARE_ACTION: Action = 'review.decided';
export const RARE_PERSON = 'lan.tran';

/** The n-th entry of a log of many checks that go on at the same time. */
export function entryWords(n: number): EntryWords {
  const subject = { type: 'bench', id: subjectId(n) };
  if (n % RARE === RARE - 1) {
    const actor = { type: 'person', id: RARE_PERSON, via: 'review-desk' };
    return { action: RARE_ACTION, subject, actor, data: { decision: 'APPROVE', reasonCode: 'SEEN' } };
  }
  const { action, actor, data } = STEPS[Math.floor(n / AT_ONCE) % STEPS.length]!;
  return { action, subject, actor, data: data(n) };
}

/** Checks under way at the same time. */
const AT_ONCE = 50;

/** The check that the n-th entry is about. */
export function subjectId(n: number): string {
  const wave = Math.floor(n / (AT_ONCE * STEPS.length));
  return `check-${wave * AT_ONCE + (n % AT_ONCE)}`;
}

/** Digests in the log are keyed; any 32 bytes will do. */
function digestOf(n: number): string {
  return createHash('sha256').update(String(n)).digest('hex');
}
