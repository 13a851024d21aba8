import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import type { Page } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import { Vault } from '../vault/vault.service.ts';
import { Deliveries } from './deliveries.service.ts';
import { decideDismiss, decideReplay, decideViewBytes } from './quarantine.decider.ts';
import { type QuarantineFilter, QuarantineRepository } from './quarantine.repository.ts';
import { Quarantine } from './quarantine.service.ts';
import type { QuarantineReason, QuarantineState } from './quarantine-state.ts';

/** What people do with deliveries in quarantine. */
@Injectable()
export class QuarantineDesk {
  constructor(
    private readonly quarantine: Quarantine,
    private readonly repository: QuarantineRepository,
    private readonly deliveries: Deliveries,
    private readonly vault: Vault,
  ) {}

  /** Deliveries, newest first. */
  page(filter: QuarantineFilter, limit: number, cursor?: string): Promise<Page<QuarantineState>> {
    return this.repository.page(filter, limit, cursor);
  }

  /** @throws Problem DELIVERY_NOT_FOUND */
  async getOrThrow(receiptId: string): Promise<QuarantineState> {
    const state = await this.repository.find(receiptId);
    if (state === null) throw new Problem('DELIVERY_NOT_FOUND', 'See the list of quarantined deliveries.');
    return state;
  }

  /**
   * The body of a delivery, byte for byte; nobody sees it without an entry that says so.
   * @throws Problem DELIVERY_NOT_FOUND, DELIVERY_NOT_KEPT
   */
  async viewRaw(receiptId: string, actor: Actor): Promise<Buffer> {
    const state = await this.getOrThrow(receiptId);
    const raw = await this.findRaw(state);
    if (raw === null) throw notKept(state);
    await this.quarantine.append(receiptId, actor, decideViewBytes);
    return raw;
  }

  /**
   * Reads a delivery again, as if the vendor had just sent it. Repeating it changes nothing.
   * @throws Problem DELIVERY_NOT_FOUND, DELIVERY_NOT_KEPT, CALLBACK_QUARANTINED if it still can't be used
   */
  async replay(receiptId: string, person: Actor): Promise<QuarantineState> {
    const before = await this.getOrThrow(receiptId);
    if (before.status === 'REPLAYED') return this.leaveToSession(before);
    const raw = await this.findRaw(before);
    if (raw === null) return this.getReplayedOrThrow(receiptId);
    const delivered = await this.deliveries.take(raw, person);
    if (!delivered.ok) throw stillUnusable(receiptId, delivered.reason);
    const { uuid, receipt } = delivered;
    const { state } = await this.quarantine.append(receiptId, person, (known) =>
      decideReplay(known, { ...receipt, uuid }),
    );
    return this.leaveToSession(state);
  }

  /**
   * Takes a delivery off the list of those that wait for a person. Repeating it changes nothing.
   * @throws Problem DELIVERY_NOT_FOUND, DELIVERY_REPLAYED
   */
  async dismiss(receiptId: string, reasonCode: string, person: Actor): Promise<QuarantineState> {
    await this.getOrThrow(receiptId);
    const { state } = await this.quarantine.append(receiptId, person, (known) =>
      decideDismiss(known, reasonCode),
    );
    return state;
  }

  private async findRaw({ kept }: QuarantineState): Promise<Buffer | null> {
    return kept && (await this.vault.find(kept.entryId));
  }

  /** Where the bytes are gone, somebody else may have replayed the delivery at the same moment. */
  private async getReplayedOrThrow(receiptId: string): Promise<QuarantineState> {
    const state = await this.getOrThrow(receiptId);
    if (state.status !== 'REPLAYED') throw notKept(state);
    return state;
  }

  /** The session has the bytes now; a copy here would outlive the erasure of its personal data. */
  private async leaveToSession(state: QuarantineState): Promise<QuarantineState> {
    if (state.kept !== null) await this.vault.erase([state.kept.entryId]);
    return state;
  }
}

function notKept({ status }: QuarantineState): Problem {
  return new Problem(
    'DELIVERY_NOT_KEPT',
    status === 'REPLAYED'
      ? 'It was replayed: read the result of the session that the replay names.'
      : 'It was too large to be read; ask the vendor to send it again.',
  );
}

function stillUnusable(receiptId: string, reason: QuarantineReason): Problem {
  return new Problem('CALLBACK_QUARANTINED', `It stays in quarantine; reason: ${reason}.`, {
    members: { receiptId, reason },
  });
}
