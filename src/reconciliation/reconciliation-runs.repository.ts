import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import type { Actor } from '../access/actor.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';
import { RECONCILIATION_RUNS_PLAN } from './reconciliation-collections.ts';
import type { Run, RunCounts } from './run.ts';

interface RunDocument extends Omit<Run, 'id'> {
  /** `startedAt` in milliseconds, or the next free number: unique and in order. */
  readonly _id: mongo.Long | number;
  /** Fence of the lease under which it runs. */
  readonly fence?: number;
}

const NOTHING: RunCounts = { examined: 0, raised: 0, resolved: 0 };

/** The record of runs. */
@Injectable()
export class ReconciliationRuns {
  private readonly collection: mongo.Collection<RunDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<RunDocument>(RECONCILIATION_RUNS_PLAN.name, {
        writeConcern: DURABLE,
      });
  }

  /** Records that someone wants a run; whoever holds the lease makes it. */
  request(requestedBy: Actor, now: Date): Promise<Run> {
    const run = { requestedBy, status: 'REQUESTED', startedAt: now, endedAt: null, ...NOTHING } as const;
    return this.insert(run);
  }

  /** Records a run that the schedule made. */
  async add(startedAt: Date, endedAt: Date, counts: RunCounts): Promise<void> {
    await this.insert({ requestedBy: null, status: 'DONE', startedAt, endedAt, ...counts });
  }

  /**
   * Takes over the runs that were asked for, those of a holder that died included.
   * @returns their ids
   */
  async begin(fence: number): Promise<string[]> {
    const open = {
      $or: [{ status: 'REQUESTED' as const }, { status: 'RUNNING' as const, fence: { $lt: fence } }],
    };
    const found = await this.collection.find(open, { projection: { _id: 1 } }).toArray();
    const ids = found.map(({ _id }) => _id);
    if (ids.length > 0) {
      await this.collection.updateMany(
        { _id: { $in: ids }, ...open },
        { $set: { status: 'RUNNING', fence } },
      );
    }
    return ids.map(String);
  }

  /** Ends runs that were begun under this fence. */
  async end(ids: readonly string[], fence: number, result: Partial<Run>): Promise<void> {
    if (ids.length === 0) return;
    await this.collection.updateMany(
      { _id: { $in: ids.map((id) => mongo.Long.fromString(id)) }, fence, status: 'RUNNING' },
      { $set: result },
    );
  }

  /** Runs, newest first. */
  async page(limit: number, cursor?: string): Promise<Page<Run>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : indexOfCursor(cursor);
    const documents = await this.collection
      .find({ _id: { $lt: mongo.Long.fromNumber(before) } }, { projection: { fence: 0 } })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(documents, limit, ({ _id }) => Number(_id), toRun);
  }

  private async insert(run: Omit<RunDocument, '_id'>): Promise<Run> {
    for (let id = run.startedAt.getTime(); ; id += 1) {
      try {
        await this.collection.insertOne({ _id: mongo.Long.fromNumber(id), ...run });
        return { id: String(id), ...run };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }
}

function toRun({ _id, ...run }: RunDocument): Run {
  return { id: String(_id), ...run };
}
