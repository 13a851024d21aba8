/** A day as people write it, without a time of day. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Vietnam has one time zone and no summer time. A card expires, and a rule begins, at midnight there. */
const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** An offset is required: without one the answer would depend on where the program runs. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const CARD_DATE = /^(\d\d)\/(\d\d)\/(\d{4})$/;
const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** The answer to the last question: several facts of one result ask about the same moment. */
let asked: { readonly moment: string; readonly day: CalendarDay | null } = { moment: '', day: null };

/** The day in Vietnam at a moment (RFC 3339), or null if that is no moment. */
export function dayInVietnam(moment: string): CalendarDay | null {
  if (moment !== asked.moment) asked = { moment, day: computeDayInVietnam(moment) };
  return asked.day;
}

function computeDayInVietnam(moment: string): CalendarDay | null {
  if (!RFC_3339.test(moment)) return null;
  const date = new Date(Date.parse(moment) + VIETNAM_OFFSET_MS);
  if (Number.isNaN(date.getTime())) return null;
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Reads `dd/mm/yyyy`, the form on Vietnamese cards; null for anything else and for days that don't exist. */
export function parseCardDate(text: string): CalendarDay | null {
  const [, day, month, year] = CARD_DATE.exec(text.trim()) ?? [];
  return existingDay(year, month, day);
}

/** Reads `yyyy-mm-dd`; null for anything else and for days that don't exist. */
export function parseIsoDate(text: string): CalendarDay | null {
  const [, year, month, day] = ISO_DATE.exec(text) ?? [];
  return existingDay(year, month, day);
}

function existingDay(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
): CalendarDay | null {
  const result = { year: Number(year), month: Number(month), day: Number(day) };
  // Years below 100 mean 19xx to Date.UTC, and no card has one.
  if (!(result.year >= 1000)) return null;
  const date = new Date(epochDay(result) * DAY_MS);
  return date.getUTCMonth() + 1 === result.month && date.getUTCDate() === result.day ? result : null;
}

/** Days since 1970-01-01. */
export function epochDay(day: CalendarDay): number {
  return Date.UTC(day.year, day.month - 1, day.day) / DAY_MS;
}

/** Whole years from one day to another, as in a person's age: born on 29 February, older on 1 March. */
export function wholeYears(from: CalendarDay, to: CalendarDay): number {
  const before = to.month < from.month || (to.month === from.month && to.day < from.day);
  return to.year - from.year - (before ? 1 : 0);
}
