import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, VENDOR_ACTOR } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { Vault } from '../vault/vault.service.ts';
import { decideKeep } from './quarantine.decider.ts';
import { QuarantineStream } from './quarantine.stream.ts';
import type { QuarantineReason, QuarantineState } from './quarantine-state.ts';

/** Keeps deliveries that came with a valid token but can't be used, until a person or a better parser looks. */
@Injectable()
export class Quarantine {
  constructor(
    private readonly log: AuditLog,
    private readonly stream: QuarantineStream,
    private readonly vault: Vault,
    private readonly digest: KeyedDigest,
  ) {}

  /**
   * Keeps a delivery, bytes and all. The same bytes get the same receipt and are kept once.
   * @returns the receipt id, under which the log and the vault hold it
   */
  async keep(raw: Buffer, reason: QuarantineReason, uuid: string | null): Promise<string> {
    const receiptId = `q-${this.digest.of('delivery', raw).slice(0, 32)}`;
    const blob = { session: receiptId, kind: 'quarantine', bytes: raw, hasEarlier: false } as const;
    const data = { reason, bytes: raw.length, uuid };
    const { state, own } = await this.append(receiptId, VENDOR_ACTOR, (before) =>
      decideKeep(before, data, this.vault.attachment(blob)),
    );
    // What was replayed lies with its session.
    if (own.length === 0 && state.kept !== null && state.status !== 'REPLAYED') {
      await this.vault.keepAgain(state.kept.entryId, blob);
    }
    return receiptId;
  }

  /** Records a delivery that was too large to be read. There are no bytes to keep, but it must not go unnoticed. */
  async recordUnread(announcedBytes: number | null): Promise<string> {
    const receiptId = `q-${randomUUID()}`;
    const data = { reason: 'TOO_LARGE', bytes: announcedBytes, uuid: null } as const;
    await this.append(receiptId, VENDOR_ACTOR, (before) => decideKeep(before, data));
    return receiptId;
  }

  /**
   * Appends what `decide` wants for a delivery.
   * @returns the delivery after the commit and those entries that this call brought in
   */
  append(
    receiptId: string,
    actor: Actor,
    decide: (state: QuarantineState) => readonly EntryDraft[],
  ): Promise<{ state: QuarantineState; own: readonly LogEntry[] }> {
    return this.log.append({
      stream: this.stream,
      subjectId: receiptId,
      actor,
      decide,
      answer: (state: QuarantineState, own) => ({ state, own }),
    });
  }
}
