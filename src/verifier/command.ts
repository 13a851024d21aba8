import { exportSource, readBytes } from './export-source.ts';
import { httpSource } from './http-source.ts';
import { MongoSource } from './mongo-source.ts';
import { pinLogKey } from './note.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import { SourceError } from './source.ts';
import type { Trust } from './trust.ts';
import { readTrustedFile, writeTrustedFile } from './trusted-file.ts';
import type { TrustedState } from './trusted-state.ts';
import { helpText, readArguments, UsageError, type Request, type Task } from './arguments.ts';
import { CASES, Divergence, type Case } from './verdict.ts';
import { verifyLog, type VerifiedLog } from './verify-log.ts';
import { verifyReceipt } from './verify-receipt.ts';

/** The world outside the command. */
export interface Terminal {
  /** The verdict goes here. */
  out(text: string): void;
  /** Progress and remarks go here. */
  readonly remarks: ProgressOutput;
  /** POSIX seconds. */
  readonly now: number;
}

/** Runs one command line. Never throws. @returns the exit code, by the table of --help */
export async function runVerifier(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const request = readArguments(argv);
    terminal.out(request === null ? helpText() : await answer(request, terminal));
    return CASES.VERIFIED.exitCode;
  } catch (error) {
    if (error instanceof Divergence) {
      terminal.out(describeDivergence(error));
      return CASES[error.case].exitCode;
    }
    const kind: Case =
      error instanceof UsageError ? 'USAGE' : error instanceof SourceError ? 'UNREADABLE' : 'FAILED';
    const hint = kind === 'USAGE' ? '\n--help shows what can be asked.' : '';
    terminal.remarks.write(`${kind}  ${reasonsOf(error)}${hint}\n`);
    return CASES[kind].exitCode;
  }
}

async function answer(request: Request, terminal: Terminal): Promise<string> {
  const { task, trustedFile } = request;
  const trusted = trustedFile === null ? null : await readTrustedFile(trustedFile);
  const trust = trustOf(request, trusted, terminal.now);
  if (task.kind === 'RECEIPT') {
    const { index, checkpoint } = verifyReceipt(
      await readBytes(task.file),
      await readBytes(task.leafFile),
      trust,
    );
    return verdict('VERIFIED', {
      log: checkpoint.origin,
      entry: `${index} of ${checkpoint.size}`,
      'signed by': checkpoint.signedBy.vkey,
      witnesses: String(checkpoint.witnessedAt.size),
    });
  }
  if (trusted === null) {
    terminal.remarks.write(
      'No trusted state: a log that was shortened or rewritten and signed again looks fine.\n',
    );
  }
  const verified = await readLog(task, trust, terminal);
  const next = nextTrusted(verified);
  if (trustedFile !== null && next !== null) await writeTrustedFile(trustedFile, next);
  return describeVerified(verified, trust, trusted, trustedFile);
}

function trustOf(request: Request, trusted: TrustedState | null, now: number): Trust {
  const { witnesses, quorum, maxAgeSeconds } = request;
  if (request.logKeys.length > 0) return { ...request, trusted, now };
  if (trusted === null)
    throw new UsageError('give the log key with --key: there is no trusted state to take it from');
  try {
    return { logKeys: [pinLogKey(trusted.vkey)], trusted, witnesses, quorum, maxAgeSeconds, now };
  } catch (error) {
    throw new Divergence('TRUSTED_STATE_UNUSABLE', {
      expected: 'a log key as vkey',
      found: (error as Error).message,
    });
  }
}

async function readLog(
  task: Exclude<Task, { kind: 'RECEIPT' }>,
  trust: Trust,
  terminal: Terminal,
): Promise<VerifiedLog> {
  const progress = new Progress(terminal.remarks);
  const options = { ...trust, onProgress: progress.update.bind(progress) };
  try {
    switch (task.kind) {
      case 'HTTP': {
        const apiKey = task.apiKeyFile === null ? null : (await readBytes(task.apiKeyFile)).toString().trim();
        return await verifyLog(httpSource({ url: task.url, apiKey }), options);
      }
      case 'EXPORT':
        if (task.checkpointFile === null && trust.trusted === null) {
          throw new UsageError('an export alone has nothing signed in it: give --checkpoint or --trusted');
        }
        return await verifyLog(exportSource(task.file, task.checkpointFile), options);
      case 'MONGO': {
        const source = await MongoSource.connect(task.uri);
        try {
          return await verifyLog(source, options);
        } finally {
          await source.close();
        }
      }
    }
  } finally {
    progress.end();
  }
}

function nextTrusted({ checkpoint }: VerifiedLog): TrustedState | null {
  if (checkpoint === null) return null;
  const { origin, size, root, note, signedBy } = checkpoint;
  return { origin, vkey: signedBy.vkey, size, root, note };
}

function describeVerified(
  { size, root, unsealed, checkpoint }: VerifiedLog,
  trust: Trust,
  trusted: TrustedState | null,
  trustedFile: string | null,
): string {
  return verdict('VERIFIED', {
    log: checkpoint?.origin ?? trusted?.origin ?? '',
    entries: `${size}${unsealed === 0 ? '' : `, and ${unsealed} more that are not signed yet`}`,
    root: root.toString('base64'),
    'signed by': checkpoint?.signedBy.vkey ?? `the trusted state`,
    witnesses: `${checkpoint?.witnessedAt.size ?? 0}, ${trust.quorum} required`,
    extends: trusted === null ? 'nothing known before' : `size ${trusted.size} of ${trustedFile}`,
  });
}

function describeDivergence({ case: kind, finding }: Divergence): string {
  const { index, through, expected, found, evidence = [] } = finding;
  const place = through === undefined ? String(index) : `${index} to ${through}, not known closer`;
  const lines = verdict(kind, {
    meaning: CASES[kind].meaning,
    ...(index === undefined ? {} : { index: place }),
    expected,
    found,
    'exit code': String(CASES[kind].exitCode),
  });
  const notes = evidence.map((note, i) => `\nEvidence ${i + 1} of ${evidence.length}:\n${note.toString()}`);
  return lines + notes.join('');
}

function verdict(kind: Case, facts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(facts).map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
  return `${kind}\n${lines.join('\n')}\n`;
}

function reasonsOf(error: unknown): string {
  const reasons = new Set<string>();
  for (let cause = error; cause instanceof Error; cause = cause.cause) reasons.add(cause.message);
  return reasons.size === 0 ? String(error) : [...reasons].join(': ');
}
