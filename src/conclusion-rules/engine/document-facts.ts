import type { NormalisedDocument, NormalisedField } from '../../results/normalised-result.ts';
import { type CalendarDay, dayInVietnam, epochDay, parseCardDate, wholeYears } from './calendar.ts';
import { codeFact, dayFact, numberFact, presenceFact, type From } from './fact-builders.ts';
import type { ConclusionInput, Fact } from './fact.ts';
import { AGE, DAYS, PERCENT } from './scales.ts';

/** The contract sends the front first, then the back; a passport is one object, read as the front. */
interface Side {
  readonly name: 'front' | 'back';
  readonly path: string;
  readonly from: From<NormalisedDocument>;
}
const FRONT: Side = { name: 'front', path: 'ocr.data.0', from: (result) => result.ocr.documents[0] };
const BACK: Side = { name: 'back', path: 'ocr.data.1', from: (result) => result.ocr.documents[1] };

const ONE_SIDED = 'A passport has one side.';
const NO_TYPE = 'Passports have no type.';

/** Sides that are known by name; those of the 2024 card are not documented. */
const FRONT_TYPES = ['old', 'new', 'chip_front'];
const FRONT_TYPES_NEW = ['cmnd_09_front', 'cmnd_12_front', 'cccd_12_front', 'cccd_chip_front'];
const BACK_TYPES = ['old_back', 'new_back', 'chip_back'];

/** Text fields in the vendor's spelling: whether and how surely they were read, never what they say. */
const FIELDS = {
  front: [
    ...['id', 'name', 'dob', 'sex', 'nationality', 'doe', 'home', 'address', 'QRcode'],
    ...['passport_number', 'pob', 'id_number', 'doi', 'class', 'place_issue'],
  ],
  back: ['issue_date', 'issue_loc', 'features', 'mrz', 'pob', 'address', 'doe', 'class'],
};
const ON_EVERY_FRONT = ['name', 'dob'];

function typeFacts({ name, path, from }: Side): Fact[] {
  return [
    codeFact(
      {
        name: `document.${name}.type`,
        source: `${path}.type`,
        description: `Kind of the ${name}, older naming.`,
        normallyAbsent: NO_TYPE,
      },
      [...FRONT_TYPES, ...BACK_TYPES],
      (result) => from(result)?.type,
    ),
    codeFact(
      {
        name: `document.${name}.typeNew`,
        source: `${path}.type_new`,
        description: `Kind of the ${name}.`,
        normallyAbsent: NO_TYPE,
      },
      [...FRONT_TYPES_NEW, ...BACK_TYPES],
      (result) => from(result)?.typeNew,
    ),
  ];
}

function scoreFact({ name, path, from }: Side, normallyAbsent: string | null): Fact {
  return numberFact(
    {
      name: `document.${name}.overallScore`,
      source: `${path}.overall_score`,
      description: `How surely the ${name} was read as a whole.`,
      normallyAbsent,
    },
    PERCENT,
    (result) => from(result)?.overallScore,
  );
}

function fieldFacts({ name: side, path, from }: Side): Fact[] {
  return FIELDS[side].flatMap((field) => {
    const name = `document.${side}.${camelCase(field)}`;
    const normallyAbsent = ON_EVERY_FRONT.includes(field)
      ? null
      : 'Which fields there are depends on the kind of document.';
    return [
      presenceFact(
        {
          name,
          source: `${path}.${field}`,
          description: `The ${side} field ${field} was read.`,
          personal: true,
          normallyAbsent,
        },
        (result) => from(result)?.fields[field]?.value,
      ),
      numberFact(
        {
          name: `${name}Probability`,
          source: `${path}.${field}_prob`,
          description: `How surely the ${side} field ${field} was read.`,
          normallyAbsent,
        },
        PERCENT,
        (result) => from(result)?.fields[field]?.probability,
      ),
    ];
  });
}

function camelCase(field: string): string {
  return field.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** What the vendor reports about the document in its own codes and numbers. */
export const REPORTED_DOCUMENT_FACTS: readonly Fact[] = [
  ...typeFacts(FRONT),
  ...typeFacts(BACK),
  scoreFact(FRONT, null),
  scoreFact(BACK, ONE_SIDED),
  ...fieldFacts(FRONT),
  ...fieldFacts(BACK),
];

function textOf(field: NormalisedField | undefined): string | null {
  return typeof field?.value === 'string' ? field.value : null;
}

/** "KHÔNG THỜI HẠN": the card doesn't expire. Counts as the last day that dd/mm/yyyy can write. */
const NO_EXPIRY = 'KHONGTHOIHAN';
const LAST_DAY: CalendarDay = { year: 9999, month: 12, day: 31 };

function expiryFact({ name, path, from }: Side, normallyAbsent: string | null): Fact {
  return dayFact(
    {
      name: `document.${name}.daysUntilExpiry`,
      source: `${path}.doe and the day of the check`,
      description: 'Days until the document expires: 0 on its last valid day, negative afterwards.',
      normallyAbsent,
    },
    DAYS,
    (result) => textOf(from(result)?.fields['doe']),
    (expiry, checkedAt) =>
      daysUntil(parseCardDate(expiry) ?? (lettersOnly(expiry) === NO_EXPIRY ? LAST_DAY : null), checkedAt),
  );
}

function daysUntil(day: CalendarDay | null, checkedAt: string): number | null {
  const today = dayInVietnam(checkedAt);
  return day === null || today === null ? null : epochDay(day) - epochDay(today);
}

/** The same detail as printed on the front and as the vendor read it from the machine-readable lines. */
function agreementFact(key: 'id' | 'name', simplify: (text: string) => string): Fact {
  const sent = ({ result }: ConclusionInput): readonly [string, string] | null => {
    const printed = textOf(FRONT.from(result)?.fields[key]);
    const coded = BACK.from(result)?.mrzDetails?.[key] ?? null;
    return printed === null || coded === null ? null : [simplify(printed), simplify(coded)];
  };
  return {
    name: `document.${key}Agrees`,
    type: 'boolean',
    source: `${FRONT.path}.${key} and ${BACK.path}.mrz_details.${key}`,
    description: `The ${key} printed on the front is the one in the machine-readable lines of the back.`,
    personal: false,
    scale: null,
    vocabulary: null,
    normallyAbsent: 'Only chip cards have machine-readable lines.',
    sent,
    read: (input) => {
      const [printed, coded] = sent(input) ?? ['', ''];
      return printed === '' || coded === '' ? null : printed === coded;
    },
  };
}

function digitsOnly(text: string): string {
  return text.replace(/\D/g, '');
}

/** Without accents, spaces and case, as machine-readable lines spell names. Đ has no accent to take off. */
function lettersOnly(text: string): string {
  return text
    .normalize('NFD')
    .toUpperCase()
    .replaceAll('Đ', 'D')
    .replace(/[^A-Z]/g, '');
}

/** What follows from the texts on the card. */
export const DERIVED_DOCUMENT_FACTS: readonly Fact[] = [
  dayFact(
    {
      name: 'holder.ageYears',
      source: `${FRONT.path}.dob and the day of the check`,
      description: 'Age of the holder in whole years on the day of the check.',
    },
    AGE,
    (result) => textOf(FRONT.from(result)?.fields['dob']),
    (dob, checkedAt) => {
      const born = parseCardDate(dob);
      const today = dayInVietnam(checkedAt);
      return born === null || today === null ? null : wholeYears(born, today);
    },
  ),
  expiryFact(FRONT, null),
  expiryFact(BACK, 'Only the card of 2024 has its expiry date on the back.'),
  dayFact(
    {
      name: 'document.daysSinceIssue',
      source: `${BACK.path}.issue_date and the day of the check`,
      description: 'Days since the card was issued.',
      normallyAbsent: ONE_SIDED,
    },
    DAYS,
    (result) => textOf(BACK.from(result)?.fields['issue_date']),
    (issued, checkedAt) => {
      const days = daysUntil(parseCardDate(issued), checkedAt);
      return days === null ? null : -days;
    },
  ),
  agreementFact('id', digitsOnly),
  agreementFact('name', lettersOnly),
];
