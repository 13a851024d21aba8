import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import type { ExceptionResponse } from '../../src/reconciliation/reconciliation-responses.dto.ts';
import type { EvidenceKind } from '../../src/results/normalised-result.ts';
import type { MediaFault } from '../simulator/faults.ts';
import { MEDIA_KINDS, mediumOf } from '../simulator/media.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { Headers } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

const TOKEN = 'simulator-token-0123456789';
const RESULT = { document: 'CCCD_CHIP', similarity: 95, seed: '7' } as const;
const HOUR_MS = 3_600_000;

describe('the media of a session', () => {
  let simulator: Simulator;
  let service: ServiceProcess;

  beforeAll(async () => {
    simulator = await startSimulator({
      retryIntervalMs: 100,
      authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: TOKEN },
    });
    service = await startService({
      env: {
        FPT_BASE_URL: simulator.url,
        FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
        CALLBACK_AUTH_TOKENS: TOKEN,
        PULL_FIRST_DELAY_MS: '200',
        RESOURCE_HOSTS: new URL(simulator.url).host,
        EVIDENCE_MAX_BYTES: '200000',
        EVIDENCE_DEADLINE_S: '1',
        LEGAL_HOLD_DAYS: '0',
      },
    });
    simulator.control.sendCallbacksTo(`${service.url}/v1/callbacks/fpt`);
  });
  afterAll(async () => {
    await simulator.stop();
    await stopServices();
  });

  const entries = (uuid: string, action: string) => service.api.entries(`subject=${uuid}&action=${action}`);
  const kindsIn = async (uuid: string) =>
    (await entries(uuid, 'evidence.archived')).map(({ data }) => data['kind'] as string);
  const archived = (uuid: string, kinds: number = MEDIA_KINDS.length) =>
    eventually(async () => (await kindsIn(uuid)).length === kinds, 40_000);
  const read = (uuid: string, kind: string, headers?: Headers) =>
    service.as('results:read').get(`/v1/sessions/${uuid}/evidence/${kind}`, headers);
  const views = async (uuid: string) => (await entries(uuid, 'personal_data.viewed')).map(({ data }) => data);
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const filesOf = async (uuid: string) => {
    const files = await service.db.collection('evidence.files').find({ 'metadata.session': uuid }).toArray();
    const chunks = service.db.collection('evidence.chunks');
    const ids = files.map(({ _id }) => _id);
    return { files: files.length, chunks: await chunks.countDocuments({ files_id: { $in: ids } }), ids };
  };

  describe('once a result was pulled', () => {
    const uuid = 'archived';
    const video = mediumOf(uuid, 'video').bytes;

    beforeAll(async () => {
      await service.api.register({ uuid });
      expect((await read(uuid, 'front')).problem.code).toBe('EVIDENCE_NOT_FOUND');
      simulator.control.finish(uuid, { result: RESULT });
      await archived(uuid);
    });

    it('are archived, each once, with length, digest and type in the log and no address', async () => {
      const found = await entries(uuid, 'evidence.archived');
      expect(found.map(({ data }) => data)).toEqual(
        MEDIA_KINDS.map((kind) => {
          const { bytes, contentType } = mediumOf(uuid, kind);
          return {
            kind,
            version: 2,
            fileId: expect.any(String),
            sha256: sha256(bytes),
            bytes: bytes.length,
            mediaType: contentType,
          };
        }),
      );
      expect(found.every(({ actor }) => actor.type === 'system')).toBe(true);
      const everything = JSON.stringify(await service.api.entries(`subject=${uuid}`));
      expect(everything).not.toContain('/media/');
      expect(await service.allLogs()).not.toContain('/media/');
      for (const kind of MEDIA_KINDS) expect(simulator.control.mediaRequests(uuid, kind)).toBe(1);
    });

    it('are read whole, under their type, never cached, and leave a trace in the name of the reader', async () => {
      const before = (await views(uuid)).length;
      const front = mediumOf(uuid, 'front').bytes;
      const answer = await read(uuid, 'front', { 'x-on-behalf-of': 'reviewer-7' });
      expect(answer.status).toBe(200);
      expect(answer.bytes.equals(front)).toBe(true);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        'content-disposition': 'attachment; filename="front.jpg"',
        'content-length': String(front.length),
        'content-type': 'image/jpeg',
        etag: `"${sha256(front)}"`,
        'x-content-type-options': 'nosniff',
      });
      expect((await views(uuid)).slice(before)).toEqual([{ version: 2, form: 'EVIDENCE', kind: 'front' }]);
      expect((await entries(uuid, 'personal_data.viewed')).at(-1)?.actor).toEqual({
        type: 'person',
        id: 'reviewer-7',
        via: 'client-results-read',
      });
    });

    it.each([
      ['bytes=0-9', 0, 9],
      ['bytes=1000-65540', 1_000, 65_540],
      ['bytes=65530-', 65_530, video.length - 1],
      ['bytes=-7', video.length - 7, video.length - 1],
    ])('are read in ranges: %s', async (range, start, end) => {
      const before = (await views(uuid)).length;
      const answer = await read(uuid, 'video', { range });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/${video.length}`);
      expect(answer.headers.get('content-length')).toBe(String(end - start + 1));
      expect(answer.headers.get('content-type')).toBe('video/mp4');
      expect(answer.bytes.equals(video.subarray(start, end + 1))).toBe(true);
      expect((await views(uuid)).slice(before)).toEqual([{ version: 2, form: 'EVIDENCE', kind: 'video' }]);
    });

    it('are given whole where the range was begun on others, or is several', async () => {
      const etag = `"${sha256(video)}"`;
      const answers = await Promise.all([
        read(uuid, 'video', { range: 'bytes=0-9', 'if-range': '"of-another"' }),
        read(uuid, 'video', { range: 'bytes=0-1,5-6' }),
        read(uuid, 'video', { range: 'bytes=0-9', 'if-range': etag }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 206]);
    });

    it('are not given where the range, the kind, the session or the caller is none', async () => {
      const before = (await views(uuid)).length;
      const beyond = await read(uuid, 'video', { range: `bytes=${video.length}-` });
      expect([beyond.status, beyond.problem.code]).toEqual([416, 'RANGE_NOT_SATISFIABLE']);
      expect(beyond.headers.get('content-range')).toBe(`bytes */${video.length}`);
      expect((await read(uuid, 'selfie')).problem.code).toBe('VALIDATION_FAILED');
      expect((await read(uuid, 'front?version=1')).problem.code).toBe('VALIDATION_FAILED');
      expect((await read('nobody', 'front')).problem.code).toBe('SESSION_NOT_FOUND');
      const path = `/v1/sessions/${uuid}/evidence/front`;
      expect((await service.as('sessions:read').get(path)).problem.code).toBe('SCOPE_MISSING');
      expect((await service.as(null).get(path)).problem.code).toBe('UNAUTHENTICATED');
      expect(await views(uuid)).toHaveLength(before);
    });

    it('do not change the session for whoever decides on it meanwhile', async () => {
      const [first] = await entries(uuid, 'evidence.archived');
      const { body, headers } = await service.api.getSession(uuid);
      expect(Date.parse(body.updatedAt)).toBeLessThanOrEqual(Date.parse(first!.at));
      expect(headers.get('etag')).toBe(`"${body.version}"`);
    });

    it('are kept when their note is old, and a file that no entry refers to is removed', async () => {
      const { ids } = await filesOf(uuid);
      const orphan = new mongo.ObjectId();
      const at = new Date(Date.now() - 2 * HOUR_MS);
      await service.db
        .collection('evidence.chunks')
        .insertOne({ files_id: orphan, n: 0, data: Buffer.alloc(9) });
      const notes = service.db.collection('evidence_uploads');
      await notes.insertMany([ids[0]!, orphan].map((_id) => ({ _id, session: uuid, at })));
      await eventually(async () => (await notes.countDocuments({ session: uuid })) === 0);
      expect(await service.db.collection('evidence.chunks').countDocuments({ files_id: orphan })).toBe(0);
      expect(await filesOf(uuid)).toMatchObject({ files: 3 });
    });
  });

  it('that were altered in the database are not given out', async () => {
    simulator.control.finish('altered', { result: RESULT });
    await archived('altered');
    const { ids } = await filesOf('altered');
    await service.db
      .collection('evidence.chunks')
      .updateMany({ files_id: { $in: ids } }, { $set: { data: new mongo.Binary(Buffer.alloc(70_000, 7)) } });
    const answer = await read('altered', 'front');
    expect([answer.status, answer.problem.code]).toEqual([500, 'INTERNAL']);
    expect(await views('altered')).toEqual([]);
  });

  it('are erased with the personal data', async () => {
    const uuid = 'erased';
    simulator.control.finish(uuid, { result: RESULT });
    await archived(uuid);
    const { ids } = await filesOf(uuid);
    const erasure = await service.api.send(
      'DELETE',
      `/v1/sessions/${uuid}/personal-data`,
      { legalBasis: 'PDPL-2025 Art. 14(1)' },
      { 'x-on-behalf-of': 'data-protection-officer' },
    );
    expect(erasure.status).toBe(200);
    expect((await read(uuid, 'video')).problem.code).toBe('PERSONAL_DATA_ERASED');
    const chunks = service.db.collection('evidence.chunks');
    expect(await chunks.countDocuments({ files_id: { $in: ids } })).toBe(0);
    expect(await filesOf(uuid)).toMatchObject({ files: 0 });
  });

  it('that do not come in time are an exception, which goes when they come', async () => {
    const uuid = 'late';
    await service.api.register({ uuid });
    simulator.control.finish(uuid, { result: RESULT, mediaFault: 'NOT_FOUND' });
    const exception = async () =>
      (await service.api.all<ExceptionResponse>('/v1/reconciliation/exceptions')).find(
        ({ id }) => id === `EVIDENCE_MISSING:${uuid}`,
      );
    const raised = await eventually(exception, 40_000);
    expect(raised).toMatchObject({
      class: 'EVIDENCE_MISSING',
      status: 'OPEN',
      facts: {
        missing: ['front', 'back', 'video'],
        outcomes: { front: 'GONE', back: 'GONE', video: 'GONE' },
      },
    });
    simulator.control.mendMedia(uuid);
    await archived(uuid);
    const resolved = await eventually(async () => {
      const now = await exception();
      return now?.status === 'RESOLVED' ? now : null;
    }, 40_000);
    expect(resolved).toMatchObject({ timesRaised: 1, resolution: { code: 'CAUSE_GONE' } });
  });

  it.each<[MediaFault, string, EvidenceKind[]]>([
    ['REDIRECT', 'ADDRESS_REFUSED', ['front', 'back', 'video']],
    ['WRONG_TYPE', 'WRONG_TYPE', ['front', 'back', 'video']],
    ['ENDLESS', 'TOO_LARGE', ['front', 'back', 'video']],
  ])(
    'that suffer %s are told as %s, tried again, and leave nothing behind',
    async (fault, outcome, kinds) => {
      const uuid = `bad-${fault}`;
      simulator.control.finish(uuid, { result: RESULT, mediaFault: fault });
      const failures = await eventually(async () => {
        const found = await entries(uuid, 'evidence.failed');
        return found.length >= 2 ? found : null;
      }, 40_000);
      const outcomes = Object.fromEntries(kinds.map((kind) => [kind, outcome]));
      expect(failures[0]?.data).toEqual({ version: 2, outcomes });
      expect(await filesOf(uuid)).toMatchObject({ files: 0, chunks: 0 });
      simulator.control.mendMedia(uuid);
      await archived(uuid);
      const metrics = (await service.api.get('/metrics')).bytes.toString();
      expect(metrics).toContain(`ekyc_evidence_fetches_total{kind="video",outcome="${outcome}"}`);
      expect(metrics).toMatch(/ekyc_evidence_fetches_total\{kind="front",outcome="ARCHIVED"\} [1-9]/);
      expect(metrics).toMatch(/ekyc_evidence_waiting_sessions \d/);
    },
  );

  it('are as many as the document has sides', async () => {
    const uuid = 'passport';
    simulator.control.finish(uuid, { result: { ...RESULT, document: 'PASSPORT' } });
    await archived(uuid, 2);
    expect(await kindsIn(uuid)).toEqual(['front', 'video']);
    expect((await read(uuid, 'back')).problem.code).toBe('EVIDENCE_NOT_FOUND');
  });

  it('that only a callback names are not fetched: anybody with its token could name any', async () => {
    const uuid = `callback-only-${randomUUID()}`;
    const resources = {
      front: `${simulator.url}/media/archived/front`,
      video: `${simulator.url}/media/archived/video`,
    };
    const asked = simulator.control.mediaRequests('archived', 'front');
    await service.api.deliver({ uuid, code: '200', message: 'successful', resources });
    await eventually(async () => (await entries(uuid, 'retrieval.failed')).length >= 2);
    expect((await read(uuid, 'front')).problem.code).toBe('EVIDENCE_NOT_FOUND');
    expect(simulator.control.mediaRequests('archived', 'front')).toBe(asked);
  });

  it('are fetched once by several instances, and go on at another when one stops in the middle', async () => {
    const other = await startService({ beside: service, env: service.env });
    const uuids = Array.from({ length: 15 }, (_, n) => `many-${n}`);
    for (const uuid of uuids) simulator.control.finish(uuid, { result: { ...RESULT, seed: uuid } });
    simulator.control.finish('hanging', { result: RESULT, mediaFault: 'HANG', mediaFaultTimes: 1 });
    await eventually(() => simulator.control.mediaRequests('hanging', 'front') === 1, 40_000);
    for (const uuid of uuids) await archived(uuid);
    for (const uuid of uuids) expect(simulator.control.mediaRequests(uuid, 'video')).toBe(1);

    const stopped = service;
    service = other;
    simulator.control.sendCallbacksTo(`${service.url}/v1/callbacks/fpt`);
    await stopped.stop();
    simulator.control.mendMedia('hanging');
    await archived('hanging');
  });
});
