import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  MAX_RETRY_AFTER_MS,
  readVendorReply,
  type VendorReply,
  type VendorResponse,
} from './vendor-answer.ts';

const UUID = 'session-1';
const RESULT = { uuid: UUID, code: '303', message: 'face is not matching', face_match: { isMatch: 'false' } };

function read(status: number, body: unknown, headers: VendorResponse['headers'] = {}): VendorReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readVendorReply(UUID, { status, headers, raw: Buffer.from(text) });
}

describe(readVendorReply.name, () => {
  it('takes a result with its exact bytes', () => {
    const text = JSON.stringify(RESULT, null, 2);
    expect(read(200, text)).toEqual({ kind: 'RESULT', raw: Buffer.from(text), body: RESULT });
  });

  it('takes the 403 and the 404 of the page as what they are', () => {
    expect(read(403, '{\n"message": "Forbidden"\n}')).toEqual({ kind: 'FORBIDDEN' });
    expect(read(404, '{\n"message": "Not found data with uuid"\n}')).toEqual({ kind: 'NOT_FOUND' });
  });

  it("doesn't take a gateway's 403 or 404 for the vendor's", () => {
    expect(read(404, '<html><h1>404 Not Found</h1></html>')).toEqual({ kind: 'REFUSED', code: 'HTTP_404' });
    expect(read(403, '')).toEqual({ kind: 'REFUSED', code: 'HTTP_403' });
  });

  it.each<[number, unknown, string]>([
    [200, { code: '400', message: 'uuid must be provided' }, '400'],
    [200, { code: 400, message: 'api-key must be provided' }, '400'],
    [200, { code: 'E102', message: 'Document type is not supported' }, 'E102'],
    [200, { code: '-1', message: 'There is something wrong. Please try again.' }, '-1'],
    [200, { uuid: UUID, code: '400', message: 'N/A', ocr: 'N/A' }, '400'],
    [400, { code: 400, message: 'device type must be provided' }, '400'],
    [401, { code: '401', message: 'get api key info failed' }, '401'],
    [401, { message: 'Invalid token' }, 'HTTP_401'],
    [418, 'teapot', 'HTTP_418'],
    [400, { code: '079085001234', message: 'a code that looks like an identity number' }, 'HTTP_400'],
  ])('reads HTTP %i %j as a refusal with code %s', (status, body, code) => {
    expect(read(status, body)).toEqual({ kind: 'REFUSED', code });
  });

  it.each<[unknown, string]>([
    ['<!doctype html><title>Sign in</title>', 'NOT_JSON'],
    ['{"uuid":"session-1","ocr":{},}', 'NOT_JSON'],
    ['', 'EMPTY'],
    ['[]', 'NOT_AN_OBJECT'],
    ['{"uuid":"session-1","uuid":"session-2","ocr":{}}', 'AMBIGUOUS_JSON'],
    [{ ...RESULT, uuid: 'session-2' }, 'WRONG_UUID'],
    [{ ...RESULT, uuid: 'SESSION-1' }, 'WRONG_UUID'],
    [{ uuid: 'session-2', code: '400', message: 'uuid must be provided' }, 'WRONG_UUID'],
    [{ ...RESULT, uuid: 'N/A' }, 'NO_UUID'],
    [{ code: '303', face_match: {} }, 'NO_UUID'],
    [{ data: RESULT }, 'NO_UUID'],
    [{ message: 'Not found data with uuid' }, 'NO_UUID'],
    [{ ...RESULT, uuid: 7 }, 'BAD_UUID'],
    [{ uuid: UUID }, 'NO_RESULT'],
    [{ uuid: UUID, code: '200', message: 'ok', ocr: 'N/A', liveness: null }, 'NO_RESULT'],
  ])("doesn't use %j: %s", (body, reason) => {
    const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    expect(read(200, body)).toEqual({ kind: 'UNUSABLE', reason, raw });
  });

  it("doesn't use invalid UTF-8", () => {
    const raw = Buffer.from(JSON.stringify(RESULT));
    raw[raw.indexOf('face is')] = 0xff;
    expect(readVendorReply(UUID, { status: 200, headers: {}, raw })).toEqual({
      kind: 'UNUSABLE',
      reason: 'INVALID_UTF8',
      raw,
    });
  });

  it("doesn't unpack a compressed answer", () => {
    expect(read(200, RESULT, { 'content-encoding': 'gzip' })).toMatchObject({ reason: 'COMPRESSED' });
    expect(read(200, RESULT, { 'content-encoding': ['identity', 'br'] })).toMatchObject({
      reason: 'COMPRESSED',
    });
    expect(read(200, RESULT, { 'content-encoding': 'identity' })).toMatchObject({ kind: 'RESULT' });
  });

  it.each([301, 302, 303, 304, 307, 308])('follows no %i', (status) => {
    expect(read(status, RESULT, { location: 'http://169.254.169.254/' })).toEqual({
      kind: 'UNAVAILABLE',
      cause: 'REDIRECTED',
      retryAfterMs: null,
    });
  });

  const DATE = 'Sat, 01 Mar 2025 08:00:00 GMT';
  it.each<[VendorResponse['headers'], number | null]>([
    [{}, null],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '99999999999999999999' }, MAX_RETRY_AFTER_MS],
    [{ 'retry-after': 'Sat, 01 Mar 2025 08:00:30 GMT', date: DATE }, 30_000],
    [{ 'retry-after': 'Sat, 01 Mar 2025 07:00:00 GMT', date: DATE }, 0],
    [{ 'retry-after': 'Sun, 01 Mar 2026 08:00:00 GMT', date: DATE }, MAX_RETRY_AFTER_MS],
    [{ 'retry-after': 'Sat, 01 Mar 2025 08:00:30 GMT' }, null],
    [{ 'retry-after': '-5', date: 'x' }, null],
    [{ 'retry-after': ['1', '2'] }, null],
  ])('reads from %j that the vendor wants to be left alone for %j ms', (headers, retryAfterMs) => {
    expect(read(429, '', headers)).toEqual({ kind: 'UNAVAILABLE', cause: 'RATE_LIMITED', retryAfterMs });
    expect(read(503, '', headers)).toEqual({ kind: 'UNAVAILABLE', cause: 'SERVER_ERROR', retryAfterMs });
  });

  it('never throws, and never gives a result that is not of the session asked for', () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record(
          {
            uuid: fc.oneof(fc.constantFrom<unknown>(UUID, 'session-2', 'N/A', null), fc.jsonValue()),
            code: fc.oneof(fc.constantFrom<unknown>('200', '400', 303), fc.jsonValue()),
            ocr: fc.jsonValue(),
            face_match: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 999 }), body, (status, text) => {
        const reply = read(status, text);
        if (reply.kind !== 'RESULT') return;
        expect(status).toBeLessThan(300);
        expect(reply.body['uuid']).toBe(UUID);
      }),
      { numRuns: 500 },
    );
  });
});
