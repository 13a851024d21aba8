import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { type CollectionPlan, provideCollection } from '../platform/mongo/collections.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';

/** Who pulls a session in which of its states. */
interface ClaimDocument {
  /** uuid */
  readonly _id: string;
  /** Version of the session for which the pull is made; every pull ends with an entry and so a new version. */
  readonly version: number;
  readonly at: Date;
}

export const PULL_CLAIMS_PLAN: CollectionPlan = {
  name: 'pull_claims',
  indexes: [{ keys: { at: 1 }, serves: 'forgetting claims after a day', expireAfterSeconds: 86_400 }],
};

/** A claim whose holder has not finished by then is taken to be dead. */
const ABANDONED_MS = 60_000;

/** Makes sure that a pull is made once, also while one holder of the task still runs and the next has begun. */
@Injectable()
export class PullClaims implements OnModuleInit {
  private readonly db: mongo.Db;
  private readonly collection: mongo.Collection<ClaimDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.db = connection.getClient().db(connection.name);
    this.collection = this.db.collection<ClaimDocument>(PULL_CLAIMS_PLAN.name, {
      writeConcern: { w: 'majority', journal: true },
    });
  }

  async onModuleInit(): Promise<void> {
    await provideCollection(this.db, PULL_CLAIMS_PLAN);
  }

  /** True for the one caller that is to pull the session in this version. */
  async take(uuid: string, version: number, now: Date): Promise<boolean> {
    const abandoned = new Date(now.getTime() - ABANDONED_MS);
    try {
      const { matchedCount, upsertedCount } = await this.collection.updateOne(
        { _id: uuid, $or: [{ version: { $lt: version } }, { at: { $lt: abandoned } }] },
        { $set: { version, at: now } },
        { upsert: true },
      );
      return matchedCount + upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
