import { Injectable, Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { AppConfig } from '../platform/config/app-config.ts';
import { isDatabaseOutage } from '../platform/mongo/database-outage.ts';
import { Problem } from '../platform/http/problem.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { canonicalResultBytes } from '../results/canonical-result.ts';
import { normaliseResult } from '../results/normalise-result.ts';
import { readVendorBody } from '../results/vendor-body.ts';
import { type Receipt, SessionsService } from '../sessions/sessions.service.ts';
import { Quarantine, type QuarantineReason } from './quarantine.service.ts';

/** Takes the vendor's deliveries in; whatever carries a valid token is kept, usable or not. */
@Injectable()
export class CallbackService {
  private readonly logger = new Logger(CallbackService.name);
  private readonly dataKey: string | undefined;
  private readonly total: Counter<'outcome'>;

  constructor(
    config: AppConfig,
    private readonly sessions: SessionsService,
    private readonly quarantine: Quarantine,
    metrics: Metrics,
  ) {
    this.dataKey = config.callback.dataKey;
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
    const body = readVendorBody(raw, this.dataKey);
    if (!body.ok) return this.setAside(raw, body.reason, null);
    const { uuid } = body;
    try {
      const result = normaliseResult(uuid, body.result);
      const receipt = await this.sessions.receiveCallback({
        uuid,
        raw,
        canonical: canonicalResultBytes(body.result),
        result,
      });
      this.total.inc({ outcome: receipt.outcome });
      return { ...receipt, uuid };
    } catch (error) {
      if (error instanceof Problem || isDatabaseOutage(error)) throw error;
      // A fault of ours that this payload brings to light: the bytes are kept, the next delivery is unharmed.
      this.logger.error({ err: error }, 'a delivery could not be processed and is quarantined');
      return this.setAside(raw, 'PROCESSING_FAILED', uuid);
    }
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
