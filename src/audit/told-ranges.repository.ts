import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { Clock } from '../platform/clock.ts';
import type { Election } from '../platform/mongo/insert-command.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { TOLD_RANGES_PLAN } from './audit-collections.ts';
import type { Range } from './projected-ranges.ts';

/** Told at once; the rest is looked at as if nobody had told it. */
const MAX_RANGES = 2_000;

interface ToldRangesDocument {
  /** One run of an instance. */
  readonly _id: string;
  /** What was projected under another one may be gone. */
  readonly election: Election;
  readonly ranges: readonly Range[];
  readonly at: Date;
}

/** What each instance has projected, told to the one that looks after what was left behind. */
@Injectable()
export class ToldRanges {
  private readonly me = randomUUID();
  private readonly collection: mongo.Collection<ToldRangesDocument>;

  constructor(
    @InjectConnection() connection: Connection,
    private readonly primary: PrimaryChanges,
    private readonly clock: Clock,
  ) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<ToldRangesDocument>(TOLD_RANGES_PLAN.name, { readConcern: { level: 'local' } });
  }

  /**
   * Tells them in the place of what this instance told before.
   * @param ranges projected under the present election
   */
  async tell(ranges: readonly Range[]): Promise<void> {
    const { election, writeConcern } = this.primary;
    await this.collection.replaceOne(
      { _id: this.me },
      { election, ranges: ranges.slice(0, MAX_RANGES), at: this.clock.now() },
      { upsert: true, writeConcern },
    );
  }

  /** What the other instances have told under the present election. */
  async ofOthers(): Promise<Range[]> {
    const { election } = this.primary;
    const told = await this.collection.find({ _id: { $ne: this.me }, election }).toArray();
    return told.flatMap(({ ranges }) => ranges);
  }
}
