import type { mongo } from 'mongoose';
import type { LogEntry } from '../../../src/audit/format/leaf.ts';
import type { SessionState } from '../../../src/sessions/session-state.ts';
import { readSessionDocuments } from '../../support/session-documents.ts';
import { open, unwrapKey } from '../../../src/vault/envelope.ts';
import type { VaultDocument } from '../../../src/vault/vault.schema.ts';
import { eventually } from '../../support/eventually.ts';
import type { ServiceProcess } from '../../support/service-process.ts';

/** Everything that a ledger holds, read past the service. */
export interface LedgerContents {
  /** In the order of their indexes. */
  readonly entries: readonly LogEntry[];
  /** By uuid. */
  readonly sessions: ReadonlyMap<string, SessionState>;
  /** The bytes in the vault, by the id of the entry that they belong to. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** Waits for what a crash leaves for later: sessions behind the log, and results that nobody has judged. */
export async function untilAllIsProjected({ db }: ServiceProcess): Promise<void> {
  const size = await db.collection('audit_log').countDocuments();
  const watermarks = db.collection<{ _id: string; until: number }>('projection_watermarks');
  await eventually(async () => {
    const watermark = await watermarks.findOne({ _id: 'projections' });
    const unjudged = await db.collection('sessions').findOne({ unconcludedSince: { $exists: true } });
    return Number(watermark?.until ?? 0) >= size && unjudged === null;
  }, 60_000);
}

export async function readLedger(service: ServiceProcess): Promise<LedgerContents> {
  const { db } = service;
  const stored = await db
    .collection<{ _id: number; leaf: mongo.Binary }>('audit_log')
    .find({}, { projection: { leaf: 1 } })
    .sort({ _id: 1 })
    .toArray();
  const sessions = await readSessionDocuments(db);
  return {
    entries: stored.map(({ _id, leaf }) => ({
      ...(JSON.parse(bytesOf(leaf).toString()) as Omit<LogEntry, 'index'>),
      index: Number(_id),
    })),
    sessions: new Map(sessions.map(({ _id, state }) => [_id, state])),
    blobs: await readBlobs(service),
  };
}

/** The bytes in the vault by the id of their entry; all of them or those of some entries. */
export async function readBlobs(
  { db, env }: ServiceProcess,
  entryIds?: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const blobs = await db
    .collection<VaultDocument>('vault')
    .find(entryIds === undefined ? {} : { _id: { $in: [...entryIds] } })
    .toArray();
  const [id = '', key = ''] = env['VAULT_KEYS']!.split(':');
  const master = { id, key: Buffer.from(key, 'base64') };
  return new Map(blobs.map((blob) => [blob._id, unseal(blob, master)]));
}

function unseal(blob: VaultDocument, master: { id: string; key: Buffer }): Buffer {
  const wrapped = { keyId: blob.keyId, wrappedKey: bytesOf(blob.wrappedKey) };
  const sealed = { iv: bytesOf(blob.iv), tag: bytesOf(blob.tag), ciphertext: bytesOf(blob.ciphertext) };
  return open(unwrapKey([master], wrapped, blob.session), sealed, blob);
}

function bytesOf({ buffer }: mongo.Binary): Buffer {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
