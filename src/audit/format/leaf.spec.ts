import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLeaf, encodeLeaf, type EntryContent, LeafTooLargeError } from './leaf.ts';

const entry: EntryContent = {
  id: '01936b2e-7c51-7d3a-9b8e-2f1d4c5b6a79',
  at: '2026-01-31T08:15:30.123Z',
  action: 'callback.received',
  subject: { type: 'session', id: 'a1b2' },
  actor: { type: 'person', id: 'reviewer-7', via: 'back-office' },
  data: { version: 1, bytes: 3012, digest: 'ab' },
};

describe('the leaf of an entry', () => {
  it('is canonical JSON with its version, members in order of their names', () => {
    expect(encodeLeaf(entry).toString()).toBe(
      '{"action":"callback.received","actor":{"id":"reviewer-7","type":"person","via":"back-office"},' +
        '"at":"2026-01-31T08:15:30.123Z","data":{"bytes":3012,"digest":"ab","version":1},' +
        '"id":"01936b2e-7c51-7d3a-9b8e-2f1d4c5b6a79","subject":{"id":"a1b2","type":"session"},"v":1}',
    );
  });

  it('does not depend on the order in which members were written', () => {
    const { data, subject, ...rest } = entry;
    expect(
      encodeLeaf({ subject, data: Object.fromEntries(Object.entries(data).toReversed()), ...rest }),
    ).toEqual(encodeLeaf(entry));
  });

  it('does not contain the index, so that an entry may take another place with the same bytes', () => {
    const placed = { index: 7, ...entry };
    expect(encodeLeaf(placed)).toEqual(encodeLeaf(entry));
  });

  it('gives back what was written, for any data', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const content = { ...entry, data: JSON.parse(JSON.stringify(data)) as EntryContent['data'] };
        expect(decodeLeaf(encodeLeaf(content))).toEqual(content);
      }),
    );
  });

  it('is refused above 32 KiB', () => {
    const frame = encodeLeaf({ ...entry, data: { text: '' } }).length;
    expect(encodeLeaf({ ...entry, data: { text: 'x'.repeat(32_768 - frame) } })).toHaveLength(32_768);
    expect(() => encodeLeaf({ ...entry, data: { text: 'x'.repeat(32_769 - frame) } })).toThrow(
      LeafTooLargeError,
    );
  });

  it('is not read if its version is unknown', () => {
    const future = Buffer.from(encodeLeaf(entry).toString().replace('"v":1', '"v":2'));
    expect(() => decodeLeaf(future)).toThrow('leaf version 2 is not known');
  });
});
