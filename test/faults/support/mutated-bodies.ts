import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type SeededRandom, seededRandom } from '../../simulator/seeded-random.ts';

/** The vendor's own bodies: a callback and a pulled result. */
const SAMPLES = ['callback.sample.json', 'get-result.sample.json'].map(
  (name) =>
    JSON.parse(readFileSync(new URL(`../../fixtures/vendor/${name}`, import.meta.url), 'utf8')) as object,
);

/** Bodies of which several go to one session, so that versions and duplicates come up too. */
const SHARED_SESSIONS = 500;
const SHARED = 0.2;

/** @yields `count` bodies; the same seed gives the same ones. Half are changed in their structure, half in their bytes. */
export function* mutatedBodies(count: number, seed: string): Generator<Buffer> {
  const random = seededRandom(seed);
  const structured = fc.sample(MUTATED_DOCUMENT, {
    numRuns: Math.ceil(count / 2),
    seed: random.integer(0, 0x7fffffff),
  });
  for (let at = 0; at < count; at += 1) {
    const uuid =
      random.fraction() < SHARED ? `fuzz-shared-${random.integer(1, SHARED_SESSIONS)}` : `fuzz-${seed}-${at}`;
    if (at % 2 === 0) yield Buffer.from(JSON.stringify({ uuid, ...structured[at / 2] }));
    else yield mutateBytes(Buffer.from(JSON.stringify({ ...random.pick(SAMPLES), uuid })), random);
  }
}

const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 12.5, 1e308, -1e308, 5e-324, 2 ** 53, '', ' ', 'N/A', 'null', 'NaN'],
  ...['0', '-1', '1e999', '49.09', '49,09', '100.00001', 'true', 'TRUE', '31/02/2020', '99/99/9999', '$gt'],
  ...['\0', '\u202e', '\ud83e\uddff', '\ud800', 'a.b', '__proto__', '<script>', "' OR 1=1 --", '{{7*7}}'],
  ...[[], {}, [[[[]]]], { $ne: null }, { toString: 1, constructor: { prototype: 1 } }, 'x'.repeat(10_000)],
];
const ODD_VALUE = fc.oneof(
  fc.constantFrom(...ODD_VALUES),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double().map(String),
);
const NAME = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'uuid',
    'code',
    'data',
    '__proto__',
    'constructor',
    'toString',
    '',
    '$set',
    'a.b',
    'length',
  ),
);

interface Mutation {
  readonly kind: 'replace' | 'remove' | 'add' | 'rename' | 'wrap' | 'repeat';
  readonly at: number;
  readonly value: unknown;
  readonly name: string;
}

const MUTATION: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('replace', 'remove', 'add', 'rename', 'wrap', 'repeat'),
  at: fc.nat(),
  value: ODD_VALUE,
  name: NAME,
});

/** A sample with some of its values, members and lists changed; now and then its uuid too. */
const MUTATED_DOCUMENT = fc
  .tuple(fc.constantFrom(...SAMPLES), fc.array(MUTATION, { minLength: 1, maxLength: 6 }), fc.nat(19))
  .map(([sample, mutations, chance]) => {
    const { uuid: _, ...document } = structuredClone(sample) as Record<string, unknown>;
    for (const mutation of mutations) mutate(document, mutation);
    return chance === 0 ? { ...document, uuid: mutations[0]!.value } : document;
  });

type Section = Record<string, unknown>;

/** Every section of a document that has members or items, itself first. */
function sectionsOf(document: unknown): Section[] {
  const sections: Section[] = [];
  const open = [document];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    sections.push(value as Section);
    open.push(...(Object.values(value) as unknown[]));
  }
  return sections;
}

function mutate(document: Section, { kind, at, value: shared, name }: Mutation): void {
  // Its own, or another mutation would put it into itself.
  const value = structuredClone(shared);
  const sections = sectionsOf(document);
  const section = sections[at % sections.length]!;
  const names = Object.keys(section);
  const chosen = names[Math.floor(at / sections.length) % names.length] ?? name;
  // Of its own members alone: what a section inherits is every object's, and would change with it.
  const previous = Object.hasOwn(section, chosen) ? section[chosen] : undefined;
  switch (kind) {
    case 'replace':
      return put(section, chosen, value);
    case 'add':
      return put(section, name, value);
    case 'remove':
      Reflect.deleteProperty(section, chosen);
      return;
    case 'rename':
      Reflect.deleteProperty(section, chosen);
      return put(section, name, previous);
    case 'wrap':
      return put(section, chosen, at % 2 === 0 ? [previous] : { [name]: previous });
    case 'repeat':
      return put(section, chosen, Array(at % 6).fill(previous));
  }
}

/** As an own member, whatever its name; the length of a list alone is no member. */
function put(section: Section, name: string, value: unknown): void {
  if (Array.isArray(section) && name === 'length') return;
  Object.defineProperty(section, name, { value, writable: true, enumerable: true, configurable: true });
}

/** One to four changes anywhere in the text: bits, cuts, insertions, repetitions, another end. */
function mutateBytes(bytes: Buffer, random: SeededRandom): Buffer {
  let mutated = bytes;
  for (let left = random.integer(1, 4); left > 0; left -= 1) {
    const start = random.integer(0, mutated.length);
    const length = random.integer(1, random.pick([1, 2, 8, 200]));
    const [before, chosen, after] = [
      mutated.subarray(0, start),
      mutated.subarray(start, start + length),
      mutated.subarray(start + length),
    ];
    mutated = Buffer.concat(
      random.pick([
        () => [before, Buffer.from(chosen.map((byte) => byte ^ (1 << random.integer(0, 7)))), after],
        () => [before, after],
        () => [before, chosen, chosen, after],
        () => [before, Buffer.from(random.pick(SPLINTERS)), chosen, after],
        () => [before, Buffer.from(Array.from(chosen, () => random.integer(0, 255))), after],
        () => [before],
      ])(),
    );
  }
  return mutated;
}

const SPLINTERS = [
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u', '\\ud800', '\0', 'null', '1e999', '{}', '[]', '"":'],
  ...['"uuid":"x",', '\ufeff', '"code":"200",', '-', '.', 'e', '\u2028', '}{', '//', '/*', '"__proto__":'],
];
