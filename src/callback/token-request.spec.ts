import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTokenRequest } from './token-request.ts';
import { TokenRequestError } from './token-request.errors.ts';

const parse = (body: string, authorization?: string) => parseTokenRequest(authorization, Buffer.from(body));
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

const GRANT = 'grant_type=client_credentials';
const ID_AND_SECRET = { id: 'fpt', secret: 'p+s=w/%41 &ö' };
const printable = fc.string({ unit: 'grapheme', minLength: 1 });

describe(parseTokenRequest.name, () => {
  it('reads the credentials out of a form and out of JSON, whatever characters they have', () => {
    fc.assert(
      fc.property(printable, printable, (id, secret) => {
        const parameters = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
        const expected = { grantType: 'client_credentials', credentials: [{ id, secret }] };
        expect(parse(new URLSearchParams(parameters).toString())).toEqual(expected);
        expect(parse(JSON.stringify(parameters))).toEqual(expected);
      }),
    );
  });

  it('reads HTTP Basic both from clients that form-encode, as the RFC demands, and from those that do not', () => {
    const { id, secret } = ID_AND_SECRET;
    const encoded = new URLSearchParams({ secret }).toString().slice('secret='.length);
    expect(parse(GRANT, basic(`${id}:${encoded}`)).credentials).toContainEqual(ID_AND_SECRET);
    expect(parse(GRANT, basic(`${id}:${secret}`)).credentials).toContainEqual(ID_AND_SECRET);
    expect(parse(GRANT, basic('fpt:with:colons')).credentials).toContainEqual({
      id: 'fpt',
      secret: 'with:colons',
    });
  });

  it('takes HTTP Basic with the client id repeated in the body', () => {
    expect(parse(`${GRANT}&client_id=fpt`, basic('fpt:secret')).credentials).toContainEqual({
      id: 'fpt',
      secret: 'secret',
    });
  });

  it('ignores parameters that it does not know', () => {
    expect(parse(`${GRANT}&client_id=fpt&client_secret=s&scope=a&scope=b`).credentials).toHaveLength(1);
    expect(parse('{"client_id":"fpt","client_secret":"s","scope":["a"]}').credentials).toHaveLength(1);
  });

  it.each([
    ['nothing', '', undefined],
    ['no secret', `${GRANT}&client_id=fpt`, undefined],
    ['an empty secret', `${GRANT}&client_id=fpt&client_secret=`, undefined],
    ['no id', `${GRANT}&client_secret=s`, undefined],
    ['an empty object', '{}', undefined],
    ['a list', '["client_credentials"]', undefined],
    ['another scheme', GRANT, 'Bearer abcdef'],
    ['Basic without anything', GRANT, 'Basic'],
    ['Basic that is no base64', GRANT, 'Basic ***'],
    ['Basic without a colon', GRANT, basic('fpt')],
  ])('finds no credentials in %s', (_, body, authorization) => {
    expect(parse(body, authorization).credentials).toEqual([]);
  });

  it.each([
    ['a repeated parameter', `${GRANT}&${GRANT}`, undefined],
    ['broken JSON', '{"grant_type":', undefined],
    ['a parameter that is no text', '{"client_secret":1}', undefined],
    ['a parameter that is null', '{"grant_type":null}', undefined],
    ['a secret in both places', `${GRANT}&client_secret=s`, basic('fpt:s')],
  ])('refuses %s as invalid_request', (_, body, authorization) => {
    expect(() => parse(body, authorization)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('refuses a body that is not UTF-8 as invalid_request', () => {
    expect(() => parseTokenRequest(undefined, Buffer.from([0x61, 0x3d, 0xff]))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  it('never fails in any other way, and repeats nothing of what was sent', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.option(fc.string(), { nil: undefined }), (bytes, authorization) => {
        try {
          parseTokenRequest(authorization, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(TokenRequestError);
        }
      }),
    );
    expect(() => parse('{"client_secret": my-own-secret')).not.toThrow(/my-own-secret/);
  });
});
