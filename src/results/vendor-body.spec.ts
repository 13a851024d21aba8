import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readVendorBody, type VendorBodyProblem } from './vendor-body.ts';

const RESULT = { uuid: 'session-1', code: '200' };
const read = (body: unknown, dataKey?: string) => readVendorBody(Buffer.from(JSON.stringify(body)), dataKey);

describe(readVendorBody.name, () => {
  it.each<[string, unknown, string | undefined]>([
    ['bare, no key configured', RESULT, undefined],
    ['bare although a key is configured', RESULT, 'data'],
    ['under the key', { data: RESULT }, 'data'],
    ['under the key, with Request Payloads beside it', { data: RESULT, branch: 'HN-01', uuid: 'x' }, 'data'],
    ['under the key, as a JSON text', { data: JSON.stringify(RESULT) }, 'data'],
    ['under a key named __proto__', JSON.parse(`{"__proto__":${JSON.stringify(RESULT)}}`), '__proto__'],
  ])('finds the result %s', (_, body, dataKey) => {
    expect(read(body, dataKey)).toEqual({ ok: true, uuid: 'session-1', result: RESULT });
  });

  it.each<[string, unknown, string | undefined, VendorBodyProblem]>([
    ['a list', [RESULT], undefined, 'NOT_AN_OBJECT'],
    ['a JSON text of the result, bare', JSON.stringify(RESULT), undefined, 'NOT_AN_OBJECT'],
    ['null under the key', { data: null }, 'data', 'NOT_AN_OBJECT'],
    ['a list under the key', { data: [RESULT] }, 'data', 'NOT_AN_OBJECT'],
    ['a text under the key that is no JSON', { data: 'N/A' }, 'data', 'NOT_JSON'],
    ['an empty text under the key', { data: '' }, 'data', 'EMPTY'],
    ['an ambiguous text under the key', { data: '{"uuid":"a","uuid":"b"}' }, 'data', 'AMBIGUOUS_JSON'],
    ['a result wrapped under a key that is not configured', { data: RESULT }, undefined, 'NO_UUID'],
    ['a key that only every object inherits', {}, 'constructor', 'NO_UUID'],
    ['the 403 answer of the pull', { message: 'Forbidden' }, undefined, 'NO_UUID'],
  ])('refuses %s', (_, body, dataKey, reason) => {
    expect(read(body, dataKey)).toEqual({ ok: false, reason });
  });

  it('hands on why the bytes are no JSON', () => {
    expect(readVendorBody(Buffer.from('{"uuid":"a",}'), undefined)).toEqual({
      ok: false,
      reason: 'NOT_JSON',
    });
  });

  it.each([[null], [''], ['  '], ['N/A'], ['n/a']])('takes uuid %j as none', (uuid) => {
    expect(read({ uuid })).toEqual({ ok: false, reason: 'NO_UUID' });
  });

  it.each([
    [12],
    [true],
    [{ $gt: '' }],
    [['session-1']],
    ['a b'],
    ['session-1\n'],
    ['a\0b'],
    ['../x'],
    ['phiên'],
    ['$where'],
    ['a'.repeat(129)],
  ])('refuses uuid %j', (uuid) => {
    expect(read({ uuid })).toEqual({ ok: false, reason: 'BAD_UUID' });
  });

  it.each([['a'], ['your-uuid'], ['tsan_ekyc__0f8c'], ['A.b_C-9'], ['a'.repeat(128)]])(
    'accepts uuid %j',
    (uuid) => {
      expect(read({ uuid })).toMatchObject({ ok: true, uuid });
    },
  );

  it('never throws, whatever the body and the key', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.option(fc.string(), { nil: undefined }), (body, dataKey) => {
        expect(typeof read(body, dataKey).ok).toBe('boolean');
        if (dataKey !== undefined) expect(typeof read({ [dataKey]: body }, dataKey).ok).toBe('boolean');
      }),
    );
  });
});
