import { randomBytes } from 'node:crypto';
import { seededRandom, type SeededRandom } from '../../simulator/seeded-random.ts';

/** `npm run test:faults` takes its time; `npm test` runs the same tests with fewer and shorter rounds. */
export const LONG = process.env['TEST_LENGTH'] === 'long';

/** Names a run's choices; the same seed makes the same choices again. */
export const SEED = process.env['FAULTS_SEED'] ?? randomBytes(4).toString('hex');

/** The choices of one test. What happens between them is up to the machine, so a failure may need some runs. */
export function choicesOf(test: string): SeededRandom {
  process.stderr.write(`${test}: FAULTS_SEED=${SEED}\n`);
  return seededRandom(`${test}/${SEED}`);
}
