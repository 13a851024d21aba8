import { mongo } from 'mongoose';
import { AUDIT_PLANS } from '../../../src/audit/audit-collections.ts';
import { type AuditEntryDocument, toDocument } from '../../../src/audit/audit-entry.schema.ts';
import { decodeLeaf, encodeLeaf, type EntryContent } from '../../../src/audit/format/leaf.ts';
import { signCheckpoint } from '../../../src/audit/format/checkpoint.ts';
import { leafHash, rootOf } from '../../../src/audit/format/merkle.ts';
import type { NoteSigner } from '../../../src/audit/format/signed-note.ts';
import { hashesOf, tilePath } from '../../../src/audit/format/tiles.ts';
import { provideCollection } from '../../../src/platform/mongo/collections.ts';
import { LogTree } from '../../../src/audit/log-tree.ts';
import type { StoredLog } from './stored-log.ts';

const COLLECTIONS = ['audit_log', 'audit_tiles', 'audit_checkpoints', 'audit_cosignatures'];
/** What MongoDB stores is read and written back byte for byte. */
const VERBATIM = { promoteValues: false } as const;
const UNCHECKED = { bypassDocumentValidation: true } as const;

/** Everything that a database holds of a log, as a backup has it. */
export type Backup = ReadonlyMap<string, readonly mongo.Document[]>;

/** Someone with every right on the database, who knows how the log is stored. */
export class Attacker {
  private readonly db: mongo.Db;
  private readonly log: mongo.Collection<AuditEntryDocument>;

  constructor(db: mongo.Db) {
    this.db = db;
    this.log = db.collection<AuditEntryDocument>('audit_log');
  }

  async entry(index: number): Promise<EntryContent> {
    const document = await this.log.findOne({ _id: mongo.Long.fromNumber(index) });
    return decodeLeaf(document!.leaf.buffer);
  }

  /** Puts another entry in the place of one, every stored field in agreement with it. */
  async replace(index: number, over: Partial<EntryContent>): Promise<void> {
    const content = { ...(await this.entry(index)), ...over };
    await this.log.replaceOne(
      { _id: mongo.Long.fromNumber(index) },
      withoutId(toDocument(index, content, encodeLeaf(content))),
    );
  }

  /** Sets stored fields of an entry and leaves its other fields alone. */
  async set(index: number, fields: mongo.Document): Promise<void> {
    await this.log.updateOne({ _id: mongo.Long.fromNumber(index) }, { $set: fields }, UNCHECKED);
  }

  async remove(...indexes: readonly number[]): Promise<void> {
    await this.log.deleteMany({ _id: { $in: indexes.map((index) => mongo.Long.fromNumber(index)) } });
  }

  /** Stores an entry under any key that MongoDB takes. */
  async insertAt(key: unknown, content: EntryContent): Promise<void> {
    const document = { ...toDocument(0, content, encodeLeaf(content)), _id: key };
    // The driver's own insert gives a document another key in place of null.
    await this.db.command({ insert: 'audit_log', documents: [document], bypassDocumentValidation: true });
  }

  /** Stores an entry that has one more field, even one whose name another field has already. */
  async replaceWithExtra(index: number, name: string, value: unknown): Promise<void> {
    const _id = mongo.Long.fromNumber(index);
    const document = await this.log.findOne({ _id }, VERBATIM);
    const { _id: _, ...fields } = document!;
    await this.remove(index);
    const documents = [new Fields([['_id', _id], [name, value], ...Object.entries(fields)])];
    await this.db.command({ insert: 'audit_log', documents, bypassDocumentValidation: true });
  }

  /** Writes the entries anew in another order or number, densely indexed. */
  async rearrange(change: (entries: EntryContent[]) => EntryContent[]): Promise<void> {
    const documents = await this.log.find().sort({ _id: 1 }).toArray();
    const entries = change(documents.map(({ leaf }) => decodeLeaf(leaf.buffer)));
    // An entry that comes twice has its id twice.
    await this.log.dropIndexes();
    await this.log.deleteMany({});
    await this.log.insertMany(
      entries.map((content, index) => toDocument(index, content, encodeLeaf(content))),
    );
  }

  /** Takes away every index that keeps something from coming twice. */
  async dropIndexes(): Promise<void> {
    for (const name of COLLECTIONS) await this.db.collection(name).dropIndexes();
  }

  /** Makes the database, which holds the documents of `from`, hold those of `to`. */
  async put(from: StoredLog, to: StoredLog): Promise<void> {
    for (const name of ['audit_log', 'audit_tiles', 'audit_checkpoints'] as const) {
      const [before, after] = [new Set<mongo.Document>(from[name]), new Set<mongo.Document>(to[name])];
      const gone = from[name].filter((document) => !after.has(document)).map(({ _id }) => _id as never);
      const added: mongo.Document[] = to[name].filter((document) => !before.has(document));
      await this.db.collection(name).deleteMany({ _id: { $in: gone } });
      if (added.length > 0) await this.db.collection(name).insertMany(added, UNCHECKED);
    }
  }

  /** Makes the tiles those of the entries that are there now. */
  async rebuildTiles(): Promise<void> {
    const tree = await this.treeOf(Infinity);
    const tiles = tree.takeFullTiles().map(({ level, index, hashes }) => ({
      _id: tilePath({ level, index, width: 256 }),
      hashes: new mongo.Binary(hashes),
      root: new mongo.Binary(rootOf(hashesOf(hashes))),
    }));
    await this.db.collection('audit_tiles').deleteMany({});
    await this.db.collection<{ _id: string }>('audit_tiles').insertMany(tiles);
  }

  /** Signs a checkpoint over the entries that are there now, with a key that was stolen. */
  async signAgain(size: number, origin: string, signers: readonly NoteSigner[]): Promise<void> {
    const tree = await this.treeOf(size);
    const note = signCheckpoint({ origin, size, root: tree.root(), extensions: [] }, signers);
    await this.db
      .collection('audit_checkpoints')
      .updateOne({ size }, { $set: { root: new mongo.Binary(tree.root()), note: new mongo.Binary(note) } });
  }

  /** Takes away all that was signed, so that the service signs what is there. */
  async forgetSignatures(): Promise<void> {
    for (const name of ['audit_checkpoints', 'audit_cosignatures', 'audit_tiles']) {
      await this.db.collection(name).deleteMany({});
    }
  }

  private async treeOf(size: number): Promise<LogTree> {
    const tree = LogTree.empty();
    const entries = this.log.find({ _id: { $lt: size } }).sort({ _id: 1 });
    for await (const { leaf } of entries) tree.append(leafHash(leaf.buffer));
    return tree;
  }

  async backUp(): Promise<Backup> {
    const backup = new Map<string, mongo.Document[]>();
    for (const name of COLLECTIONS)
      backup.set(name, await this.db.collection(name).find({}, VERBATIM).toArray());
    return backup;
  }

  /** Brings collections back to what they were. */
  async restore(backup: Backup, names: readonly string[] = COLLECTIONS): Promise<void> {
    for (const name of names) {
      const documents = backup.get(name) ?? [];
      await this.db.collection(name).deleteMany({});
      if (documents.length > 0) await this.db.collection(name).insertMany([...documents]);
    }
    for (const plan of AUDIT_PLANS) await provideCollection(this.db, plan);
  }
}

/** A document with its fields as they are listed, which no object can have twice. */
class Fields extends Map<string, unknown> {
  private readonly list: readonly (readonly [string, unknown])[];

  constructor(list: readonly (readonly [string, unknown])[]) {
    super();
    this.list = list;
  }

  override entries(): MapIterator<[string, unknown]> {
    return this.list.values() as MapIterator<never>;
  }
}

function withoutId({ _id, ...fields }: AuditEntryDocument): Omit<AuditEntryDocument, '_id'> {
  return fields;
}
