import type { NormalisedDocument, NormalisedField } from './normalised-result.ts';
import type { SectionReader } from './section-reader.ts';
import { readFieldText, readScore } from './vendor-values.ts';

/** Members of a card side that are no text fields. */
const NOT_A_FIELD = new Set(['type', 'type_new', 'overall_score', 'address_entities', 'mrz_details']);
const PROBABILITY = '_prob';

/** One side of a card, whatever its type: every member that isn't known otherwise is a text field. */
export function normaliseDocument(side: SectionReader): NormalisedDocument {
  return {
    type: side.fieldText('type'),
    typeNew: side.fieldText('type_new'),
    overallScore: side.score('overall_score', 100),
    fields: fieldsOf(side),
    addressEntities: textsOf(side.section('address_entities')),
    mrzDetails: textsOf(side.section('mrz_details')),
  };
}

function fieldsOf(side: SectionReader): Record<string, NormalisedField> {
  const fields = emptyRecord<NormalisedField>();
  for (const name of side.names()) {
    const field = fieldOfProbability(name);
    if (field === null && !NOT_A_FIELD.has(name)) {
      fields[name] = {
        value: fieldValue(side, name),
        probability: probability(side, `${name}${PROBABILITY}`),
      };
    } else if (field !== null && !side.has(field)) {
      fields[field] = { value: null, probability: probability(side, name) };
    }
  }
  return fields;
}

/** The field whose confidence a member such as `name_prob` holds. */
function fieldOfProbability(name: string): string | null {
  return name.length > PROBABILITY.length && name.endsWith(PROBABILITY)
    ? name.slice(0, -PROBABILITY.length)
    : null;
}

function fieldValue(side: SectionReader, name: string): NormalisedField['value'] {
  return side.oneOrMany(name, readFieldText, (items) => {
    const texts = items.filter((item) => item !== null);
    return texts.length > 0 ? texts : null;
  });
}

/** Of several, the lowest; none when one is missing, because the lowest isn't known then. */
function probability(side: SectionReader, name: string): number | null {
  return side.oneOrMany(name, (value) => readScore(value, 100), lowest);
}

function lowest(scores: (number | null)[]): number | null {
  const known = scores.filter((score) => score !== null);
  return known.length > 0 && known.length === scores.length ? Math.min(...known) : null;
}

function textsOf(section: SectionReader): Record<string, string | null> | null {
  if (!section.isPresent) return null;
  const texts = emptyRecord<string | null>();
  for (const name of section.names()) texts[name] = section.fieldText(name);
  return texts;
}

/** Without a prototype, so that a member named `__proto__` or `constructor` is data like any other. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
