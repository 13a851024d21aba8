import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { AuditEntryResponse } from '../../src/audit/audit.dto.ts';
import { aCallback, theDocumentedCallback, theDocumentedResult } from '../simulator/payloads.ts';
import { bytesOf } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { clientIdOf, startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

const HEX_256 = /^[0-9a-f]{64}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let service: ServiceProcess;
let log: AuditEntryResponse[];
/** The log without what reconciliation added on its own account, at whatever moment. */
let acts: AuditEntryResponse[];

beforeAll(async () => {
  service = await startService();
  await service.api.register({ uuid: 'one', customerRef: 'cust-1' });
  await service.api.deliver(theDocumentedCallback('one'));
  await service.api.deliver(theDocumentedResult('one'));
  await service.api.deliver('not JSON');
  await service.api.deliver(aCallback({ uuid: 'two' }));
  await service.api.get('/v1/sessions/two/result', { 'x-on-behalf-of': 'reviewer-7' });
  await eventually(async () => (await service.api.entries('action=exception.raised')).length >= 2);
  log = await service.api.entries();
  acts = log.filter(({ subject }) => subject.type !== 'exception');
});
afterAll(stopServices);

describe('the list of entries', () => {
  it('is the whole log, dense from 0, with times that never decrease', () => {
    expect(acts.map(({ action }) => action)).toEqual([
      'session.registered',
      ...['callback.received', 'conclusion.reached'],
      ...['callback.received', 'conclusion.reached'],
      'callback.quarantined',
      ...['callback.received', 'conclusion.reached'],
      'personal_data.viewed',
    ]);
    expect(log.map(({ index }) => index)).toEqual(log.map((_, place) => place));
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).sort());
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
    for (const { id } of log) expect(id).toMatch(UUID_V7);
  });

  it.each<[string, string, (entry: AuditEntryResponse) => boolean]>([
    ['subject', 'subject=one', ({ subject }) => subject.id === 'one'],
    ['action', 'action=conclusion.reached', ({ action }) => action === 'conclusion.reached'],
    ['actor', 'actor=reviewer-7', ({ actor }) => actor.id === 'reviewer-7'],
    ['another actor', 'actor=fpt-ai', ({ actor }) => actor.id === 'fpt-ai'],
    [
      'several of them at once',
      'subject=one&action=callback.received&actor=fpt-ai',
      ({ subject, action }) => subject.id === 'one' && action === 'callback.received',
    ],
  ])('is filtered by %s', async (_, query, wanted) => {
    const expected = log.filter(wanted);
    expect(expected.length).toBeGreaterThan(0);
    expect(await service.api.entries(query)).toEqual(expected);
  });

  it('is filtered by time, from included, to excluded', async () => {
    const { at } = log.find(({ action }) => action === 'callback.quarantined')!;
    expect(await service.api.entries(`from=${at}`)).toEqual(log.filter((entry) => entry.at >= at));
    expect(await service.api.entries(`to=${at}`)).toEqual(log.filter((entry) => entry.at < at));
    expect(await service.api.entries(`from=${at}&to=${at}`)).toEqual([]);
    expect(await service.api.entries('from=2999-01-01T00:00:00Z')).toEqual([]);
    const inHanoi = new Date(Date.parse(at) + 7 * 3_600_000).toISOString().replace('Z', '%2B07:00');
    expect(await service.api.entries(`from=${inHanoi}`)).toEqual(await service.api.entries(`from=${at}`));
  });

  it('is the same in pages of any size', async () => {
    for (const size of [1, 2, 5, log.length, 200]) {
      // Background tasks add entries meanwhile, behind those that were there.
      const listed = await service.api.all('/v1/audit/entries', size);
      expect(listed.slice(0, log.length)).toEqual(log);
    }
  });
});

describe('an entry', () => {
  it('is one and the same alone, in the list and as the leaf bytes that are hashed', async () => {
    for (const listed of log) {
      const path = `/v1/audit/entries/${listed.index}`;
      expect((await service.api.get<AuditEntryResponse>(path)).body).toEqual(listed);

      const leaf = await service.api.get(path, { accept: 'application/octet-stream' });
      expect(leaf.headers.get('content-type')).toBe('application/octet-stream');
      const hash = createHash('sha256').update(Buffer.of(0)).update(leaf.bytes).digest('base64');
      expect(hash).toBe(listed.leafHash);
      const { index, leafHash, ...content } = listed;
      expect({ index, leafHash, ...(leaf.body as object) }).toEqual({ index, leafHash, v: 1, ...content });
    }
  });
});

describe('what a callback leaves in the log', () => {
  const CONTENT = ['id', 'at', 'action', 'subject', 'actor', 'data'];
  const RULE = ['code', 'expected', 'fact', 'message', 'observed', 'outcome', 'riskLevel'];

  it('is exactly its receipt and its conclusion', () => {
    const [received, concluded] = acts.slice(1, 3);
    expect(received!.subject).toEqual({ type: 'session', id: 'one' });
    expect(received!.actor).toEqual({ type: 'vendor', id: 'fpt-ai' });
    expect(concluded!.actor).toEqual({ type: 'system', id: 'ekyc-ledger' });
    expect(concluded!.at).toBe(received!.at);
    for (const entry of [received!, concluded!]) {
      expect(Object.keys(entry).sort()).toEqual([...CONTENT, 'index', 'leafHash'].sort());
    }
  });

  it('holds digests, sizes and codes of the delivery and nothing else', () => {
    expect(acts[1]!.data).toEqual({
      version: 1,
      digest: expect.stringMatching(HEX_256),
      bytes: bytesOf(theDocumentedCallback('one')).length,
      vendor: { code: '303', decision: null, decisionMessage: null, riskLevel: null },
    });
    expect(acts[3]!.data).toMatchObject({
      version: 2,
      vendor: { code: '303', decision: 2, decisionMessage: 'NEED_REVIEW', riskLevel: 1 },
    });
  });

  it('holds of the conclusion the decision, what it rests on, and scores and codes that were observed', () => {
    for (const { data } of log.filter(({ action }) => action === 'conclusion.reached')) {
      const { ruleTable, ...rest } = data as { ruleTable: { rules: Record<string, unknown>[] }[] };
      expect(rest).toEqual({
        version: expect.any(Number),
        decision: expect.stringMatching(/^(APPROVE|NEED_REVIEW|REJECT)$/),
        riskLevel: expect.any(Number),
        omittedFindings: 0,
        fourEyes: expect.any(Array),
        grade: 'CALLBACK_ONLY',
        confirmed: false,
        ruleSetVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
        engineVersion: expect.stringMatching(/^\d+$/),
        inputsDigest: expect.stringMatching(HEX_256),
      });
      for (const group of ruleTable) {
        expect(Object.keys(group).sort()).toEqual(['groupCode', 'groupName', 'riskLevel', 'rules']);
        for (const rule of group.rules) {
          expect(Object.keys(rule).sort()).toEqual(RULE);
          expect(String(rule['observed'])).toMatch(/^(null|true|false|\d+(\.\d+)?|[A-Z]+\d*|[A-Z_]+)$/);
        }
      }
    }
  });

  it('holds of a registration and of a look what was asked for and no more', () => {
    expect(acts[0]).toMatchObject({ actor: { type: 'client', id: clientIdOf('all') } });
    expect(acts[0]!.data).toEqual({
      customerRef: 'cust-1',
      channel: null,
      expectedWithinSeconds: null,
      expiresAfterSeconds: null,
      effective: { expectedWithinSeconds: 3600, expiresAfterSeconds: 86_400 },
    });
    expect(acts.at(-1)!.data).toEqual({ version: 1, form: 'NORMALISED' });
  });
});
