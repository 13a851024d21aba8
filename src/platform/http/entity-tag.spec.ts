import { describe, expect, it } from '@jest/globals';
import { matches, parseIfMatch } from './entity-tag.ts';

describe(parseIfMatch.name, () => {
  it.each([
    ['"3"', [{ opaque: '3', weak: false }]],
    ['""', [{ opaque: '', weak: false }]],
    ['W/"3"', [{ opaque: '3', weak: true }]],
    [
      ' , "3" ,,\tW/"a,b" , ',
      [
        { opaque: '3', weak: false },
        { opaque: 'a,b', weak: true },
      ],
    ],
  ])('reads %s', (header, tags) => {
    expect(parseIfMatch(header)).toEqual(tags);
  });

  it.each(['', ',', '3', "'3'", '"3', '3"', 'w/"3"', 'W/ "3"', '"3" "4"', '"3", 4', '"a b"', '"3", *', '*'])(
    'refuses %j, which is no list of tags',
    (header) => {
      expect(parseIfMatch(header)).toBeNull();
    },
  );

  it('takes no longer for a header made to be slow', () => {
    expect(parseIfMatch(`"a"${' ,'.repeat(8_000)}!`)).toBeNull();
  });
});

describe(matches.name, () => {
  it('finds the current tag among several, and never by a weak one', () => {
    const read = (header: string) => matches(parseIfMatch(header) ?? [], '3');
    expect([read('"3"'), read('"2", "3"'), read('"2"'), read('W/"3"'), read('"03"')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
