import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { type CollectionPlan, provideCollection } from '../platform/mongo/collections.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';

/** Who fetches the media of a session. */
interface ClaimDocument {
  /** uuid */
  readonly _id: string;
  readonly holder: string;
  /** By the clock of the database, the only one that all instances share. */
  readonly until: Date;
}

export const EVIDENCE_CLAIMS_PLAN: CollectionPlan = {
  name: 'evidence_claims',
  indexes: [
    { keys: { until: 1 }, serves: 'forgetting claims a day after their end', expireAfterSeconds: 86_400 },
  ],
};

/** Lets one instance at a time fetch the media of a session, also while one holder of the task still runs and the next has begun. */
@Injectable()
export class EvidenceClaims implements OnModuleInit {
  private readonly db: mongo.Db;
  private readonly collection: mongo.Collection<ClaimDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.db = connection.getClient().db(connection.name);
    this.collection = this.db.collection<ClaimDocument>(EVIDENCE_CLAIMS_PLAN.name, {
      writeConcern: { w: 'majority', journal: true },
    });
  }

  async onModuleInit(): Promise<void> {
    await provideCollection(this.db, EVIDENCE_CLAIMS_PLAN);
  }

  /**
   * Takes the claim to a session for `forMs`, after which its holder is taken to be dead.
   * @returns what {@link end} is to be given, or null while another holds it
   */
  async take(uuid: string, forMs: number): Promise<string | null> {
    const holder = randomUUID();
    // A missing claim counts as ended, because nothing is less than a date.
    const free = { $lte: ['$until', '$$NOW'] };
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: forMs } };
    try {
      const { modifiedCount, upsertedCount } = await this.collection.updateOne(
        { _id: uuid },
        [
          {
            $set: {
              holder: { $cond: [free, holder, '$holder'] },
              until: { $cond: [free, until, '$until'] },
            },
          },
        ],
        { upsert: true },
      );
      return modifiedCount + upsertedCount === 1 ? holder : null;
    } catch (error) {
      // The upsert meets the claim of another instance.
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  /** Gives a claim back; nothing if it ran out and another has taken it. */
  async end(uuid: string, holder: string): Promise<void> {
    await this.collection.updateOne({ _id: uuid, holder }, [{ $set: { until: '$$NOW' } }]);
  }
}
