import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEntryResponse } from '../../src/audit/audit.dto.ts';
import type { VerificationResponse } from '../../src/audit/verification.dto.ts';
import type { ApiClient } from '../../test/support/api-client.ts';
import { eventually } from '../../test/support/eventually.ts';

/** What the verifier says of a copy of the log. */
export interface Verdict {
  /** `VERIFIED`, or the case of the first divergence. */
  readonly outcome: string;
  /** Its further lines by their name, such as `root` and `meaning`. */
  readonly details: ReadonlyMap<string, string>;
}

/** Takes the log out of the service and examines it with the built verifier, which shares no code with it. */
export class Auditor {
  private readonly ledger: ApiClient;
  private readonly verifier: string;
  private readonly workDir: string;

  /**
   * @param root of the project, where `dist/` lies
   * @param workDir folder for the copies; exists
   */
  constructor(ledger: ApiClient, root: string, workDir: string) {
    this.ledger = ledger;
    this.verifier = join(root, 'dist', 'verifier', 'main.js');
    this.workDir = workDir;
  }

  /** Waits until a signed checkpoint covers the entry, then gives checkpoint and export as they are served. */
  async takeCopy(newest: AuditEntryResponse): Promise<{ checkpoint: string; log: string; key: string }> {
    await eventually(
      async () => (await this.ledger.get(`/v1/audit/entries/${newest.index}/proof`)).status === 200,
    );
    const checkpoint = (await this.ledger.get('/tlog/checkpoint')).bytes.toString();
    const log = (await this.ledger.get('/v1/audit/export?format=ndjson')).bytes.toString();
    const { keys } = (await this.ledger.get<VerificationResponse>('/v1/audit/verification')).body;
    return { checkpoint, log, key: keys[0]! };
  }

  /** Runs `npm run verify -- --export …` on a copy. */
  verify({ checkpoint, log, key }: { checkpoint: string; log: string; key: string }): Verdict {
    const checkpointFile = join(this.workDir, 'checkpoint');
    const exportFile = join(this.workDir, 'audit.ndjson');
    writeFileSync(checkpointFile, checkpoint);
    writeFileSync(exportFile, log);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [this.verifier, '--export', exportFile, '--checkpoint', checkpointFile, '--key', key, '--stateless'],
      { encoding: 'utf8' },
    );
    const [outcome, ...lines] = stdout.trim().split('\n');
    if (outcome === undefined || outcome === '') throw new Error(`the verifier says nothing: ${stderr}`);
    const details = lines
      .map((line) => /^ {2}(\S+(?: \S+)*) {2,}(.*)$/.exec(line))
      .filter((match) => match !== null);
    return { outcome, details: new Map(details.map(([, name = '', value = '']) => [name, value])) };
  }
}
