import { describe, expect, it } from '@jest/globals';
import { isSamePerson } from './same-person.ts';

describe(isSamePerson.name, () => {
  it.each([
    ['officer-7', 'officer-7'],
    ['officer-7', 'Officer-7 '],
    ['an.nguyễn', 'AN.NGUYỄN'],
    ['officer 7', 'officer  7'],
    ['officer 7', 'officer7'],
    ['officer-7', 'off\u034ficer-7\ufe0f'],
    ['officer-7', 'ｏfficer-7'],
    ['Nguyễn'.normalize('NFC'), 'Nguyễn'.normalize('NFD')],
  ])('%s and %s are one person', (a, b) => {
    expect(isSamePerson(a, b)).toBe(true);
  });

  it.each([
    ['officer-7', 'officer-8'],
    ['an', 'ân'],
    ['officer 7', 'officer.7'],
  ])('%s and %s are two', (a, b) => {
    expect(isSamePerson(a, b)).toBe(false);
  });
});
