import { Injectable, Logger } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import { isDatabaseOutage } from '../platform/mongo/database-outage.ts';
import { canonicalResultBytes } from '../results/canonical-result.ts';
import { normaliseResult } from '../results/normalise-result.ts';
import { readVendorBody } from '../results/vendor-body.ts';
import { type Receipt, SessionsService } from '../sessions/sessions.service.ts';
import type { QuarantineReason } from './quarantine-state.ts';

/** What came of a delivery: a result of its session, or nothing that can be used. */
export type Delivered =
  | { readonly ok: true; readonly uuid: string; readonly receipt: Receipt }
  | { readonly ok: false; readonly uuid: string | null; readonly reason: QuarantineReason };

/** Reads deliveries with today's reader and hands them to their sessions. */
@Injectable()
export class Deliveries {
  private readonly logger = new Logger(Deliveries.name);
  private readonly dataKey: string | undefined;

  constructor(
    config: AppConfig,
    private readonly sessions: SessionsService,
  ) {
    this.dataKey = config.callback.dataKey;
  }

  /**
   * Takes a delivery into its session. Repeating it changes nothing.
   * @param raw the body, byte for byte
   * @param actor who brought it: the vendor, or the person who replays it
   * @throws Problem OVERLOADED or DATABASE_UNAVAILABLE if nothing was kept
   */
  async take(raw: Buffer, actor: Actor): Promise<Delivered> {
    const body = readVendorBody(raw, this.dataKey);
    if (!body.ok) return { ok: false, uuid: null, reason: body.reason };
    const { uuid } = body;
    try {
      const result = normaliseResult(uuid, body.result);
      const canonical = canonicalResultBytes(body.result);
      const receipt = await this.sessions.receiveCallback({ uuid, raw, canonical, result }, actor);
      return { ok: true, uuid, receipt };
    } catch (error) {
      if (error instanceof Problem || isDatabaseOutage(error)) throw error;
      // A fault of ours that this payload brings to light: the next delivery is unharmed.
      this.logger.error({ err: error }, 'a delivery could not be processed and is quarantined');
      return { ok: false, uuid, reason: 'PROCESSING_FAILED' };
    }
  }
}
