import { mongo } from 'mongoose';

/**
 * Id of the election that the primary which took a write had won, or null where none is told, as by the router
 * of a sharded cluster. Primaries replicate and journal in order: a write is durable as soon as a later one of
 * the same election is.
 */
export type Election = string | null;

/** A document of an insert, with about how many bytes it takes. */
export interface SizedDocument {
  readonly document: mongo.Document;
  readonly bytes: number;
}

export interface InsertOptions {
  /** Stops at the first document that can't be inserted; otherwise all are tried. */
  readonly ordered: boolean;
  readonly writeConcern: mongo.WriteConcernSettings;
  /** Its reads show what was inserted. Of a failed insert they show what they would have shown without it. */
  readonly readBy?: mongo.ClientSession;
}

/** A command may have 48 MB; this leaves room for what a document has beside its large field. */
const MAX_COMMAND_BYTES = 32 * 1024 * 1024;
const MAX_COMMAND_DOCUMENTS = 1_000;

interface Refusal {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

interface InsertReply {
  readonly electionId?: mongo.ObjectId;
  readonly operationTime?: mongo.Timestamp;
  readonly writeErrors?: readonly Refusal[];
  readonly writeConcernError?: { readonly code: number; readonly errmsg: string };
}

/** Some documents were not inserted, each for its own reason. */
export class InsertError extends mongo.MongoServerError {
  /** The documents that were not inserted, by their place in the list, with the server's codes. */
  readonly refused: readonly Refusal[];

  constructor(refused: readonly Refusal[]) {
    super({ ...refused[0] });
    this.refused = refused;
  }
}

/**
 * Inserts by the bare command, which tells what the driver's own insert keeps to itself: under which primary.
 * It is never sent twice; whoever calls it knows what to do when the answer is lost.
 * @returns the election under which all of them were inserted; null if there were several
 * @throws InsertError if documents were refused, MongoError if the outcome is unknown
 */
export async function insertDocuments(
  db: mongo.Db,
  collection: string,
  documents: readonly SizedDocument[],
  { ordered, writeConcern: { w, journal, wtimeoutMS }, readBy }: InsertOptions,
): Promise<Election> {
  const writeConcern = { w, j: journal, ...(wtimeoutMS !== undefined && { wtimeout: wtimeoutMS }) };
  const elections = new Set<Election>();
  const refused: Refusal[] = [];
  let before = 0;
  for (const part of partsOf(documents)) {
    const reply = (await db.command({
      insert: collection,
      documents: part,
      ordered,
      writeConcern,
    })) as InsertReply;
    if (reply.writeConcernError) throw new mongo.MongoServerError(reply.writeConcernError);
    for (const refusal of reply.writeErrors ?? [])
      refused.push({ ...refusal, index: before + refusal.index });
    before += part.length;
    if (ordered && refused.length > 0) break;
    if (reply.operationTime) readBy?.advanceOperationTime(reply.operationTime);
    elections.add(reply.electionId?.toHexString() ?? null);
  }
  if (refused.length > 0) throw new InsertError(refused);
  const [election = null] = elections;
  return elections.size === 1 ? election : null;
}

function partsOf(documents: readonly SizedDocument[]): mongo.Document[][] {
  const parts: mongo.Document[][] = [];
  let room = 0;
  for (const { document, bytes } of documents) {
    const part = parts.at(-1);
    if (part !== undefined && part.length < MAX_COMMAND_DOCUMENTS && bytes <= room) part.push(document);
    else {
      parts.push([document]);
      room = MAX_COMMAND_BYTES;
    }
    room -= bytes;
  }
  return parts;
}
