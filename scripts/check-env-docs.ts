import { readFileSync } from 'node:fs';
import { declaredVariables } from './env-docs/declared-variables.ts';
import { envExampleFaults, readmeFaults } from './env-docs/documentation-faults.ts';

/** Proves that `.env.example` and the README's table describe the variables that the service reads, and no others. */
const declared = declaredVariables(readFileSync('src/platform/config/environment-variables.ts', 'utf8'));
const faults = Object.entries({ '.env.example': envExampleFaults, 'README.md': readmeFaults }).flatMap(
  ([file, faultsIn]) => faultsIn(readFileSync(file, 'utf8'), declared).map((fault) => `${file}: ${fault}`),
);

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${declared.length} variables, each described in .env.example and README.md`);
