import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { type CollectionPlan, provideCollection } from '../mongo/collections.ts';
import { isDuplicateKey } from '../mongo/duplicate-keys.ts';

export const LEASES_PLAN: CollectionPlan = { name: 'leases', indexes: [] };

const RELEASE_TIMEOUT_MS = 1_000;

interface LeaseDocument {
  /** Name of the task. */
  readonly _id: string;
  /** `<host>/<process id>/<random>`: unique, and tells a person which instance it is. */
  readonly holder: string;
  /** Grows with every change of holder. */
  readonly fence: number;
  /** By the clock of the database, the only one that all instances share. */
  readonly expiresAt: Date;
}

/** The right to run a task, until it expires. */
export interface Lease {
  /**
   * Grows with every new holder. Whoever writes under a lease writes it along, so that a holder that was
   * paused past its time is recognised.
   */
  readonly fence: number;
}

/** A lease that this instance holds. */
interface Held {
  readonly lease: Lease;
  /** On the monotonic clock; until then nobody asks the database. */
  readonly renewFrom: number;
}

/** Of a lease's time; a holder renews it after that, so whoever is told that it holds one has the rest of it. */
const RENEWED_AFTER = 1 / 3;
/** Of a lease's time; whether another instance has given it back is looked for as often. */
const LOOKED_AT_AFTER = 1 / 3;

/** Lets one instance at a time run a task. Time is the database's: a clock that jumps here changes nothing. */
@Injectable()
export class Leases implements OnModuleInit {
  private readonly logger = new Logger(Leases.name);
  private readonly me = `${hostname()}/${process.pid}/${randomUUID()}`;
  private readonly collection: mongo.Collection<LeaseDocument>;
  private readonly db: mongo.Db;
  private readonly held = new Map<string, Held>();
  /** From when on to look again at the leases that another instance has, on the monotonic clock. */
  private readonly elsewhere = new Map<string, number>();

  constructor(@InjectConnection() connection: Connection) {
    this.db = connection.getClient().db(connection.name);
    this.collection = this.db.collection<LeaseDocument>(LEASES_PLAN.name, {
      writeConcern: { w: 'majority', journal: true },
    });
  }

  async onModuleInit(): Promise<void> {
    await provideCollection(this.db, LEASES_PLAN);
  }

  /**
   * Takes or renews a lease for `ttlMs`; null while another instance holds it. Everybody may ask as often as they
   * like. A holder has two thirds of that time at least; another gets the lease at its end, or a third of that time
   * after it was given back.
   */
  async hold(name: string, ttlMs: number): Promise<Lease | null> {
    const askedAt = performance.now();
    const held = this.held.get(name);
    if (held !== undefined && askedAt < held.renewFrom) return held.lease;
    const lookFrom = this.elsewhere.get(name);
    if (lookFrom !== undefined) {
      if (askedAt < lookFrom) return null;
      // To look costs the database far less than to try, which waits for a majority and its journal.
      const leftMs = await this.leftElsewhere(name);
      if (leftMs > 0) {
        this.elsewhere.set(name, askedAt + Math.min(leftMs, ttlMs * LOOKED_AT_AFTER));
        return null;
      }
    }
    const lease = await this.takeOrRenew(name, ttlMs);
    if (lease === null) {
      this.held.delete(name);
      this.elsewhere.set(name, askedAt);
    } else {
      // Counted from before the database was asked, its time can't be over before ours.
      this.held.set(name, { lease, renewFrom: askedAt + ttlMs * RENEWED_AFTER });
      this.elsewhere.delete(name);
    }
    return lease;
  }

  /** For how long another instance still has the lease if it doesn't renew it; 0 if none has. */
  private async leftElsewhere(name: string): Promise<number> {
    const lease = await this.collection.findOne<{ leftMs: number | mongo.Long }>(
      { _id: name, holder: { $ne: this.me } },
      { projection: { leftMs: { $subtract: ['$expiresAt', '$$NOW'] } } },
    );
    return Number(lease?.leftMs ?? 0);
  }

  private async takeOrRenew(name: string, ttlMs: number): Promise<Lease | null> {
    // One pipeline on the old values: a missing lease counts as expired, because nothing is less than a date.
    const mine = { $eq: ['$holder', this.me] };
    const expired = { $lte: ['$expiresAt', '$$NOW'] };
    const free = { $or: [mine, expired] };
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: ttlMs } };
    const nextFence = { $add: [{ $ifNull: ['$fence', 0] }, 1] };
    try {
      const lease = await this.collection.findOneAndUpdate(
        { _id: name },
        [
          {
            $set: {
              fence: { $cond: [expired, nextFence, '$fence'] },
              holder: { $cond: [free, this.me, '$holder'] },
              expiresAt: { $cond: [free, until, '$expiresAt'] },
            },
          },
        ],
        { upsert: true, returnDocument: 'after' },
      );
      return lease?.holder === this.me ? { fence: lease.fence } : null;
    } catch (error) {
      // The upsert meets the lease of another holder.
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  /**
   * Gives a lease back, so that the next holder need not wait for its end; nothing if another has it. To be
   * called when the service stops, so it neither throws nor holds that up: without it the lease ends by itself.
   */
  async release(name: string): Promise<void> {
    this.held.delete(name);
    try {
      await this.collection.updateOne({ _id: name, holder: this.me }, [{ $set: { expiresAt: '$$NOW' } }], {
        timeoutMS: RELEASE_TIMEOUT_MS,
      });
    } catch (error) {
      this.logger.debug({ err: error }, 'a lease could not be given back');
    }
  }
}
