import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { mongo } from 'mongoose';
import { ed25519Cosigner } from '../../../src/audit/format/cosignature.ts';
import { encodeSignatures, parseNote } from '../../../src/audit/format/signed-note.ts';
import type { LogKeys } from '../../../src/audit/log-keys.service.ts';
import type { Case } from '../../../src/verifier/verdict.ts';
import { Attacker, type Backup } from './attacker.ts';
import { AuditedLog, type Identity, MovableClock } from './audited-log.ts';
import { Auditor } from './auditor.ts';

/** Entries in the log of a scene. Tiles are full up to entry 511; checkpoints cover 100, 300 and all of them. */
export const SIZE = 600;
/** The key of somebody else. */
export const OTHER_SEED = Buffer.alloc(32, 2);
/** The id of an entry that nobody wrote. */
export const FORGED_ID = '01936b2e-7c51-7d3a-9b8e-000000000001';
export const WITNESS = ed25519Cosigner('witness.example.org/w1', Buffer.alloc(32, 3));

/** A real log in MongoDB, someone who tampers with it and someone who verifies it. */
export class TamperScene {
  readonly clock = new MovableClock();
  log!: AuditedLog;
  attacker!: Attacker;
  auditor!: Auditor;
  private folder = '';
  private untouched: Backup = new Map();
  private written = new Date(0);

  /** Sets the scene once for a test file; whatever a test does to the log is undone after it. */
  static forEachTest(): TamperScene {
    const scene = new TamperScene();
    beforeAll(() => scene.write());
    beforeEach(() => scene.hireAuditor());
    afterEach(() => scene.undo());
    afterAll(() => scene.log.close());
    return scene;
  }

  /** The auditor's file of what was verified last. */
  get trustedFile(): string {
    return join(this.folder, 'trusted.json');
  }

  signers(identity?: Identity): LogKeys['signers'] {
    return this.log.instance(identity).keys.signers;
  }

  /** An auditor who believes another key. */
  auditorWith(vkey: string): Auditor {
    return new Auditor(this.folder, this.log.uri, vkey, () => this.clock.now());
  }

  async leafAt(index: number): Promise<Buffer> {
    const document = await this.log.db
      .collection<{ _id: mongo.Long; leaf: mongo.Binary }>('audit_log')
      .findOne({ _id: mongo.Long.fromNumber(index) });
    return Buffer.from(document!.leaf.buffer);
  }

  /** Has {@link WITNESS} sign the newest checkpoint, which the service then keeps. */
  async cosign(at: Date): Promise<void> {
    const { checkpoints } = this.log.instance();
    const { number, note } = (await checkpoints.findLatest())!;
    const signer = WITNESS.at(Math.floor(at.getTime() / 1000));
    const { name, keyId } = signer;
    const signature = signer.sign(Buffer.from(parseNote(note).text));
    const line = encodeSignatures([{ name, keyId, signature }]);
    await checkpoints.addCosignature(number, keyId, line);
  }

  private async write(): Promise<void> {
    this.log = await AuditedLog.open(this.clock);
    this.attacker = new Attacker(this.log.db);
    for (const count of [100, 200, 300]) {
      await this.log.append(count);
      await this.log.seal();
    }
    this.untouched = await this.attacker.backUp();
    this.written = this.clock.now();
  }

  private async hireAuditor(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'ekyc-auditor-'));
    this.auditor = this.auditorWith(this.log.instance().keys.vkeys[0]!);
  }

  private async undo(): Promise<void> {
    await this.attacker.restore(this.untouched);
    this.clock.moveTo(this.written);
    await rm(this.folder, { recursive: true });
  }
}

/** A verdict of the command: its case, the index or range that it names, and its exit code. */
export function found(kind: Case, place: string | null, exitCode: number) {
  return { case: kind, place, exitCode };
}

export const VERIFIED = found('VERIFIED', null, 0);
