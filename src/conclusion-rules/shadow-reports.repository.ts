import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { SHADOW_REPORTS_PLAN } from './rule-set-collections.ts';
import { MAX_DIFFERING, type ShadowCounts, type ShadowDifference, type ShadowRun } from './shadow-run.ts';

interface ShadowReportDocument {
  /** Log index at which the run was started. */
  readonly _id: mongo.Long | number;
  readonly version: string;
  readonly since: string;
  readonly decisions?: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly differing?: readonly ShadowDifference[];
}

/** What shadows have concluded, all instances together. Statistics: a crash loses the last second of them. */
@Injectable()
export class ShadowReports {
  private readonly collection: mongo.Collection<ShadowReportDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<ShadowReportDocument>(SHADOW_REPORTS_PLAN.name, { writeConcern: DURABLE });
  }

  async add(
    { index, version, since }: ShadowRun,
    { decisions, failed, differing }: ShadowCounts,
  ): Promise<void> {
    const increments = Object.entries(decisions).map(([cell, count]) => [`decisions.${cell}`, count]);
    await this.collection.updateOne(
      { _id: mongo.Long.fromNumber(index) },
      {
        $setOnInsert: { version, since },
        $inc: { failed, ...(Object.fromEntries(increments) as Record<string, number>) },
        $push: { differing: { $each: [...differing], $slice: -MAX_DIFFERING } },
      },
      { upsert: true },
    );
  }

  /** The latest run of a version, with what it has concluded; null if nothing was. */
  async findLatest(version: string): Promise<{ run: ShadowRun; counts: ShadowCounts } | null> {
    const [document] = await this.collection.find({ version }).sort({ _id: -1 }).limit(1).toArray();
    if (document === undefined) return null;
    const { _id, since, decisions = {}, failed, differing = [] } = document;
    return { run: { version, since, index: Number(_id) }, counts: { decisions, failed, differing } };
  }
}
