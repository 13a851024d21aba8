import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';

/** Proves that Jest claims every test file in exactly one tier: a test that no tier runs can't fail. */
const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
  globSync(`${folder}/**/*{.spec,-spec}.ts`),
);
const jest = resolve('node_modules/jest/bin/jest.js');
const claimed = JSON.parse(
  execFileSync(process.execPath, [jest, '--listTests', '--json'], { encoding: 'utf8' }),
) as string[];

const counts = new Map<string, number>();
for (const file of claimed) counts.set(file, (counts.get(file) ?? 0) + 1);
const wrong = files.filter((file) => counts.get(resolve(file)) !== 1);
for (const file of wrong)
  console.error(`${file} is claimed by ${counts.get(resolve(file)) ?? 0} tiers of jest.config.mjs`);
if (wrong.length > 0) process.exitCode = 1;
else console.log(`${files.length} test files, each in one tier`);
