import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { AppConfig } from '../platform/config/app-config.ts';
import { type CollectionPlan, provideCollection } from '../platform/mongo/collections.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';

/** Who pulls a session in which of its states. */
interface ClaimDocument {
  /** uuid */
  readonly _id: string;
  /** Log index of the session's newest entry for which the pull is made; every pull ends with a newer one. */
  readonly index: number;
  /** By the clock of the database, the only one that all instances share. */
  readonly at: Date;
  /** The pull has come to its end, whatever that was. */
  readonly ended: boolean;
}

export const PULL_CLAIMS_PLAN: CollectionPlan = {
  name: 'pull_claims',
  indexes: [{ keys: { at: 1 }, serves: 'forgetting claims after a day', expireAfterSeconds: 86_400 }],
};

/** Makes sure that a pull is made once, also while one holder of the task still runs and the next has begun. */
@Injectable()
export class PullClaims implements OnModuleInit {
  private readonly db: mongo.Db;
  private readonly collection: mongo.Collection<ClaimDocument>;
  /** A claim that has not ended by then belongs to an instance that died: longer no pull can take. */
  private readonly abandonedMs: number;

  constructor(@InjectConnection() connection: Connection, { pulls, audit }: AppConfig) {
    this.abandonedMs = pulls.backOff.lastPullLeadMs + audit.commitTimeoutMs;
    this.db = connection.getClient().db(connection.name);
    this.collection = this.db.collection<ClaimDocument>(PULL_CLAIMS_PLAN.name, {
      writeConcern: { w: 'majority', journal: true },
    });
  }

  async onModuleInit(): Promise<void> {
    await provideCollection(this.db, PULL_CLAIMS_PLAN);
  }

  /**
   * True for the one caller that is to pull the session as it is after the entry at this index. A newer entry
   * alone is no licence: a callback that comes during a pull leaves one, too.
   */
  async take(uuid: string, index: number): Promise<boolean> {
    const abandonedFrom = { $dateAdd: { startDate: '$at', unit: 'millisecond', amount: this.abandonedMs } };
    // A missing claim counts as abandoned, because nothing is less than a date.
    const isAbandoned = { $lte: [abandonedFrom, '$$NOW'] };
    const isPast = { $and: ['$ended', { $lt: ['$index', index] }] };
    const free = { $or: [isAbandoned, isPast] };
    try {
      const { modifiedCount, upsertedCount } = await this.collection.updateOne(
        { _id: uuid },
        [
          {
            $set: {
              index: { $cond: [free, index, '$index'] },
              ended: { $cond: [free, false, '$ended'] },
              at: { $cond: [free, '$$NOW', '$at'] },
            },
          },
        ],
        { upsert: true },
      );
      return modifiedCount + upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Lets the next pull of the session be claimed; to be called once the pull has left its entry. */
  async end(uuid: string, index: number): Promise<void> {
    await this.collection.updateOne({ _id: uuid, index }, { $set: { ended: true } });
  }
}
