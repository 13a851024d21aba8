import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { WARNING_CODES } from '../../src/conclusion-rules/warning-codes.ts';
import { aCallback, aPulledResult, theDocumentedResult } from '../simulator/payloads.ts';
import { type Answer, bytesOf } from '../support/api-client.ts';
import { startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

const MIB = 1024 * 1024;

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService();
});
afterAll(stopServices);

/** A good delivery still goes through: the process is alive and well. */
async function expectToBeWell(): Promise<void> {
  const receipt = await service.api.deliver(aCallback({ uuid: `well-${crypto.randomUUID()}` }));
  expect({ status: receipt.status, ...receipt.body }).toMatchObject({ status: 200, outcome: 'ACCEPTED' });
}

async function findQuarantined(receiptId: unknown) {
  const entries = await service.api.entries(`action=callback.quarantined&subject=${String(receiptId)}`);
  expect(entries).toHaveLength(1);
  return entries[0]!.data;
}

function nested(open: string, close: string, depth: number): string {
  return `{"uuid":"deep","ocr":${open.repeat(depth)}1${close.repeat(depth)}}`;
}

describe('a delivery with a valid token that can not be used', () => {
  const good = JSON.stringify(aCallback({ uuid: 'bad-input' }));

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'EMPTY'],
    ['blanks', ' \r\n\t', 'EMPTY'],
    ['no JSON', 'uuid=bad-input&code=200', 'NOT_JSON'],
    ['XML', '<?xml version="1.0"?><uuid>bad-input</uuid>', 'NOT_JSON'],
    ['half a document', good.slice(0, good.length / 2), 'NOT_JSON'],
    ['two documents', `${good}${good}`, 'NOT_JSON'],
    ['a comma too many', good.replace(/}$/, ',}'), 'NOT_JSON'],
    ['NaN', '{"uuid":"bad-input","code":NaN}', 'NOT_JSON'],
    ['a raw NUL byte in a text', '{"uuid":"bad-input","message":"\0"}', 'NOT_JSON'],
    ['NUL bytes only', Buffer.alloc(64), 'NOT_JSON'],
    ['objects 10,000 levels deep', nested('{"a":', '}', 10_000), 'TOO_DEEP'],
    ['lists 10,000 levels deep', nested('[', ']', 10_000), 'TOO_DEEP'],
    ['a million brackets that are never closed', '['.repeat(1_000_000), 'TOO_DEEP'],
    ['a name twice', '{"uuid":"bad-input","code":"200","code":"303"}', 'AMBIGUOUS_JSON'],
    ['a uuid twice', '{"uuid":"bad-input","uuid":"another"}', 'AMBIGUOUS_JSON'],
    ['a name twice, once escaped', String.raw`{"uuid":"bad-input","\u0075uid":"another"}`, 'AMBIGUOUS_JSON'],
    ['__proto__ twice', '{"uuid":"bad-input","__proto__":1,"__proto__":2}', 'AMBIGUOUS_JSON'],
    ['a number beyond all bounds', '{"uuid":"bad-input","code":1e999}', 'AMBIGUOUS_JSON'],
    ['half a surrogate pair', String.raw`{"uuid":"bad-input","message":"\ud800"}`, 'AMBIGUOUS_JSON'],
    ['half a surrogate pair as a name', String.raw`{"uuid":"bad-input","\udfff":1}`, 'AMBIGUOUS_JSON'],
    ['Latin-1', Buffer.from('{"uuid":"bad-input","message":"ti\u00e9ng"}', 'latin1'), 'INVALID_UTF8'],
    ['UTF-16', Buffer.from('{"uuid":"bad-input"}', 'utf16le'), 'NOT_JSON'],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${good}`, 'utf16le'), 'INVALID_UTF8'],
    ['an overlong NUL', Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 'INVALID_UTF8'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'INVALID_UTF8'],
    ['noise', Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 197 + 91) % 256)), 'INVALID_UTF8'],
    ['null', 'null', 'NOT_AN_OBJECT'],
    ['true', 'true', 'NOT_AN_OBJECT'],
    ['a number', '12345', 'NOT_AN_OBJECT'],
    ['a text', '"bad-input"', 'NOT_AN_OBJECT'],
    ['a list', `[${good}]`, 'NOT_AN_OBJECT'],
    ['no uuid', '{}', 'NO_UUID'],
    ['a uuid in __proto__ only', '{"__proto__":{"uuid":"bad-input"}}', 'NO_UUID'],
    ['null as uuid', '{"uuid":null}', 'NO_UUID'],
    ['"N/A" as uuid', '{"uuid":"N/A"}', 'NO_UUID'],
    ['an operator as uuid', '{"uuid":{"$gt":""}}', 'BAD_UUID'],
    ['another operator as uuid', '{"uuid":{"$where":"sleep(9000)"}}', 'BAD_UUID'],
    ['an operator as text', '{"uuid":"$gt"}', 'BAD_UUID'],
    ['a list as uuid', '{"uuid":["bad-input"]}', 'BAD_UUID'],
    ['a number as uuid', '{"uuid":7}', 'BAD_UUID'],
    ['a huge number as uuid', `{"uuid":${'9'.repeat(300)}}`, 'BAD_UUID'],
    ['true as uuid', '{"uuid":true}', 'BAD_UUID'],
    ['a path as uuid', '{"uuid":"../../etc/passwd"}', 'BAD_UUID'],
    ['an escaped NUL in the uuid', String.raw`{"uuid":"bad\u0000input"}`, 'BAD_UUID'],
    ['129 characters as uuid', `{"uuid":"${'a'.repeat(129)}"}`, 'BAD_UUID'],
    ['a uuid beyond ASCII', '{"uuid":"phi\u00ean-1"}', 'BAD_UUID'],
  ])('because it is %s is kept once, found in quarantine, and harms nobody', async (_, body, reason) => {
    const first = await service.api.deliver(body);
    expect(first.status).toBe(422);
    expect(first.problem).toMatchObject({ code: 'CALLBACK_QUARANTINED', reason });
    const again = await service.api.deliver(body);
    expect(again.problem['receiptId']).toBe(first.problem['receiptId']);
    expect(await findQuarantined(first.problem['receiptId'])).toEqual({
      reason,
      bytes: bytesOf(body).length,
      uuid: null,
    });
    await expectToBeWell();
  });

  it.each<[string, (body: Buffer) => Promise<Answer<unknown>>, number | null]>([
    ['with its length announced', (body) => service.api.deliver(body), 5 * MIB],
    ['in chunks of unannounced length', (body) => deliverInChunks(body), null],
  ])('because it has 5 MiB is refused and recorded, %s', async (_, deliver, bytes) => {
    const before = new Set((await service.api.entries('action=callback.quarantined')).map(({ id }) => id));
    const answer = await deliver(Buffer.alloc(5 * MIB, ' '));
    expect({ status: answer.status, code: answer.problem.code }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
    });

    const recorded = (await service.api.entries('action=callback.quarantined')).filter(
      ({ id }) => !before.has(id),
    );
    expect(recorded.map(({ data }) => data)).toEqual([{ reason: 'TOO_LARGE', bytes, uuid: null }]);
    await expectToBeWell();
  });

  it('because it breaks off leaves nothing behind', async () => {
    const { hostname, port } = new URL(service.url);
    const before = await countDeliveries();
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname).on('close', () => resolve());
      const head = `host: x\r\nx-callback-token: ${service.callbackToken}\r\ncontent-length: 100`;
      socket.write(`POST /v1/callbacks/fpt HTTP/1.1\r\n${head}\r\n\r\n{"uuid":`, () => socket.destroy());
    });
    await expectToBeWell();
    expect(await countDeliveries()).toBe(before + 1);
  });
});

async function countDeliveries(): Promise<number> {
  const entries = await service.api.entries();
  return entries.filter(({ action }) => action.startsWith('callback.')).length;
}

function deliverInChunks(body: Buffer): Promise<Answer<unknown>> {
  const chunks = Array.from({ length: Math.ceil(body.length / MIB) }, (_, at) =>
    Uint8Array.from(body.subarray(at * MIB, (at + 1) * MIB)),
  );
  return service.api.call('POST', '/v1/callbacks/fpt', {
    headers: { 'x-callback-token': service.callbackToken },
    body: ReadableStream.from(chunks),
  });
}

describe('a delivery that is odd but usable', () => {
  const places = placesOf(theDocumentedResult('x')).filter(([first]) => first !== 'uuid');

  it.each(
    [
      'null',
      'true',
      '-1',
      '12.5',
      '1e308',
      '12345678901234567890',
      '""',
      '"N/A"',
      String.raw`"\u0000"`,
      String.raw`"\u202e\ufeff\ud83e\uddff"`,
      '"$gt"',
      JSON.stringify('x'.repeat(10_000)),
      '[]',
      '[[[]]]',
      '["200",200]',
      '{}',
      '{"$gt":""}',
      '{"$ne":null,"a.b":1,"":2}',
      '{"__proto__":{"code":"200"},"constructor":1,"toString":2}',
    ].map((value) => [value.slice(0, 40), value] as const),
  )('with %s in any place of the result is accepted and can be read', async (_, value) => {
    const deliveries = places.map((place) => {
      const uuid = `odd-${crypto.randomUUID()}`;
      const result = JSON.stringify(withValueAt(aPulledResult({ uuid, similarity: 97 }), place, '@'));
      return { uuid, place, body: result.replace('"@"', () => value) };
    });
    const answers = await Promise.all(deliveries.map(({ body }) => service.api.deliver(body)));
    const refused = answers.flatMap(({ status, bytes }, at) =>
      status === 200 ? [] : [`${deliveries[at]!.place.join('.')}: ${status} ${bytes.toString()}`],
    );
    expect(refused).toEqual([]);
    const readings = await Promise.all(
      deliveries.flatMap(({ uuid }, at) =>
        at % 10 > 0 ? [] : [service.api.getSession(uuid), service.api.get(`/v1/sessions/${uuid}/result`)],
      ),
    );
    expect(readings.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('with every warning that there is, all at once, is accepted with all of them', async () => {
    const codes = WARNING_CODES.map(({ code }) => code);
    const receipt = await service.api.deliver(aPulledResult({ uuid: 'all-warnings', warnings: codes }));
    expect({ status: receipt.status, ...receipt.body }).toMatchObject({ outcome: 'ACCEPTED' });
    expect((await service.api.getSession('all-warnings')).body.decision).toBe('REJECT');
  });

  it.each([
    [
      'a hundred thousand unknown members',
      { ...Object.fromEntries(range(100_000).map((n) => [`m${n}`, n])) },
    ],
    [
      'a hundred thousand warnings',
      { ocr: { warning_data: range(100_000).map(() => ({ warning_code: 'E30' })) } },
    ],
    ['a hundred thousand documents', { ocr: { data: range(100_000).map(() => ({})) } }],
    [
      'a card of ten thousand fields',
      { ocr: { data: [Object.fromEntries(range(10_000).map((n) => [`f${n}`, '1']))] } },
    ],
    ['a text of 3 MiB', { message: 'x'.repeat(3 * MIB) }],
  ])('with %s is accepted', async (name, members) => {
    const uuid = `large-${name.replaceAll(/\W/g, '-')}`;
    const receipt = await service.api.deliver({ uuid, ...members });
    expect({ status: receipt.status, ...receipt.body }).toMatchObject({ status: 200, outcome: 'ACCEPTED' });
    expect((await service.api.getSession(uuid)).body.decision).not.toBe('APPROVE');
    expect((await service.api.get(`/v1/sessions/${uuid}/result`)).status).toBe(200);
  });
});

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at);
}

type Place = readonly (string | number)[];

/** Every place in a document, sections and values alike. */
function placesOf(value: unknown, place: Place = []): Place[] {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const below = members.flatMap(([name, member]) =>
    placesOf(member, [...place, Array.isArray(value) ? Number(name) : name]),
  );
  return place.length === 0 ? below : [place, ...below];
}

/** A copy with another value in that place; a place that is missing is made. */
function withValueAt(document: object, place: Place, value: unknown): object {
  const copy = structuredClone(document);
  let section = copy as Record<string | number, unknown>;
  for (const [at, name] of place.slice(0, -1).entries()) {
    section = (section[name] ??= typeof place[at + 1] === 'number' ? [] : {}) as typeof section;
  }
  section[place.at(-1)!] = value;
  return copy;
}
