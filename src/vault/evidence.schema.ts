import { type Connection, mongo } from 'mongoose';
import type { CollectionPlan } from '../platform/mongo/collections.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';

/** The GridFS bucket of sealed media. */
export const EVIDENCE_BUCKET = 'evidence';

/** What a file carries to be opened again: its key goes with it, so that removing the file destroys both. */
export interface EvidenceMetadata {
  /** uuid */
  readonly session: string;
  readonly kind: string;
  readonly keyId: string;
  readonly wrappedKey: mongo.Binary;
  /** Of the file's own key. */
  readonly salt: mongo.Binary;
  /** Before this time the law may demand that the file is kept. */
  readonly erasableAfter: Date;
}

export interface EvidenceFileDocument {
  readonly _id: mongo.ObjectId;
  /** Sealed bytes in each document of the file but the last. */
  readonly chunkSize: number;
  readonly metadata: EvidenceMetadata;
}

export interface EvidenceChunkDocument {
  readonly _id: mongo.ObjectId;
  readonly files_id: mongo.ObjectId;
  /** From 0. */
  readonly n: number;
  readonly data: mongo.Binary;
}

/** A file whose entry is not known to be in the log: being written, or left behind. */
export interface EvidenceUploadDocument {
  /** Of the file. */
  readonly _id: mongo.ObjectId;
  readonly session: string;
  readonly at: Date;
}

export const EVIDENCE_FILES_PLAN: CollectionPlan = {
  name: 'evidence.files',
  indexes: [
    { keys: { filename: 1, uploadDate: 1 }, serves: 'what every GridFS driver looks for before it writes' },
  ],
};

export const EVIDENCE_CHUNKS_PLAN: CollectionPlan = {
  name: 'evidence.chunks',
  indexes: [
    { keys: { files_id: 1, n: 1 }, unique: true, serves: 'the parts of a file in order, from any on' },
  ],
};

export const EVIDENCE_UPLOADS_PLAN: CollectionPlan = {
  name: 'evidence_uploads',
  indexes: [{ keys: { at: 1 }, serves: 'files that nothing has come of' }],
};

export const EVIDENCE_PLANS: readonly CollectionPlan[] = [
  EVIDENCE_FILES_PLAN,
  EVIDENCE_CHUNKS_PLAN,
  EVIDENCE_UPLOADS_PLAN,
];

export interface EvidenceCollections {
  readonly bucket: mongo.GridFSBucket;
  readonly files: mongo.Collection<EvidenceFileDocument>;
  readonly chunks: mongo.Collection<EvidenceChunkDocument>;
  readonly uploads: mongo.Collection<EvidenceUploadDocument>;
}

/** @param chunkBytes of sealed data in each of its documents */
export function evidenceCollections(connection: Connection, chunkBytes: number): EvidenceCollections {
  const db = connection.getClient().db(connection.name);
  const options = {
    readConcern: { level: 'majority' },
    writeConcern: DURABLE,
  } as const;
  return {
    bucket: new mongo.GridFSBucket(db, {
      bucketName: EVIDENCE_BUCKET,
      chunkSizeBytes: chunkBytes,
      writeConcern: options.writeConcern,
    }),
    files: db.collection(EVIDENCE_FILES_PLAN.name, options),
    chunks: db.collection(EVIDENCE_CHUNKS_PLAN.name, options),
    uploads: db.collection(EVIDENCE_UPLOADS_PLAN.name, options),
  };
}
