import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { isOnlyDuplicateKeys } from '../platform/mongo/duplicate-keys.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { TILE_WIDTH } from './format/constants.ts';
import { rootOf } from './format/merkle.ts';
import { hashesOf, tilePath } from './format/tiles.ts';
import type { FullTile } from './log-tree.ts';

interface TileDocument {
  /** Path of the tile, such as `tile/0/x001/234`. */
  readonly _id: string;
  readonly hashes: mongo.Binary;
  /** Root over the hashes: what stands for this tile one level up. */
  readonly root: mongo.Binary;
}

/** A stored tile is not what the log gives: one of both was altered. */
export class TileDiffersError extends Error {
  override readonly name = 'TileDiffersError';
}

/** Full tiles. They never change, so they are inserted and read, nothing else. */
@Injectable()
export class TilesRepository {
  private readonly collection: mongo.Collection<TileDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<TileDocument>('audit_tiles', {
        readConcern: { level: 'majority' },
        writeConcern: DURABLE,
      });
  }

  /**
   * Stores tiles; one that is there already must be equal.
   * @throws TileDiffersError naming the tile
   */
  async putAll(tiles: readonly FullTile[]): Promise<void> {
    if (tiles.length === 0) return;
    const documents = tiles.map(({ level, index, hashes }) => ({
      _id: pathOf(level, index),
      hashes: new mongo.Binary(hashes),
      root: new mongo.Binary(rootOf(hashesOf(hashes))),
    }));
    try {
      await this.collection.insertMany(documents, { ordered: false });
    } catch (error) {
      if (!isOnlyDuplicateKeys(error)) throw error;
      for (const { level, index, hashes } of tiles) {
        const stored = await this.find(level, index);
        if (stored === null || !hashes.equals(stored))
          throw new TileDiffersError(`${pathOf(level, index)} differs`);
      }
    }
  }

  /** The 256 hashes of a full tile, or null. */
  async find(level: number, index: number): Promise<Buffer | null> {
    const tile = await this.collection.findOne({ _id: pathOf(level, index) }, { projection: { hashes: 1 } });
    return tile && Buffer.from(tile.hashes.buffer);
  }

  /** The roots of full tiles `[from, from + count)` of a level; fewer if some are missing. */
  async findRoots(level: number, from: number, count: number): Promise<Buffer[]> {
    const paths = Array.from({ length: count }, (_, offset) => pathOf(level, from + offset));
    const tiles = await this.collection.find({ _id: { $in: paths } }, { projection: { root: 1 } }).toArray();
    const roots = new Map(tiles.map(({ _id, root }) => [_id, Buffer.from(root.buffer)]));
    return paths.flatMap((path) => roots.get(path) ?? []);
  }
}

function pathOf(level: number, index: number): string {
  return tilePath({ level, index, width: TILE_WIDTH });
}
