import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { AppModule } from '../app.module.ts';
import { createApp } from '../platform/http/create-app.ts';
import { MongoEndpoint } from '../platform/mongo/mongo-endpoint.ts';
import { type Replay, Replays } from '../rule-impact/replays.service.ts';

const USAGE = `Concludes once more on the results of a session, each by the rule set that its conclusion names, and says
whether the same comes out, bit for bit. Reads the audit log, the vault and the rule sets; writes nothing, and may
run beside the service. What it prints holds no personal data.

usage: npm run replay -- --session <uuid> [--version <n>]

  --session <uuid>   the session
  --version <n>      only the conclusions on this version of the result; all of them if not given

environment: as the service

exit codes: 0 every conclusion reproduced, 1 one came out differently, 2 wrong usage, 3 no such session or no
conclusion, 4 a result was erased and the rest reproduced, 5 this installation can not conclude as it was concluded
`;

const EXIT = { REPRODUCED: 0, DIFFERS: 1, ERASED: 4, NOT_REPLAYABLE: 5 } as const;
/** The first that occurs decides. */
const BY_WEIGHT = ['DIFFERS', 'NOT_REPLAYABLE', 'ERASED', 'REPRODUCED'] as const;

class UsageError extends Error {}

try {
  const { session, version, help } = readArguments();
  if (help) process.stdout.write(USAGE);
  else process.exitCode = await replay(session, version);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const wrongUsage = error instanceof UsageError;
  process.stderr.write(wrongUsage ? `${message}\n\n${USAGE}` : `not replayed: ${message}\n`);
  process.exitCode = wrongUsage ? 2 : EXIT.NOT_REPLAYABLE;
}

function readArguments(): { session: string; version: number | null; help: boolean } {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2),
      options: {
        session: { type: 'string', default: '' },
        version: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.session === '' && !values.help) throw new Error('--session is missing');
    if (values.version !== undefined && !/^[1-9]\d{0,8}$/.test(values.version)) {
      throw new Error('--version must be a number from 1');
    }
    return { ...values, version: values.version === undefined ? null : Number(values.version) };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function replay(session: string, version: number | null): Promise<number> {
  // Never initialised, so nothing of the service runs: no task, no migration, no write.
  const app = await createApp(AppModule);
  try {
    const replays = await app.get(Replays).ofSession(session, version);
    for (const line of report(session, replays)) process.stdout.write(`${line}\n`);
    if (replays === null || replays.length === 0) return 3;
    const kinds = new Set(replays.map(({ outcome }) => outcome.kind));
    return EXIT[BY_WEIGHT.find((kind) => kinds.has(kind)) ?? 'REPRODUCED'];
  } finally {
    const mongo = app.get(MongoEndpoint);
    await app.close();
    await mongo.stop();
  }
}

function report(session: string, replays: readonly Replay[] | null): string[] {
  if (replays === null) return [`the log knows no session ${session}`];
  if (replays.length === 0) return [`nothing was concluded on this of session ${session}`];
  return replays.map(({ entryIndex, recorded, outcome }) => {
    const { version, decision, ruleSetVersion } = recorded;
    const which = `entry ${entryIndex}: result ${version}, ${decision} by rule set ${ruleSetVersion}`;
    switch (outcome.kind) {
      case 'REPRODUCED':
        return `${which}: reproduced bit for bit`;
      case 'ERASED':
        return `${which}: the result was erased`;
      case 'NOT_REPLAYABLE':
        return `${which}: ${outcome.reason}`;
      case 'DIFFERS': {
        const { path, recorded: then, replayed: now } = outcome.difference;
        return `${which}: DIFFERS at ${path}: recorded ${inWords(then)}, replayed ${inWords(now)}`;
      }
    }
  });
}

function inWords(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
