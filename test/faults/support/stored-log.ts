import type { mongo } from 'mongoose';
import type { LogSource, SourceEntry } from '../../../src/verifier/source.ts';
import { pathOfTile, tilesAcross } from '../../../src/verifier/tile-layout.ts';

export interface StoredEntry {
  readonly _id: number;
  readonly leaf: mongo.Binary;
  readonly [field: string]: unknown;
}

export interface StoredCheckpoint {
  readonly _id: number;
  readonly size: number;
  readonly root: mongo.Binary;
  readonly note: mongo.Binary;
}

export interface StoredTile {
  readonly _id: string;
  readonly hashes: mongo.Binary;
  readonly root: mongo.Binary;
}

/** The documents of a log, in the order of their keys. Never changed in place: a changed log is another one. */
export interface StoredLog {
  readonly audit_log: readonly StoredEntry[];
  readonly audit_checkpoints: readonly StoredCheckpoint[];
  readonly audit_tiles: readonly StoredTile[];
}

export async function readStoredLog(db: mongo.Db): Promise<StoredLog> {
  const read = <Document extends { _id: number | string }>(name: string) =>
    db.collection<Document>(name).find().sort({ _id: 1 }).toArray() as Promise<Document[]>;
  return {
    audit_log: await read<StoredEntry>('audit_log'),
    audit_checkpoints: await read<StoredCheckpoint>('audit_checkpoints'),
    audit_tiles: await read<StoredTile>('audit_tiles'),
  };
}

const BATCH = 250;

/** The log as the verifier reads it from a database with these documents. */
export function sourceOf({ audit_log, audit_checkpoints, audit_tiles }: StoredLog): LogSource {
  const tiles = new Map(audit_tiles.map((tile) => [tile._id, tile]));
  return {
    newestCheckpoint() {
      const newest = audit_checkpoints.at(-1);
      return Promise.resolve(newest === undefined ? null : bytes(newest.note));
    },
    async *checkpoints() {
      for (const { _id, size, root, note } of audit_checkpoints) {
        yield await Promise.resolve({ note: bytes(note), stored: { number: _id, size, root: bytes(root) } });
      }
    },
    async *entries() {
      for (let at = 0; at < audit_log.length; at += BATCH) {
        yield await Promise.resolve(audit_log.slice(at, at + BATCH).map(sourceEntry));
      }
    },
    async *tiles(level, size) {
      for (const { index, width } of tilesAcross(level, size)) {
        if (width < 256) return;
        const tile = tiles.get(pathOfTile(level, index, width));
        yield await Promise.resolve(tile ? { hashes: bytes(tile.hashes), root: bytes(tile.root) } : null);
      }
    },
  };
}

function sourceEntry(document: StoredEntry): SourceEntry {
  return { index: document._id, leaf: bytes(document.leaf), document };
}

function bytes({ buffer }: mongo.Binary): Buffer {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
