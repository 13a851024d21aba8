import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { JsonObject, JsonValue } from './json-text.ts';
import { normaliseDocument } from './normalise-document.ts';
import { normaliseResult } from './normalise-result.ts';

const read = (side: JsonValue) => {
  const { ocr, unreadable } = normaliseResult('session-1', { ocr: { data: [side] } });
  return { ...ocr.documents[0]!, unreadable };
};

describe(normaliseDocument.name, () => {
  it('reads a chip card back with three lines of MRZ and what the vendor read out of them', () => {
    const lines = [
      'IDVNM0900012345079090001234<<8',
      '9001011M3001015VNM<<<<<<<<<<<6',
      'NGUYEN<<VAN<A<<<<<<<<<<<<<<<<<',
    ];

    expect(
      read({
        type: 'chip_back',
        type_new: 'chip_back',
        overall_score: '97.10',
        mrz: lines,
        mrz_prob: '96.5',
        mrz_details: { id: '0xxxxxxxxx9', name: 'NGUYEN VAN A', doe: 'N/A' },
      }),
    ).toEqual({
      type: 'chip_back',
      typeNew: 'chip_back',
      overallScore: 97.1,
      fields: { mrz: { value: lines, probability: 96.5 } },
      addressEntities: null,
      mrzDetails: { id: '0xxxxxxxxx9', name: 'NGUYEN VAN A', doe: null },
      unreadable: [],
    });
  });

  it('reads a driving licence back, where class and date are lists with a confidence each', () => {
    const { fields } = read({
      class: ['A1', 'B2'],
      class_prob: ['99.10', '87.50'],
      date: ['01/02/2020', 'N/A'],
      date_prob: [91.5, 'N/A'],
    });

    expect(fields['class']).toEqual({ value: ['A1', 'B2'], probability: 87.5 });
    expect(fields['date']).toEqual({ value: ['01/02/2020'], probability: null });
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['an empty list', [], []],
    ['a list of no values', ['N/A', '', null], ['N/A', null]],
  ])('takes %s as no value', (_, value, probability) => {
    const side = read({ mrz: value, mrz_prob: probability });

    expect(side.fields['mrz']).toEqual({ value: null, probability: null });
    expect(side.unreadable).toEqual([]);
  });

  it('reads nothing of a list with an item that it cannot read', () => {
    const side = read({ class: ['A1', { x: 1 }], class_prob: ['99.1', '950'] });

    expect(side.fields['class']).toEqual({ value: null, probability: null });
    expect(side.unreadable).toEqual(['ocr.data.0.class.1', 'ocr.data.0.class_prob.1']);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['unknown text', { pob: 'NAM ĐỊNH' }, { pob: { value: 'NAM ĐỊNH', probability: null } }],
    ['a number', { number_of_name_lines: 2 }, { number_of_name_lines: { value: '2', probability: null } }],
    ['a confidence without its field', { doi_prob: '90' }, { doi: { value: null, probability: 90 } }],
    [
      'a confidence of a field named toString',
      { toString_prob: '90' },
      { toString: { value: null, probability: 90 } },
    ],
    ['a field named _prob', { _prob: 'x' }, { _prob: { value: 'x', probability: null } }],
  ])('keeps %s', (_, side, fields) => {
    expect(read(side).fields).toEqual(fields);
  });

  it('keeps unknown document types, and numeric ones as text', () => {
    expect(read({ type: 'passport_2030', type_new: 7 })).toMatchObject({
      type: 'passport_2030',
      typeNew: '7',
    });
  });

  it('reports a nested value that has no room, and keeps its name with no value', () => {
    const side = read({ chip: { dg1: 'x' }, address_entities: { province: ['x'] }, mrz_details: 'x' });

    expect(side.fields['chip']).toEqual({ value: null, probability: null });
    expect(side.addressEntities).toEqual({ province: null });
    expect(side.mrzDetails).toBeNull();
    expect(side.unreadable).toEqual([
      'ocr.data.0.address_entities.province',
      'ocr.data.0.chip',
      'ocr.data.0.mrz_details',
    ]);
  });

  it('treats fields named __proto__ and constructor as data like any other', () => {
    const { fields } = read(JSON.parse('{"__proto__":"x","constructor":"y"}') as JsonValue);

    expect(Object.entries(fields)).toEqual([
      ['__proto__', { value: 'x', probability: null }],
      ['constructor', { value: 'y', probability: null }],
    ]);
    expect('toString' in fields).toBe(false);
  });

  it('keeps every text field of any side under its own name', () => {
    const fieldName = fc
      .string()
      .filter(
        (name) =>
          !name.endsWith('_prob') &&
          !/^(type|type_new|overall_score|address_entities|mrz_details)$/.test(name),
      );
    const text = fc.string().filter((value) => value.trim() !== '' && !/^\s*n\/a\s*$/i.test(value));
    fc.assert(
      fc.property(fc.dictionary(fieldName, text), (side) => {
        const values = Object.entries(read(side).fields).map(([name, { value }]) => [name, value]);
        expect(values).toEqual(Object.entries(side));
      }),
    );
  });
});
