import { parseArgs } from 'node:util';
import { DECIMAL_PATTERN } from '../audit/format/constants.ts';
import { pinLogKey, pinWitnessKey, type PinnedKey } from './note.ts';
import { CASES } from './verdict.ts';

/** What is to be verified. */
export type Task =
  | { readonly kind: 'HTTP'; readonly url: string; readonly apiKeyFile: string | null }
  | { readonly kind: 'MONGO'; readonly uri: string }
  | { readonly kind: 'EXPORT'; readonly file: string; readonly checkpointFile: string | null }
  | { readonly kind: 'RECEIPT'; readonly file: string; readonly leafFile: string };

/** A command line, understood. */
export interface Request {
  readonly task: Task;
  readonly logKeys: readonly PinnedKey[];
  readonly witnesses: readonly PinnedKey[];
  readonly quorum: number;
  readonly maxAgeSeconds: number | null;
  /** File of the trusted state, or null to work without one. */
  readonly trustedFile: string | null;
}

/** The command line asks for something that can't be done; the message says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_TRUSTED_FILE = 'trusted.json';

/** @returns null when help is asked for. @throws UsageError */
export function readArguments(argv: readonly string[]): Request | null {
  const values = parse(argv);
  if (values.help) return null;
  if (values.stateless && values.trusted !== undefined) {
    throw new UsageError('--stateless and --trusted exclude each other');
  }
  const witnesses = (values.witness ?? []).map((vkey) => pin('--witness', vkey, pinWitnessKey));
  return {
    task: taskOf(values),
    logKeys: (values.key ?? []).map((vkey) => pin('--key', vkey, pinLogKey)),
    witnesses,
    quorum: values.quorum === undefined ? witnesses.length : wholeNumber('--quorum', values.quorum),
    maxAgeSeconds: values['max-age'] === undefined ? null : wholeNumber('--max-age', values['max-age']),
    trustedFile: values.stateless ? null : (values.trusted ?? DEFAULT_TRUSTED_FILE),
  };
}

/** The text of --help: what can be asked, and the exit code of every answer. */
export function helpText(): string {
  const codes = Object.entries(CASES).map(
    ([name, { exitCode, meaning }]) => `  ${String(exitCode).padStart(3)}  ${name.padEnd(23)} ${meaning}`,
  );
  return `Verifies the audit log against its signed checkpoints, sharing no code with the service that writes it.

A whole log:
  --url <address>          over HTTP, from a running service
  --api-key-file <file>      key of an API client with audit:read, where the service asks for one
  --mongo <uri>            in its database, past the service
  --export <file>          from an ndjson export of the whole log
  --checkpoint <file>        a saved /tlog/checkpoint; without it the trusted state is compared with

One entry, offline:
  --proof <file>           a receipt (.tlog-proof)
  --leaf <file>              the entry's exact bytes

Whom to believe:
  --key <vkey>             the log's public key; again for a second key during a rotation.
                           May be left out when the trusted state has it.
  --witness <vkey>         a witness's public key; again for more
  --quorum <n>             how many of them must have cosigned (default: all that are given)
  --max-age <seconds>      how old the newest cosignature may be (default: any age)
  --trusted <file>         what was verified last time (default: ${DEFAULT_TRUSTED_FILE}); written after success.
                           Keep it where those who run the log can't change it.
  --stateless              no trusted state: a shortened or rewritten log that is signed can't be found

Exit codes:
${codes.join('\n')}
`;
}

const OPTIONS = {
  help: { type: 'boolean', default: false },
  url: { type: 'string' },
  'api-key-file': { type: 'string' },
  mongo: { type: 'string' },
  export: { type: 'string' },
  checkpoint: { type: 'string' },
  proof: { type: 'string' },
  leaf: { type: 'string' },
  key: { type: 'string', multiple: true },
  witness: { type: 'string', multiple: true },
  quorum: { type: 'string' },
  'max-age': { type: 'string' },
  trusted: { type: 'string' },
  stateless: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function taskOf(values: Values): Task {
  const { url, mongo, export: exported, proof, leaf, checkpoint } = values;
  const apiKeyFile = values['api-key-file'];
  const asked = [url, mongo, exported, proof].filter((value) => value !== undefined);
  if (asked.length !== 1) throw new UsageError('give exactly one of --url, --mongo, --export and --proof');
  if (apiKeyFile !== undefined && url === undefined) throw new UsageError('--api-key-file goes with --url');
  if (checkpoint !== undefined && exported === undefined)
    throw new UsageError('--checkpoint goes with --export');
  if ((leaf === undefined) !== (proof === undefined)) throw new UsageError('--proof and --leaf go together');

  if (url !== undefined) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new UsageError('--url is no http(s) address');
    return { kind: 'HTTP', url, apiKeyFile: apiKeyFile ?? null };
  }
  if (mongo !== undefined) return { kind: 'MONGO', uri: mongo };
  if (exported !== undefined) return { kind: 'EXPORT', file: exported, checkpointFile: checkpoint ?? null };
  return { kind: 'RECEIPT', file: proof ?? '', leafFile: leaf ?? '' };
}

function pin(option: string, vkey: string, read: (vkey: string) => PinnedKey): PinnedKey {
  try {
    return read(vkey);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

function wholeNumber(option: string, text: string): number {
  if (!DECIMAL_PATTERN.test(text)) throw new UsageError(`${option} takes a whole number`);
  return Number(text);
}
