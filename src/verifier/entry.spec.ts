import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { readEntry } from './entry.ts';
import { Divergence } from './verdict.ts';

const AT = '2026-06-01T08:00:00.000Z';
const ID = '0197a5d0-0000-7000-8000-00000000002a';
const aLeaf = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  v: 1,
  id: ID,
  at: AT,
  action: 'callback.received',
  subject: { type: 'session', id: 's-1' },
  actor: { type: 'person', id: 'lan', via: 'desk' },
  data: { digest: 'x' },
  ...over,
});
const bytesOf = (leaf: unknown): Buffer => Buffer.from(canonicalize(leaf) ?? '');
const read = (bytes: Buffer | string) => readEntry(Buffer.from(bytes), 42);
const refuses = (bytes: Buffer | string) => {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Divergence);
    expect(error).toMatchObject({ case: 'ENTRY_MALFORMED', finding: { index: 42 } });
    return;
  }
  throw new Error('was accepted');
};

describe('an entry', () => {
  it('is read', () => {
    expect(read(bytesOf(aLeaf()))).toEqual({
      id: ID,
      at: Date.parse(AT),
      action: 'callback.received',
      subject: { type: 'session', id: 's-1' },
      actor: { type: 'person', id: 'lan', via: 'desk' },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['another version', { v: 2 }],
    ['its version as text', { v: '1' }],
    ['no id', { id: undefined }],
    ['an id of another version', { id: ID.replace('-7000-', '-4000-') }],
    ['an upper-case id', { id: ID.toUpperCase() }],
    ['a number as id', { id: 7 }],
    ['no time', { at: undefined }],
    ['a time without milliseconds', { at: '2026-06-01T08:00:00Z' }],
    ['a time in another zone', { at: '2026-06-01T08:00:00.000+07:00' }],
    ['a day that does not exist', { at: '2026-02-30T08:00:00.000Z' }],
    ['a time as a number', { at: Date.parse(AT) }],
    ['an action without a dot', { action: 'received' }],
    ['a number as action', { action: 1 }],
    ['no subject', { subject: undefined }],
    ['a list as subject', { subject: ['session', 's-1'] }],
    ['a subject without id', { subject: { type: 'session' } }],
    ['a client in the subject', { subject: { type: 'session', id: 's-1', via: 'desk' } }],
    ['a number as the id of its subject', { subject: { type: 'session', id: 1 } }],
    ['more in its actor', { actor: { type: 'person', id: 'lan', role: 'x' } }],
    ['no actor', { actor: null }],
    ['no data', { data: undefined }],
    ['a list as data', { data: [] }],
    ['nothing as data', { data: null }],
    ['a field that no entry has', { index: 42 }],
  ])('with %s is refused', (_, over) => {
    refuses(bytesOf(aLeaf(over)));
  });

  const text = bytesOf(aLeaf()).toString();
  it.each<[string, Buffer | string]>([
    ['nothing', ''],
    ['no JSON', 'x'],
    ['a list', '[]'],
    ['null', 'null'],
    ['text', '"x"'],
    ['two values', `${text}${text}`],
    ['a newline at the end', `${text}\n`],
    ['a space', text.replace(':', ': ')],
    ['keys in another order', JSON.stringify(aLeaf())],
    ['a key twice', text.replace('"v":1', '"v":1,"v":1')],
    ['a key twice in data', text.replace('"digest":"x"', '"digest":"x","digest":"x"')],
    ['data in another order', text.replace('"digest":"x"', '"z":1,"a":1')],
    ['an escape that is not needed', text.replace('"x"', '"\\u0078"')],
    ['an escaped slash', text.replace('"x"', '"\\/"')],
    ['an upper-case escape', text.replace('"x"', '"\\u001F"')],
    ['a number with an exponent', text.replace('"x"', '1e2')],
    ['a number with a fraction of zero', text.replace('"x"', '1.0')],
    ['minus zero', text.replace('"x"', '-0')],
    ['a number beyond all', text.replace('"x"', '1e999')],
    ['more digits than a number keeps', text.replace('"x"', '9007199254740993')],
    ['half a surrogate pair', text.replace('"x"', '"\\ud800"')],
    ['half a surrogate pair in its subject', text.replace('"s-1"', '"\\ud800"')],
    ['half a surrogate pair as a key', text.replace('"digest"', '"\\ud800"')],
    ['a byte order mark', `\ufeff${text}`],
    ['bytes that are no UTF-8', Buffer.from(text.replace('x', '\u00ff'), 'latin1')],
    [
      'a cut character of the length of its replacement',
      Buffer.concat([
        Buffer.from(text.slice(0, text.indexOf('"x"') + 1)),
        Buffer.of(0xf0, 0x9f, 0x98),
        Buffer.from(text.slice(text.indexOf('"x"') + 2)),
      ]),
    ],
    ['nesting beyond reason', text.replace('"x"', `${'['.repeat(15_000)}${']'.repeat(15_000)}`)],
    [
      'nesting beyond reason beside a key like "10"',
      text.replace('"x"', `{"10":${'['.repeat(9_000)}${']'.repeat(9_000)},"9":1}`),
    ],
    ['more than 32 KiB', bytesOf(aLeaf({ data: { digest: 'x'.repeat(32_768) } }))],
  ])('is refused with %s', (_, bytes) => {
    refuses(bytes);
  });

  it('may have exactly 32 KiB', () => {
    const room = 32_768 - bytesOf(aLeaf({ data: { digest: '' } })).length;
    expect(() => read(bytesOf(aLeaf({ data: { digest: 'x'.repeat(room) } })))).not.toThrow();
    refuses(bytesOf(aLeaf({ data: { digest: 'x'.repeat(room + 1) } })));
  });

  it('may carry keys that JavaScript would put in another order', () => {
    const leaf = bytesOf(aLeaf({ data: { '9': 1, '10': 2, a: { '2': 1, '11': 1 }, __proto__x: null } }));
    expect(leaf.toString()).toContain('"data":{"10":2,"9":1');
    expect(read(leaf).id).toBe(ID);
    refuses(leaf.toString().replace('"10":2,"9":1', '"9":1,"10":2'));
  });

  it('may carry whatever JSON has, as canonicalised by the library that writes the log', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 })), (data) => {
        const leaf = bytesOf(aLeaf({ data }));
        fc.pre(leaf.length <= 32_768);
        expect(read(leaf).id).toBe(ID);
      }),
      { numRuns: 500 },
    );
  });

  it('shows no more than a few printable characters of what is refused', () => {
    try {
      read(Buffer.from(`\u001b[2J${'secret '.repeat(1_000)}`));
    } catch (error) {
      const { message } = error as Error;
      expect(message.length).toBeLessThan(200);
      expect(message).not.toContain('\u001b');
    }
    expect.assertions(2);
  });
});
