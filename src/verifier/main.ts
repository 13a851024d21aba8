import { runVerifier } from './command.ts';

process.exitCode = await runVerifier(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  remarks: {
    isTerminal: process.stderr.isTTY,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  },
  now: Math.floor(Date.now() / 1000),
});
