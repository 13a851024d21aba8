import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { childPath, FieldPaths, MAX_PATHS } from './field-paths.ts';

describe(childPath.name, () => {
  it.each([
    ['', 'face_match', 'face_match'],
    ['ocr.data', 0, 'ocr.data.0'],
    ['ocr.data.1', 'cccd_12_front', 'ocr.data.1.cccd_12_front'],
    ['', 'session-id', 'session-id'],
  ])('names what lies below %j', (parent, name, path) => {
    expect(childPath(parent, name)).toBe(path);
  });

  it.each([
    ['Nguyễn Văn A'],
    ['a.b'],
    [''],
    ['a'.repeat(41)],
    ['079090001234'],
    ['0912345678'],
    ['079-090-001234'],
    ['id_079_090'],
    ['a\0'],
  ])('hides the name %j', (name) => {
    expect(childPath('ocr', name)).toBe('ocr.*');
  });

  it('stays short however deep it goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.nat(), fc.stringMatching(/^[a-z_]{1,40}$/)), {
          minLength: 10,
          maxLength: 64,
        }),
        (names) => {
          const path = names.reduce<string>(childPath, '');
          expect(path.length).toBeLessThanOrEqual(122);
          expect(path).toMatch(/^[A-Za-z0-9_*.-]*$/);
        },
      ),
    );
  });
});

describe(FieldPaths.name, () => {
  it('holds each path once, sorted', () => {
    const paths = new FieldPaths();
    for (const path of ['b', 'a', 'b']) paths.add(path);

    expect(paths.toSortedArray()).toEqual(['a', 'b']);
  });

  it('keeps the first paths when there are too many', () => {
    const paths = new FieldPaths();
    for (let i = 0; i <= MAX_PATHS; i++) paths.add(`list.${i}`);

    expect(paths.isFull).toBe(true);
    expect(paths.toSortedArray()).toHaveLength(MAX_PATHS);
    expect(paths.toSortedArray()).not.toContain(`list.${MAX_PATHS}`);
  });
});
