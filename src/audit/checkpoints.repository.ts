import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';

/** A signed statement of the log about itself. */
export interface StoredCheckpoint {
  /** Dense, from 0. */
  readonly number: number;
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, byte for byte. */
  readonly note: Buffer;
  readonly at: Date;
}

interface CheckpointDocument {
  readonly _id: mongo.Long | number;
  readonly size: mongo.Long | number;
  readonly root: mongo.Binary;
  readonly note: mongo.Binary;
  readonly at: Date;
}

/** What a witness has signed. */
interface CosignatureDocument {
  /** Checkpoint number and key id of the witness. */
  readonly _id: string;
  readonly checkpoint: mongo.Long | number;
  /** The signature line as the witness gave it. */
  readonly line: string;
}

/** Checkpoints and their cosignatures: an insert-only chain in which every number and every size is taken once. */
@Injectable()
export class CheckpointsRepository {
  private readonly checkpoints: mongo.Collection<CheckpointDocument>;
  private readonly cosignatures: mongo.Collection<CosignatureDocument>;

  constructor(@InjectConnection() connection: Connection) {
    const db = connection.getClient().db(connection.name);
    const options = { readConcern: { level: 'majority' as const }, writeConcern: DURABLE };
    this.checkpoints = db.collection<CheckpointDocument>('audit_checkpoints', options);
    this.cosignatures = db.collection<CosignatureDocument>('audit_cosignatures', options);
  }

  async findLatest(): Promise<StoredCheckpoint | null> {
    const [latest] = await this.checkpoints.find().sort({ _id: -1 }).limit(1).toArray();
    return latest ? read(latest) : null;
  }

  /** The newest checkpoint that at least `quorum` witnesses have signed. */
  async findLatestCosigned(quorum: number): Promise<StoredCheckpoint | null> {
    if (quorum === 0) return this.findLatest();
    const signatures = new Map<number, number>();
    for await (const { checkpoint } of this.cosignatures.find().sort({ checkpoint: -1 })) {
      const number = Number(checkpoint);
      const count = (signatures.get(number) ?? 0) + 1;
      signatures.set(number, count);
      if (count >= quorum) return this.find(number);
    }
    return null;
  }

  private async find(number: number): Promise<StoredCheckpoint | null> {
    const checkpoint = await this.checkpoints.findOne({ _id: mongo.Long.fromNumber(number) });
    return checkpoint && read(checkpoint);
  }

  /** Compare-and-set by insert: false if another instance has taken the number or the size. */
  async insert({ number, size, root, note, at }: StoredCheckpoint): Promise<boolean> {
    try {
      await this.checkpoints.insertOne({
        _id: mongo.Long.fromNumber(number),
        size: mongo.Long.fromNumber(size),
        root: new mongo.Binary(root),
        note: new mongo.Binary(note),
        at,
      });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Keeps a witness's signature line; a second one of the same witness for the same checkpoint is dropped. */
  async addCosignature(checkpoint: number, keyId: string, line: string): Promise<void> {
    try {
      await this.cosignatures.insertOne({
        _id: `${checkpoint}/${keyId}`,
        checkpoint: mongo.Long.fromNumber(checkpoint),
        line,
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** The signature lines that witnesses gave for a checkpoint. */
  async findCosignatures(checkpoint: number): Promise<string[]> {
    const documents = await this.cosignatures
      .find({ checkpoint: mongo.Long.fromNumber(checkpoint) })
      .sort({ _id: 1 })
      .toArray();
    return documents.map(({ line }) => line);
  }
}

function read({ _id, size, root, note, at }: CheckpointDocument): StoredCheckpoint {
  return {
    number: Number(_id),
    size: Number(size),
    root: Buffer.from(root.buffer),
    note: Buffer.from(note.buffer),
    at,
  };
}
