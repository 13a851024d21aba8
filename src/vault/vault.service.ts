import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import type { Attachment, AttachmentStore } from '../audit/stream.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig, type MasterKey } from '../platform/config/app-config.ts';
import { refusesOnlyDuplicates } from '../platform/mongo/duplicate-keys.ts';
import { type Election, insertDocuments } from '../platform/mongo/insert-command.ts';
import { PrimaryChanges } from '../platform/mongo/primary-changes.service.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { newDataKey, open, seal, unwrapKey, type WrappedKey, wrapKey } from './envelope.ts';
import { VAULT_PLAN, vaultCollection, type VaultDocument } from './vault.schema.ts';

/** What is kept with an entry, under the entry's id. */
export const BLOB_KINDS = ['callback', 'pull', 'quarantine', 'comment'] as const;
export type BlobKind = (typeof BLOB_KINDS)[number];

/** Bytes to be kept, and where they belong. */
export interface Blob {
  /** Session uuid, or receipt id of a quarantined delivery. */
  readonly session: string;
  readonly kind: BlobKind;
  readonly bytes: Buffer;
  /** The session has blobs already, so its data key is to be used again. */
  readonly hasEarlier: boolean;
}

/** A session's data key, open and as it is kept. */
export interface SessionKey extends WrappedKey {
  readonly dataKey: Buffer;
}

const DAY_MS = 86_400_000;

/** The one home of personal data (G6): encrypted at rest, one data key a session, erasable. */
@Injectable()
export class Vault implements AttachmentStore {
  private readonly logger = new Logger(Vault.name);
  private readonly db: mongo.Db;
  private readonly collection: mongo.Collection<VaultDocument>;
  private readonly masters: readonly MasterKey[];
  private readonly legalHoldMs: number;

  constructor(
    @InjectConnection() connection: Connection,
    config: AppConfig,
    private readonly clock: Clock,
    private readonly primary: PrimaryChanges,
  ) {
    this.db = connection.getClient().db(connection.name);
    this.collection = vaultCollection(connection);
    this.masters = config.vault.masterKeys;
    this.legalHoldMs = config.vault.legalHoldDays * DAY_MS;
  }

  /** Wraps a blob for an entry; the appender makes it durable before the entry. */
  attachment(blob: Blob): Attachment {
    return { store: this, item: blob };
  }

  /** @see AttachmentStore.putAll */
  async putAll(
    attachments: readonly { readonly entryId: string; readonly item: unknown }[],
    durable: boolean,
  ): Promise<Election> {
    const blobs = attachments.map(({ entryId, item }) => ({ entryId, blob: item as Blob }));
    const keys = await this.keysOf(blobs.flatMap(({ blob }) => (blob.hasEarlier ? [blob.session] : [])));
    const documents = blobs.map(({ entryId, blob }) => ({
      document: this.sealBlob(entryId, blob, keys),
      bytes: blob.bytes.length,
    }));
    const writeConcern = durable ? DURABLE : this.primary.writeConcern;
    try {
      return await insertDocuments(this.db, VAULT_PLAN.name, documents, { ordered: false, writeConcern });
    } catch (error) {
      // An earlier attempt has stored some of them under the same entry ids.
      if (!refusesOnlyDuplicates(error)) throw error;
      return null;
    }
  }

  /**
   * Keeps the bytes of an entry once more if they are gone: between the entry and its answer both a primary and
   * this service may have died, and then the vendor's next try has what was lost.
   */
  async keepAgain(entryId: string, blob: Blob): Promise<void> {
    if ((await this.collection.findOne({ _id: entryId }, { projection: { _id: 1 } })) !== null) return;
    this.logger.warn('the bytes of a delivery were lost with a primary and are kept from its repetition');
    await this.putAll([{ entryId, item: blob }], true);
  }

  /**
   * The bytes that were kept with an entry, or null if they were erased.
   * @throws Error if the master key is missing or the blob was altered.
   */
  async find(entryId: string): Promise<Buffer | null> {
    const document = await this.collection.findOne({ _id: entryId });
    return document && this.openBlob(document);
  }

  /**
   * The bytes that were kept with each of these entries; those that were erased are left out.
   * @throws Error as {@link find} does
   */
  async findMany(entryIds: readonly string[]): Promise<Map<string, Buffer>> {
    const documents = await this.collection.find({ _id: { $in: [...entryIds] } }).toArray();
    return new Map(documents.map((document) => [document._id, this.openBlob(document)]));
  }

  /** When the last blob of a session may be erased; null if the session has none. */
  async findErasableAfter(session: string): Promise<Date | null> {
    const [latest] = await this.collection.find({ session }).sort({ erasableAfter: -1 }).limit(1).toArray();
    return latest?.erasableAfter ?? null;
  }

  /**
   * The data key of a session that has blobs, to seal what belongs to them.
   * @throws Error if it has none, or the master key is missing
   */
  async getSessionKey(session: string): Promise<SessionKey> {
    const key = (await this.keysOf([session])).get(session);
    if (key === undefined) throw new Error('the session has no data key');
    return key;
  }

  /** Everything that is kept for a session: ids of the entries, and when it was stored. */
  async list(session: string): Promise<{ entryId: string; createdAt: Date }[]> {
    const documents = await this.collection
      .find({ session }, { projection: { createdAt: 1 } })
      .sort({ createdAt: 1 })
      .toArray();
    return documents.map(({ _id, createdAt }) => ({ entryId: _id, createdAt }));
  }

  /** Destroys the blobs of these entries together with their keys. Returns how many there were. */
  async erase(entryIds: readonly string[]): Promise<number> {
    return (await this.collection.deleteMany({ _id: { $in: [...entryIds] } })).deletedCount;
  }

  private openBlob(document: VaultDocument): Buffer {
    const sealed = {
      iv: bytesOf(document.iv),
      tag: bytesOf(document.tag),
      ciphertext: bytesOf(document.ciphertext),
    };
    return open(this.unwrap(document), sealed, document);
  }

  private sealBlob(
    entryId: string,
    { session, kind, bytes }: Blob,
    keys: Map<string, SessionKey>,
  ): VaultDocument {
    const { dataKey, keyId, wrappedKey } = keys.get(session) ?? this.newKey(session);
    keys.set(session, { dataKey, keyId, wrappedKey });
    const { iv, tag, ciphertext } = seal(dataKey, bytes, { session, kind });
    const createdAt = this.clock.now();
    return {
      _id: entryId,
      session,
      kind,
      keyId,
      wrappedKey: new mongo.Binary(wrappedKey),
      iv: new mongo.Binary(iv),
      tag: new mongo.Binary(tag),
      ciphertext: new mongo.Binary(ciphertext),
      createdAt,
      erasableAfter: new Date(createdAt.getTime() + this.legalHoldMs),
    };
  }

  private async keysOf(sessions: readonly string[]): Promise<Map<string, SessionKey>> {
    const keys = new Map<string, SessionKey>();
    if (sessions.length === 0) return keys;
    const documents = this.collection
      .find(
        { session: { $in: [...new Set(sessions)] } },
        { projection: { session: 1, keyId: 1, wrappedKey: 1 } },
      )
      .sort({ session: 1, createdAt: 1 });
    for await (const document of documents) {
      if (keys.has(document.session)) continue;
      const key = this.findSessionKey(document);
      if (key !== null) keys.set(document.session, key);
    }
    return keys;
  }

  /** The session's key; null where its master key is gone, so that a new result is kept under a new key all the same. */
  private findSessionKey(
    document: Pick<VaultDocument, 'keyId' | 'wrappedKey' | 'session'>,
  ): SessionKey | null {
    try {
      return {
        dataKey: this.unwrap(document),
        keyId: document.keyId,
        wrappedKey: bytesOf(document.wrappedKey),
      };
    } catch (error) {
      this.logger.error(
        { err: error },
        'a session key can not be unwrapped; its earlier data can not be read',
      );
      return null;
    }
  }

  private newKey(session: string): SessionKey {
    const [active] = this.masters;
    if (active === undefined) throw new Error('VAULT_KEYS holds no key');
    const dataKey = newDataKey();
    return { dataKey, ...wrapKey(active, dataKey, session) };
  }

  private unwrap({
    keyId,
    wrappedKey,
    session,
  }: Pick<VaultDocument, 'keyId' | 'wrappedKey' | 'session'>): Buffer {
    return unwrapKey(this.masters, { keyId, wrappedKey: bytesOf(wrappedKey) }, session);
  }
}

function bytesOf(binary: mongo.Binary): Buffer {
  return Buffer.from(binary.buffer.buffer, binary.buffer.byteOffset, binary.length());
}
