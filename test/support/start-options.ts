import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: { start: string };
};

/** What `npm start` gives node besides the program, so that demo, tests and measurements run what operators run. */
export const START_OPTIONS: readonly string[] = scripts.start
  .split(' ')
  .filter((word) => word.startsWith('--'));
