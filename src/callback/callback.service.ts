import { Injectable, Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { VENDOR_ACTOR } from '../access/actor.ts';
import { Problem } from '../platform/http/problem.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { Receipt } from '../sessions/sessions.service.ts';
import { Deliveries } from './deliveries.service.ts';
import { Quarantine } from './quarantine.service.ts';
import type { QuarantineReason } from './quarantine-state.ts';

/** Takes the vendor's deliveries in; whatever carries a valid token is kept, usable or not. */
@Injectable()
export class CallbackService {
  private readonly logger = new Logger(CallbackService.name);
  private readonly total: Counter<'outcome'>;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly quarantine: Quarantine,
    metrics: Metrics,
  ) {
    this.total = metrics.counter({
      name: 'ekyc_callbacks_total',
      help: 'Deliveries with a valid token, by what became of them',
      labelNames: ['outcome'],
    });
  }

  /**
   * Keeps a delivery and judges it.
   * @param raw the body, byte for byte
   * @throws Problem CALLBACK_QUARANTINED if it can't be used, OVERLOADED or DATABASE_UNAVAILABLE if it was not
   *   kept and the vendor must send it again
   */
  async receive(raw: Buffer): Promise<Receipt & { uuid: string }> {
    const delivered = await this.deliveries.take(raw, VENDOR_ACTOR);
    if (!delivered.ok) return this.setAside(raw, delivered.reason, delivered.uuid);
    const { uuid, receipt } = delivered;
    this.total.inc({ outcome: receipt.outcome });
    return { ...receipt, uuid };
  }

  /**
   * Records a delivery whose body was over the limit and never read. It is refused in any case and the vendor
   * sends it again, so a record that can't be written is told to the operator alone.
   */
  async recordOversized(announcedBytes: number | null): Promise<void> {
    this.total.inc({ outcome: 'TOO_LARGE' });
    try {
      await this.quarantine.recordUnread(announcedBytes);
    } catch (error) {
      this.logger.error({ err: error, announcedBytes }, 'a delivery over the limit could not be recorded');
    }
  }

  private async setAside(raw: Buffer, reason: QuarantineReason, uuid: string | null): Promise<never> {
    const receiptId = await this.quarantine.keep(raw, reason, uuid);
    this.total.inc({ outcome: 'QUARANTINED' });
    throw new Problem(
      'CALLBACK_QUARANTINED',
      `It is kept under the receipt for a person to look at; reason: ${reason}.`,
      {
        members: { receiptId, reason },
      },
    );
  }
}
