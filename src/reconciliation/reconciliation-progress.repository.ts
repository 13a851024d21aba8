import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { DURABLE, TAKEN } from '../platform/mongo/write-concerns.ts';
import { isOnlyDuplicateKeys } from '../platform/mongo/duplicate-keys.ts';
import { RECONCILIATION_DUE_PLAN, RECONCILIATION_PROGRESS_PLAN } from './reconciliation-collections.ts';

/** What is walked in log order. */
export type Walk = 'sessions' | 'quarantine';

interface ProgressDocument {
  readonly _id: Walk;
  /** Everything up to this log index was looked at. */
  readonly index: mongo.Long | number;
}

interface DueDocument {
  /** uuid */
  readonly _id: string;
  /** Log index of the session's state from which the time follows. */
  readonly index: mongo.Long | number;
  readonly at: Date;
}

/** When a session is to be looked at again though nothing has happened to it; null for never. */
export interface DueSession {
  readonly uuid: string;
  readonly index: number;
  readonly at: Date | null;
}

/** How far reconciliation has come. Dropping both collections makes it look at everything once more, no worse. */
@Injectable()
export class ReconciliationProgress {
  private readonly progress: mongo.Collection<ProgressDocument>;
  private readonly due: mongo.Collection<DueDocument>;

  constructor(@InjectConnection() connection: Connection) {
    const db = connection.getClient().db(connection.name);
    // Lost in an election, it makes the next round look at the same once more. What is due must not be lost: nobody
    // would look at that again.
    this.progress = db.collection(RECONCILIATION_PROGRESS_PLAN.name, { writeConcern: TAKEN });
    this.due = db.collection(RECONCILIATION_DUE_PLAN.name, { writeConcern: DURABLE });
  }

  /**
   * The log index up to which a walk has come; -1 before the first. What was said a moment ago may not show yet:
   * whoever is walking knows better.
   */
  async reached(walk: Walk): Promise<number> {
    return Number((await this.progress.findOne({ _id: walk }))?.index ?? -1);
  }

  /** Moves a walk on; never back, so that a holder that was paused does no harm. */
  async reach(walk: Walk, { from, to }: { readonly from: number; readonly to: number }): Promise<void> {
    if (to <= from) return;
    await this.progress.updateOne(
      { _id: walk },
      { $max: { index: mongo.Long.fromNumber(to) } },
      { upsert: true },
    );
  }

  /** Notes when sessions are to be looked at again; what follows from a newer state stays. */
  async schedule(sessions: readonly DueSession[]): Promise<void> {
    const noted = await this.noted(sessions.filter(({ at }) => at === null));
    const operations = sessions.flatMap(({ uuid, index, at }): mongo.AnyBulkWriteOperation<DueDocument>[] => {
      const filter = { _id: uuid, index: { $lte: mongo.Long.fromNumber(index) } };
      if (at === null) return noted.has(uuid) ? [{ deleteOne: { filter } }] : [];
      const update = { $set: { index: mongo.Long.fromNumber(index), at } };
      return [{ updateOne: { filter, update, upsert: true } }];
    });
    if (operations.length === 0) return;
    try {
      await this.due.bulkWrite(operations, { ordered: false });
    } catch (error) {
      if (!isOnlyDuplicateKeys(error)) throw error;
    }
  }

  /** Those for which something is noted: few are, and to look costs less than to delete what isn't there. */
  private async noted(sessions: readonly DueSession[]): Promise<Set<string>> {
    if (sessions.length === 0) return new Set();
    const documents = this.due.find(
      { _id: { $in: sessions.map(({ uuid }) => uuid) } },
      { projection: { _id: 1 } },
    );
    return new Set((await documents.toArray()).map(({ _id }) => _id));
  }

  /** Sessions to be looked at by `time`, the most overdue first. */
  async findDue(time: Date, limit: number): Promise<string[]> {
    const documents = await this.due
      .find({ at: { $lte: time } })
      .sort({ at: 1 })
      .limit(limit)
      .toArray();
    return documents.map(({ _id }) => _id);
  }

  /** Forgets sessions that don't exist. */
  async forget(uuids: readonly string[]): Promise<void> {
    if (uuids.length > 0) await this.due.deleteMany({ _id: { $in: [...uuids] } });
  }
}
