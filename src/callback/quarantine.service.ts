import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { VENDOR_ACTOR } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { JsonObject } from '../audit/format/leaf.ts';
import type { Attachment, Stream } from '../audit/stream.ts';
import type { VendorBodyProblem } from '../results/vendor-body.ts';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { Vault } from '../vault/vault.service.ts';

/** Why a delivery can't be used: what the reader found, a fault of our own, or sheer size. */
export type QuarantineReason = VendorBodyProblem | 'PROCESSING_FAILED' | 'TOO_LARGE';

/** Whether the delivery is kept already. */
type QuarantineState = 'NEW' | 'KEPT';

const STREAM: Stream<QuarantineState> = {
  subjectType: 'quarantine',
  initial: () => 'NEW',
  evolve: () => 'KEPT',
};

/** Keeps deliveries that came with a valid token but can't be used, until a person or a better parser looks. */
@Injectable()
export class Quarantine {
  constructor(
    private readonly log: AuditLog,
    private readonly vault: Vault,
    private readonly digest: KeyedDigest,
  ) {}

  /**
   * Keeps a delivery, bytes and all. The same bytes get the same receipt and are kept once.
   * @returns the receipt id, under which the log and the vault hold it
   */
  async keep(raw: Buffer, reason: QuarantineReason, uuid: string | null): Promise<string> {
    const receiptId = `q-${this.digest.of('delivery', raw).slice(0, 32)}`;
    const blob = this.vault.attachment({
      session: receiptId,
      kind: 'quarantine',
      bytes: raw,
      hasEarlier: false,
    });
    await this.append(receiptId, { reason, bytes: raw.length, uuid }, blob);
    return receiptId;
  }

  /** Records a delivery that was too large to be read. There are no bytes to keep, but it must not go unnoticed. */
  async recordUnread(announcedBytes: number | null): Promise<string> {
    const receiptId = `q-${randomUUID()}`;
    await this.append(receiptId, { reason: 'TOO_LARGE', bytes: announcedBytes, uuid: null });
    return receiptId;
  }

  private async append(receiptId: string, data: JsonObject, attachment?: Attachment): Promise<void> {
    await this.log.append({
      stream: STREAM,
      subjectId: receiptId,
      actor: VENDOR_ACTOR,
      decide: (state) =>
        state === 'KEPT' ? [] : [{ action: 'callback.quarantined', data, ...(attachment && { attachment }) }],
      answer: () => undefined,
    });
  }
}
