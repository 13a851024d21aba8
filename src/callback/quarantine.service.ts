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

/** Id of the entry that keeps the delivery; null before it. */
type QuarantineState = string | null;

const STREAM: Stream<QuarantineState> = {
  subjectType: 'quarantine',
  initial: () => null,
  evolve: (state, { id }) => state ?? id,
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
    const blob = { session: receiptId, kind: 'quarantine', bytes: raw, hasEarlier: false } as const;
    const data = { reason, bytes: raw.length, uuid };
    const earlier = await this.append(receiptId, data, this.vault.attachment(blob));
    if (earlier !== null) await this.vault.keepAgain(earlier, blob);
    return receiptId;
  }

  /** Records a delivery that was too large to be read. There are no bytes to keep, but it must not go unnoticed. */
  async recordUnread(announcedBytes: number | null): Promise<string> {
    const receiptId = `q-${randomUUID()}`;
    await this.append(receiptId, { reason: 'TOO_LARGE', bytes: announcedBytes, uuid: null });
    return receiptId;
  }

  /** @returns id of an earlier entry that keeps the same delivery */
  private append(receiptId: string, data: JsonObject, attachment?: Attachment): Promise<string | null> {
    return this.log.append({
      stream: STREAM,
      subjectId: receiptId,
      actor: VENDOR_ACTOR,
      decide: (state) =>
        state !== null ? [] : [{ action: 'callback.quarantined', data, ...(attachment && { attachment }) }],
      answer: (state, own) => (own.length > 0 ? null : state),
    });
  }
}
