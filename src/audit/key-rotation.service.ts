import { Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditLog } from './audit-log.service.ts';
import type { StoredCheckpoint } from './checkpoints.repository.ts';
import { parseNote } from './format/signed-note.ts';
import { LogKeys } from './log-keys.service.ts';
import type { Stream } from './stream.ts';

/** The keys that were announced as successors. */
const KEYS: Stream<readonly string[]> = {
  subjectType: 'log_key',
  initial: () => [],
  evolve: (announced, { data }) => (typeof data['to'] === 'string' ? [...announced, data['to']] : announced),
};

/** Writes into the log that a new key follows an old one, while both sign. */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly log: AuditLog,
    private readonly keys: LogKeys,
  ) {}

  /**
   * Announces the current key if another of ours signed the last checkpoint without it. The entry comes
   * under a checkpoint that both keys sign, so whoever trusts the old key learns of the new one by it.
   */
  async announce(latest: StoredCheckpoint | null): Promise<void> {
    const [current, ...others] = this.keys.vkeys;
    if (latest === null || current === undefined) return;
    const signed = parseNote(latest.note).signatures;
    const hasSigned = (vkey: string) =>
      signed.some(({ keyId }) => vkey.startsWith(`${this.keys.origin}+${keyId}+`));
    const predecessor = others.find(hasSigned);
    if (predecessor === undefined || hasSigned(current)) return;
    await this.log.append({
      stream: KEYS,
      subjectId: this.keys.origin,
      actor: SYSTEM_ACTOR,
      decide: (announced) =>
        announced.includes(current)
          ? []
          : [{ action: 'key.rotated', data: { from: predecessor, to: current } }],
      answer: () => undefined,
    });
  }
}
