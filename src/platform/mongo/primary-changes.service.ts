import { EventEmitter } from 'node:events';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import type { Election } from './insert-command.ts';
import { DURABLE, TAKEN } from './write-concerns.ts';

const CHANGED = 'changed';

/**
 * Tells when a server was elected primary, be it another one or the same after a restart: what was written
 * without waiting for a majority may be gone then.
 */
@Injectable()
export class PrimaryChanges implements OnModuleInit, OnApplicationShutdown {
  private readonly events = new EventEmitter();
  private readonly client: mongo.MongoClient;
  private readonly db: mongo.Db;
  private elected: Election = null;

  constructor(@InjectConnection() connection: Connection) {
    this.client = connection.getClient();
    this.db = this.client.db(connection.name);
    this.client.on('serverDescriptionChanged', this.look);
  }

  async onModuleInit(): Promise<void> {
    const { electionId } = (await this.db.command({ hello: 1 })) as { electionId?: mongo.ObjectId };
    this.elected ??= electionId?.toHexString() ?? null;
  }

  /** The election that the primary has won, as far as this instance has heard. */
  get election(): Election {
    return this.elected;
  }

  /** How to write what can be written again after an election: durably where an election is not seen. */
  get writeConcern(): mongo.WriteConcernSettings {
    return this.elected === null ? DURABLE : TAKEN;
  }

  /** Calls `listener` after each election. */
  onChange(listener: () => void): void {
    this.events.on(CHANGED, listener);
  }

  onApplicationShutdown(): void {
    this.client.off('serverDescriptionChanged', this.look);
  }

  private readonly look = ({ newDescription }: mongo.ServerDescriptionChangedEvent): void => {
    const election = newDescription.electionId?.toHexString();
    if (election === undefined || election === this.elected) return;
    this.elected = election;
    this.events.emit(CHANGED);
  };
}
