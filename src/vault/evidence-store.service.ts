import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { Clock } from '../platform/clock.ts';
import { AppConfig, type MasterKey } from '../platform/config/app-config.ts';
import {
  type ByteRange,
  fileKeyOf,
  newSalt,
  openChunks,
  SEALED_CHUNK_BYTES,
  sealChunks,
  sealedRangeOf,
} from './chunk-cipher.ts';
import { unwrapKey } from './envelope.ts';
import {
  type EvidenceCollections,
  evidenceCollections,
  type EvidenceFileDocument,
  type EvidenceMetadata,
} from './evidence.schema.ts';
import { Vault } from './vault.service.ts';

/** Media as they were stored. */
export interface StoredMedia {
  readonly fileId: string;
  /** SHA-256 of the plain bytes, lower-case hex. */
  readonly sha256: string;
  /** How many plain bytes. */
  readonly bytes: number;
}

/** A file that was written, but whose entry may not be in the log. */
export interface UnsettledMedia {
  readonly fileId: string;
  readonly session: string;
}

const DAY_MS = 86_400_000;
/** Sealed chunks to a document of the database: about 1 MiB, so that few writes wait for a majority. */
const CHUNKS_IN_DOCUMENT = 16;

/**
 * The media of sessions in the GridFS bucket `evidence`, sealed chunk by chunk under the session's data key.
 * Bytes flow through: neither writing nor reading holds more than a few MiB of a file.
 *
 * The log decides what is evidence. A file is noted before its first byte is written, and the note goes once
 * its entry is in the log; so whatever a crash leaves behind is found by its note.
 */
@Injectable()
export class EvidenceStore {
  private readonly logger = new Logger(EvidenceStore.name);
  private readonly stored: EvidenceCollections;
  private readonly masters: readonly MasterKey[];
  private readonly legalHoldMs: number;

  constructor(
    @InjectConnection() connection: Connection,
    { vault: { masterKeys, legalHoldDays } }: AppConfig,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {
    this.stored = evidenceCollections(connection, CHUNKS_IN_DOCUMENT * SEALED_CHUNK_BYTES);
    this.masters = masterKeys;
    this.legalHoldMs = legalHoldDays * DAY_MS;
  }

  /**
   * Stores media, durable when it resolves. The caller MUST {@link settle} the file once its entry is in the log.
   * @throws whatever `plain` throws, and then nothing is kept; Error if the session has no data key
   */
  async put(session: string, kind: string, plain: AsyncIterable<Buffer>): Promise<StoredMedia> {
    const { dataKey, keyId, wrappedKey } = await this.vault.getSessionKey(session);
    const now = this.clock.now();
    const id = new mongo.ObjectId();
    const fileId = id.toHexString();
    await this.stored.uploads.insertOne({ _id: id, session, at: now });

    const salt = newSalt();
    const metadata: EvidenceMetadata = {
      session,
      kind,
      keyId,
      wrappedKey: new mongo.Binary(wrappedKey),
      salt: new mongo.Binary(salt),
      erasableAfter: new Date(now.getTime() + this.legalHoldMs),
    };
    const upload = this.stored.bucket.openUploadStreamWithId(id, `${session}/${kind}`, { metadata });
    const measure = new Measure();
    const key = fileKeyOf(dataKey, salt, { session, kind, file: fileId });
    try {
      await pipeline(Readable.from(sealChunks(key, measure.of(plain)), { highWaterMark: 1 }), upload);
    } catch (error) {
      // A write under way may still land after this; the note stays, and with it a later run finds the rest.
      await this.erase([fileId]).catch((cause: unknown) => {
        this.logger.warn({ err: cause }, 'parts of a file that was given up are removed later');
      });
      throw error;
    }
    return { fileId, sha256: measure.sha256, bytes: measure.bytes };
  }

  /** The file's entry is in the log, so it is no orphan. */
  async settle(fileId: string): Promise<void> {
    await this.stored.uploads.deleteOne({ _id: new mongo.ObjectId(fileId) });
  }

  /**
   * Opens a part of a file; null if it was erased.
   * @param bytes length of the whole file as the log has it
   * @returns the bytes; going through them throws if they were altered
   */
  async open(
    { fileId, bytes }: Pick<StoredMedia, 'fileId' | 'bytes'>,
    range: ByteRange,
  ): Promise<AsyncGenerator<Buffer> | null> {
    const id = new mongo.ObjectId(fileId);
    const file = await this.stored.files.findOne({ _id: id });
    if (file === null) return null;
    const { session, kind, keyId, wrappedKey, salt } = file.metadata;
    const dataKey = unwrapKey(this.masters, { keyId, wrappedKey: bytesOf(wrappedKey) }, session);
    const key = fileKeyOf(dataKey, bytesOf(salt), { session, kind, file: fileId });
    return openChunks(key, this.read(file, sealedRangeOf(range, bytes)), range, bytes);
  }

  /** When the last of these files may be erased; null if none is there. */
  async findErasableAfter(fileIds: readonly string[]): Promise<Date | null> {
    const [latest] = await this.stored.files
      .find({ _id: { $in: idsOf(fileIds) } })
      .sort({ 'metadata.erasableAfter': -1 })
      .limit(1)
      .toArray();
    return latest?.metadata.erasableAfter ?? null;
  }

  /** Destroys files together with their keys. */
  async erase(fileIds: readonly string[]): Promise<void> {
    const ids = idsOf(fileIds);
    if (ids.length === 0) return;
    // The key lies in here; without it the chunks are noise, should this go no further.
    await this.stored.files.deleteMany({ _id: { $in: ids } });
    await this.stored.chunks.deleteMany({ files_id: { $in: ids } });
  }

  /** Files begun before `before` that were never settled, the oldest first. */
  async findUnsettled(before: Date, limit: number): Promise<UnsettledMedia[]> {
    const notes = await this.stored.uploads
      .find({ at: { $lt: before } })
      .sort({ at: 1 })
      .limit(limit)
      .toArray();
    return notes.map(({ _id, session }) => ({ fileId: _id.toHexString(), session }));
  }

  /** Not through the driver's bucket, which takes 16 MiB at once from the database. */
  private async *read(
    { _id, chunkSize }: EvidenceFileDocument,
    { start, end }: ByteRange,
  ): AsyncGenerator<Buffer> {
    const n = { $gte: Math.floor(start / chunkSize), $lte: Math.floor(end / chunkSize) };
    const documents = this.stored.chunks.find({ files_id: _id, n }).sort({ n: 1 }).batchSize(2);
    for await (const { n: index, data } of documents) {
      const offset = index * chunkSize;
      yield bytesOf(data).subarray(Math.max(0, start - offset), end - offset + 1);
    }
  }
}

/** Length and digest of bytes that pass. */
class Measure {
  bytes = 0;
  private readonly hash = createHash('sha256');

  async *of(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      this.bytes += piece.length;
      this.hash.update(piece);
      yield piece;
    }
  }

  get sha256(): string {
    return this.hash.digest('hex');
  }
}

function idsOf(fileIds: readonly string[]): mongo.ObjectId[] {
  return fileIds.map((fileId) => new mongo.ObjectId(fileId));
}

function bytesOf(binary: mongo.Binary): Buffer {
  return Buffer.from(binary.buffer.buffer, binary.buffer.byteOffset, binary.length());
}
