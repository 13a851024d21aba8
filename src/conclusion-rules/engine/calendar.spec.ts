import { describe, expect, it } from '@jest/globals';

import { dayInVietnam, epochDay, parseCardDate, parseIsoDate, wholeYears } from './calendar.ts';

const day = (text: string) => parseIsoDate(text)!;

describe('calendar', () => {
  it('reads dates as cards print them', () => {
    expect(parseCardDate('02/03/1990')).toEqual({ year: 1990, month: 3, day: 2 });
    expect(parseCardDate(' 29/02/2024 ')).toEqual({ year: 2024, month: 2, day: 29 });
  });

  it.each([
    '29/02/2023',
    '31/04/2020',
    '00/01/2020',
    '01/13/2020',
    'dd/mm/yyyy',
    '1/2/2020',
    '2020-01-01',
    '',
  ])('does not read %p, which is no day or no such form', (text) => {
    expect(parseCardDate(text)).toBeNull();
  });

  it.each(['0099-01-01', '2025-02-29', '2025-1-1', '01/01/2025'])(
    'does not read %p as yyyy-mm-dd',
    (text) => {
      expect(parseIsoDate(text)).toBeNull();
    },
  );

  it('changes the day at midnight in Vietnam, wherever it runs and however the moment is written', () => {
    expect(dayInVietnam('2025-02-28T16:59:59.999Z')).toEqual(day('2025-02-28'));
    expect(dayInVietnam('2025-02-28T17:00:00.000Z')).toEqual(day('2025-03-01'));
    expect(dayInVietnam('2025-03-01T00:00:00+07:00')).toEqual(day('2025-03-01'));
  });

  it.each(['2025-03-01', '2025-03-01T00:00:00', '2025-13-01T00:00:00Z', 'yesterday', ''])(
    'knows no day for %p, which is no moment',
    (moment) => {
      expect(dayInVietnam(moment)).toBeNull();
    },
  );

  it('counts days across leap years', () => {
    expect(epochDay(day('2024-03-01')) - epochDay(day('2024-02-28'))).toBe(2);
    expect(epochDay(day('1970-01-01'))).toBe(0);
  });

  it.each([
    ['2007-03-01', '2025-02-28', 17],
    ['2007-03-01', '2025-03-01', 18],
    ['2004-02-29', '2022-02-28', 17],
    ['2004-02-29', '2022-03-01', 18],
    ['2030-01-01', '2025-01-01', -5],
  ])('makes somebody born on %s on %s %d years old', (born, today, years) => {
    expect(wholeYears(day(born), day(today))).toBe(years);
  });
});
