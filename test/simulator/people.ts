import type { SeededRandom } from './seeded-random.ts';

/** Somebody who does not exist. */
export interface Person {
  readonly name: string;
  readonly sex: 'NAM' | 'NỮ';
  readonly born: CalendarDate;
  readonly province: Province;
  readonly ward: string;
  readonly district: string;
  /** Twelve digits by the vendor's rule: province, gender and century, birth year, serial. */
  readonly idNumber: string;
  /** The number on the older nine-digit card. */
  readonly olderIdNumber: string;
  readonly passportNumber: string;
  readonly issued: CalendarDate;
  /** 40th or 60th birthday, as the age at issue asks for. */
  readonly expires: CalendarDate;
}

export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface Province {
  readonly code: string;
  readonly name: string;
}

const FAMILY_NAMES = [
  'Nguyễn',
  'Trần',
  'Lê',
  'Phạm',
  'Hoàng',
  'Vũ',
  'Đặng',
  'Bùi',
  'Đỗ',
  'Hồ',
  'Ngô',
  'Dương',
];
const GIVEN_NAMES = {
  NAM: ['Văn An', 'Minh Khôi', 'Quốc Bảo', 'Đức Thịnh', 'Gia Huy', 'Hữu Phước', 'Tuấn Kiệt', 'Anh Dũng'],
  NỮ: ['Thị Bình', 'Ngọc Diệp', 'Thu Hà', 'Khánh Linh', 'Phương Thảo', 'Mỹ Duyên', 'Bảo Châu', 'Thanh Trúc'],
};
const PROVINCES: readonly Province[] = [
  { code: '001', name: 'HÀ NỘI' },
  { code: '031', name: 'HẢI PHÒNG' },
  { code: '036', name: 'NAM ĐỊNH' },
  { code: '048', name: 'ĐÀ NẴNG' },
  { code: '079', name: 'HỒ CHÍ MINH' },
  { code: '092', name: 'CẦN THƠ' },
];
const PLACES = ['An Phú', 'Bình Minh', 'Cẩm Sơn', 'Đông Hải', 'Hòa Lộc', 'Long Thành', 'Tân Mỹ', 'Yên Khê'];

/**
 * Adults only, with cards that were issued in 2021 to 2023 and don't expire before 2036: who shows an expired
 * document or a minor asks for it.
 */
export function inventPerson(random: SeededRandom): Person {
  const sex = random.pick(['NAM', 'NỮ'] as const);
  const born = {
    year: random.pick([random.integer(1976, 1983), random.integer(1996, 1998)]),
    month: random.integer(1, 12),
    day: random.integer(1, 28),
  };
  const province = random.pick(PROVINCES);
  const yearInCentury = String(born.year % 100).padStart(2, '0');
  return {
    name: `${random.pick(FAMILY_NAMES)} ${random.pick(GIVEN_NAMES[sex])}`,
    sex,
    born,
    province,
    ward: `Xã ${random.pick(PLACES)}`,
    district: `Huyện ${random.pick(PLACES)}`,
    idNumber: `${province.code}${sex === 'NAM' ? 0 : 1}${yearInCentury}${random.digits(6)}`,
    olderIdNumber: `${province.code.slice(1)}${random.digits(7)}`,
    passportNumber: `${random.pick(['B', 'C', 'P'])}${random.digits(7)}`,
    issued: { year: random.integer(2021, 2023), month: random.integer(1, 12), day: random.integer(1, 28) },
    expires: { ...born, year: born.year + (born.year < 1990 ? 60 : 40) },
  };
}

/** `dd/mm/yyyy`, the vendor's form. */
export function formatDate({ year, month, day }: CalendarDate): string {
  return `${twoDigits(day)}/${twoDigits(month)}/${year}`;
}

/** The three lines on the back of a chip card (ICAO 9303, TD1). */
export function machineReadableZone(person: Person): [string, string, string] {
  const number = person.idNumber.slice(3);
  const born = compact(person.born);
  const expires = compact(person.expires);
  const [family, ...given] = plainLetters(person.name).split(' ');
  return [
    `IDVNM${number}${checkDigit(number)}${person.idNumber}<<`.padEnd(30, '<'),
    `${born}${checkDigit(born)}${person.sex === 'NAM' ? 'M' : 'F'}${expires}${checkDigit(expires)}VNM`.padEnd(
      30,
      '<',
    ),
    `${family}<<${given.join('<')}`.padEnd(30, '<').slice(0, 30),
  ];
}

function plainLetters(name: string): string {
  return name.normalize('NFD').replaceAll(/\p{M}/gu, '').replaceAll(/[đĐ]/g, 'D').toUpperCase();
}

function compact({ year, month, day }: CalendarDate): string {
  return `${twoDigits(year % 100)}${twoDigits(month)}${twoDigits(day)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function checkDigit(digits: string): number {
  const weights = [7, 3, 1];
  return [...digits].reduce((sum, digit, at) => sum + Number(digit) * weights[at % 3]!, 0) % 10;
}
