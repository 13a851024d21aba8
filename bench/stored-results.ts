import type { JsonObject } from '../src/results/json-text.ts';
import { DOCUMENT_KINDS } from '../test/simulator/documents.ts';
import { aCallback, aPulledResult, type CallbackRecipe } from '../test/simulator/payloads.ts';
import { seededRandom, type SeededRandom } from '../test/simulator/seeded-random.ts';
import { ours } from './servers/contenders.ts';

/** One in so many sessions has a second result, that differs from its first. */
const SECOND_RESULT_EVERY = 10;
const DELIVERED_AT_ONCE = 64;
const TOLD_EVERY = 10_000;

/** A session and what the vendor delivers about it, in the vendor's form. */
export interface StoredSession {
  readonly uuid: string;
  readonly bodies: readonly JsonObject[];
}

/** How many sessions have so many results. */
export function sessionsWith(results: number): number {
  return results - Math.ceil(results / (SECOND_RESULT_EVERY + 1));
}

/** The n-th session, always the same: mostly good, some close to a bound, some not finished, some warned of. */
export function storedSession(n: number): StoredSession {
  const uuid = uuidOf(n);
  const random = seededRandom(uuid);
  const first = bodyOf(uuid, `${uuid}/1`, random);
  return {
    uuid,
    bodies: n % SECOND_RESULT_EVERY === 0 ? [first, bodyOf(uuid, `${uuid}/2`, random)] : [first],
  };
}

export function uuidOf(n: number): string {
  return `stored-${n}`;
}

/** The number of a session by its uuid. */
export function numberOf(uuid: string): number {
  return Number(uuid.slice(uuidOf(0).length - 1));
}

function bodyOf(uuid: string, seed: string, random: SeededRandom): JsonObject {
  const recipe: CallbackRecipe = { uuid, seed, document: random.pick(DOCUMENT_KINDS) };
  const kind = random.fraction();
  // Both sides of the bound of the default rule set and of a stricter one.
  if (kind < 0.3) return asJson(aCallback({ ...recipe, similarity: random.integer(7_000, 9_900) / 100 }));
  if (kind < 0.35) return asJson(aCallback({ ...recipe, spoofProbability: random.fraction() }));
  if (kind < 0.4) return asJson(aCallback({ ...recipe, notReached: ['face_match'] }));
  if (kind < 0.5)
    return asJson(aPulledResult({ ...recipe, warnings: [random.pick(['QC01', 'FC03', 'E01'])] }));
  return asJson(aCallback(recipe));
}

function asJson(body: object): JsonObject {
  return body as JsonObject;
}

/** Delivers the results of so many sessions to the service, which concludes on each. */
export async function deliverAll(url: string, sessions: number, say: (line: string) => void): Promise<void> {
  const started = performance.now();
  let next = 0;
  const deliver = async (): Promise<void> => {
    while (next < sessions) {
      const n = next++;
      for (const body of storedSession(n).bodies) await deliverOne(url, body);
      const done = n + 1;
      if (done % TOLD_EVERY > 0) continue;
      const perSecond = (done / (performance.now() - started)) * 1_000;
      say(`delivered ${done} of ${sessions} sessions, ${perSecond.toFixed(0)}/s`);
    }
  };
  await Promise.all(Array.from({ length: DELIVERED_AT_ONCE }, deliver));
}

async function deliverOne(url: string, body: JsonObject): Promise<void> {
  const { method, path, headers } = ours.delivery;
  const answer = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`a callback was answered ${answer.status}: ${text}`);
}
