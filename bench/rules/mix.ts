import { readFileSync } from 'node:fs';
import type { ConclusionInput } from '../../src/conclusion-rules/engine/fact.ts';
import {
  aCallback,
  aPull,
  aWarning,
} from '../../src/conclusion-rules/engine/testing/conclusion-input.factory.ts';
import * as cases from '../../src/conclusion-rules/engine/testing/realistic-cases.ts';
import { normaliseResult } from '../../src/results/normalise-result.ts';

/** A result and what is special about it. */
export interface Sample {
  readonly what: string;
  readonly input: ConclusionInput;
}

/** The results by which the default rule set is tested, each warning, several of them, and the vendor's samples. */
export function realisticMix(): Sample[] {
  const { GOOD, FACE, LIVENESS, STATUS, DOCUMENTS, DATA, VENDOR, WARNINGS } = cases;
  return [
    ...[GOOD, FACE, LIVENESS, STATUS, DOCUMENTS, DATA, VENDOR]
      .flat()
      .map(([what, input]) => ({ what, input })),
    ...Object.keys(WARNINGS).map((code) => warned(`warning ${code}`, [code])),
    warned('five warnings', ['QC01', 'QC03', 'E01', 'E16', 'FC06']),
    {
      what: "the vendor's sample of a callback",
      input: { ...aCallback(), result: vendorSample('callback') },
    },
    { what: "the vendor's sample of a pull", input: { ...aPull(), result: vendorSample('get-result') } },
  ];
}

/** More than can be wrong with one card, so that every rule about a warning has something to say. */
export const EVERY_WARNING = warned('every warning at once', Object.keys(cases.WARNINGS));

function warned(what: string, codes: readonly string[]): Sample {
  return { what, input: aPull({ warnings: codes.map((code) => aWarning(code)) }) };
}

function vendorSample(name: string): ConclusionInput['result'] {
  const url = new URL(`../../test/fixtures/vendor/${name}.sample.json`, import.meta.url);
  return normaliseResult(
    'your-uuid',
    JSON.parse(readFileSync(url, 'utf8')) as Parameters<typeof normaliseResult>[1],
  );
}
