import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import type { Counter } from 'prom-client';
import { Clock } from '../platform/clock.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { CollectionPlan } from '../platform/mongo/collections.ts';

/** `BAD_CLIENT`: a request for a token with credentials other than the agreed ones, or none. */
export type RejectionReason = 'NO_TOKEN' | 'BAD_TOKEN' | 'BAD_CLIENT';

interface RejectionDocument {
  readonly at: Date;
  readonly reason: RejectionReason;
  readonly address: string;
}

/** Capped: unauthenticated noise must neither grow the audit log nor fill a disk. */
export const CALLBACK_REJECTIONS_PLAN: CollectionPlan = {
  name: 'callback_rejections',
  options: { capped: true, size: 1024 * 1024, max: 5_000 },
  indexes: [],
};

/** The latest deliveries and token requests that were turned away, for whoever asks why the vendor gets 401. */
@Injectable()
export class CallbackRejections {
  private readonly logger = new Logger(CallbackRejections.name);
  private readonly collection: mongo.Collection<RejectionDocument>;
  private readonly total: Counter<'reason'>;

  constructor(
    @InjectConnection() connection: Connection,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<RejectionDocument>(CALLBACK_REJECTIONS_PLAN.name);
    this.total = metrics.counter({
      name: 'ekyc_callback_rejections_total',
      help: 'Deliveries and token requests turned away for want of a valid token or credentials',
      labelNames: ['reason'],
    });
  }

  /** Counts at once and writes in the background: nobody waits for the record of a stranger. */
  record(reason: RejectionReason, address: string): void {
    this.total.inc({ reason });
    this.collection
      .insertOne({ at: this.clock.now(), reason, address }, { writeConcern: { w: 1 } })
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'a rejected delivery could not be recorded');
      });
  }
}
