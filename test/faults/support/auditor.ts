import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runVerifier } from '../../../src/verifier/command.ts';

/** What the command told, as a person or a script reads it. */
export interface Verdict {
  readonly exitCode: number;
  /** The first word of what was printed. */
  readonly case: string;
  /** Index or range, "320" or "100 to 299"; null where the finding is about no entry. */
  readonly place: string | null;
  readonly output: string;
}

/** Someone from outside with the log's public key, the address of its database and a folder of their own. */
export class Auditor {
  private readonly folder: string;
  private readonly mongo: string;
  private readonly key: string;
  private readonly now: () => Date;

  constructor(folder: string, mongo: string, key: string, now: () => Date) {
    this.folder = folder;
    this.mongo = mongo;
    this.key = key;
    this.now = now;
  }

  /** Verifies the database as someone who sees it for the first time. */
  verify(...more: string[]): Promise<Verdict> {
    return this.run('--mongo', this.mongo, '--key', this.key, '--stateless', ...more);
  }

  /** Verifies against what the last such call saw, and remembers what this one sees. */
  verifyAgain(...more: string[]): Promise<Verdict> {
    return this.run(
      '--mongo',
      this.mongo,
      '--key',
      this.key,
      '--trusted',
      this.path('trusted.json'),
      ...more,
    );
  }

  /** Verifies a receipt with nothing but the key. */
  async verifyReceipt(receipt: string | Buffer, leaf: Buffer, ...more: string[]): Promise<Verdict> {
    await writeFile(this.path('receipt.tlog-proof'), receipt);
    await writeFile(this.path('leaf.json'), leaf);
    const files = ['--proof', this.path('receipt.tlog-proof'), '--leaf', this.path('leaf.json')];
    return this.run(...files, '--key', this.key, '--stateless', ...more);
  }

  /** Runs any command line. */
  async run(...argv: string[]): Promise<Verdict> {
    const printed: string[] = [];
    const remarked: string[] = [];
    const exitCode = await runVerifier(argv, {
      out: (text) => void printed.push(text),
      remarks: { isTerminal: false, write: (text) => void remarked.push(text), now: () => performance.now() },
      now: Math.floor(this.now().getTime() / 1000),
    });
    const output = printed.join('') || remarked.join('');
    return {
      exitCode,
      case: /^\w+/.exec(output)?.[0] ?? '',
      place: /^ {2}index +(.+?)(?:, not known closer)?$/m.exec(output)?.[1] ?? null,
      output,
    };
  }

  async trusted(): Promise<{ size: number; root: string; checkpoint: string }> {
    return JSON.parse(await readFile(this.path('trusted.json'), 'utf8')) as never;
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
