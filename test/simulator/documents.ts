import { formatDate, machineReadableZone, type Person } from './people.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Documents whose fields the vendor or its integrators show. The 2024 card's type names are not known. */
export const DOCUMENT_KINDS = [
  'CCCD',
  'CCCD_CHIP',
  'CMND_9',
  'CMND_12',
  'PASSPORT',
  'DRIVING_LICENCE',
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** One side as `ocr.data[]` holds it. */
export type DocumentSide = Record<string, string | string[] | Record<string, string>>;

/** What the vendor reads off the document, front first. */
export function documentSides(kind: DocumentKind, person: Person, random: SeededRandom): DocumentSide[] {
  switch (kind) {
    case 'CCCD':
      return [idFront(person, random, 'new', 'cccd_12_front'), idBack(person, random, 'new_back')];
    case 'CMND_12':
      return [idFront(person, random, 'new', 'cmnd_12_front'), idBack(person, random, 'new_back')];
    case 'CMND_9':
      return [olderIdFront(person, random), idBack(person, random, 'old_back')];
    case 'CCCD_CHIP':
      return [chipFront(person, random), chipBack(person, random)];
    case 'PASSPORT':
      return [passport(person, random)];
    case 'DRIVING_LICENCE':
      return [licenceFront(person, random), licenceBack(random)];
  }
}

/** Each field with its `<field>_prob`; "N/A" and lists of readings have matching ones. */
function scored(fields: Record<string, string | string[]>, random: SeededRandom): DocumentSide {
  const side: DocumentSide = {};
  for (const [field, value] of Object.entries(fields)) {
    side[field] = value;
    side[`${field}_prob`] = Array.isArray(value)
      ? value.map(() => percentage(random))
      : value === 'N/A'
        ? 'N/A'
        : percentage(random);
  }
  return { ...side, overall_score: percentage(random) };
}

function percentage(random: SeededRandom): string {
  return (95 + random.fraction() * 4.9).toFixed(2);
}

function idFront(person: Person, random: SeededRandom, type: string, typeNew: string): DocumentSide {
  const home = [person.ward, person.district, person.province.name].join(', ');
  return {
    ...scored(
      {
        id: person.idNumber,
        name: person.name,
        dob: formatDate(person.born),
        sex: person.sex,
        nationality: 'VIỆT NAM',
        doe: formatDate(person.expires),
        home,
        address: home,
      },
      random,
    ),
    address_entities: {
      province: person.province.name,
      district: person.district,
      ward: person.ward,
      street: '',
    },
    type_new: typeNew,
    type,
    QRcode: 'N/A',
  };
}

function olderIdFront(person: Person, random: SeededRandom): DocumentSide {
  return {
    ...idFront(person, random, 'old', 'cmnd_09_front'),
    id: person.olderIdNumber,
    ...{ sex: 'N/A', sex_prob: 'N/A', nationality: 'N/A', nationality_prob: 'N/A' },
    ...{ doe: 'N/A', doe_prob: 'N/A' },
  };
}

function chipFront(person: Person, random: SeededRandom): DocumentSide {
  const qrCode = [
    person.idNumber,
    person.olderIdNumber,
    person.name,
    formatDate(person.born).replaceAll('/', ''),
    person.sex === 'NAM' ? 'Nam' : 'Nữ',
    `${person.ward}, ${person.district}, ${person.province.name}`,
    formatDate(person.issued).replaceAll('/', ''),
  ].join('|');
  return { ...idFront(person, random, 'chip_front', 'cccd_chip_front'), QRcode: qrCode };
}

function idBack(person: Person, random: SeededRandom, type: string): DocumentSide {
  return {
    ...scored(
      {
        ethnicity: 'N/A',
        religion: 'N/A',
        features: random.pick(['SẸO CHẤM', 'NỐT RUỒI C:1CM TRÊN SAU CÁNH MŨI TRÁI']),
        issue_date: formatDate(person.issued),
        issue_loc: 'CỤC TRƯỞNG CỤC CẢNH SÁT QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI',
        mrz: 'N/A',
      },
      random,
    ),
    type_new: type,
    type,
  };
}

function chipBack(person: Person, random: SeededRandom): DocumentSide {
  return {
    ...idBack(person, random, 'chip_back'),
    mrz: machineReadableZone(person),
    mrz_prob: percentage(random),
    mrz_details: {
      id: person.idNumber,
      name: person.name,
      doe: formatDate(person.expires),
      dob: formatDate(person.born),
      nationality: 'VNM',
      sex: person.sex,
    },
  };
}

function passport(person: Person, random: SeededRandom): DocumentSide {
  return scored(
    {
      passport_number: person.passportNumber,
      name: person.name,
      dob: formatDate(person.born),
      pob: person.province.name,
      sex: person.sex,
      id_number: person.idNumber,
      doi: formatDate(person.issued),
      doe: formatDate({ ...person.issued, year: person.issued.year + 15 }),
      nationality: 'VIỆT NAM',
    },
    random,
  );
}

function licenceFront(person: Person, random: SeededRandom): DocumentSide {
  return {
    ...scored(
      {
        id: person.idNumber,
        name: person.name,
        dob: formatDate(person.born),
        nation: 'VIỆT NAM',
        address: `${person.ward}, ${person.district}, ${person.province.name}`,
        address_raw: `${person.ward}, ${person.district}`,
        place_issue: person.province.name,
        date: formatDate(person.issued),
        class: 'B2',
        doe: formatDate({ ...person.issued, year: person.issued.year + 15 }),
      },
      random,
    ),
    type: 'new',
  };
}

function licenceBack(random: SeededRandom): DocumentSide {
  return scored({ class: ['A1', 'B2'], date: ['14/06/2017', '02/11/2021'] }, random);
}
