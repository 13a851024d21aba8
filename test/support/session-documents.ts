import type { mongo } from 'mongoose';
import type { SessionDocument } from '../../src/sessions/session.schema.ts';
import type { SessionState } from '../../src/sessions/session-state.ts';

/** A document of `sessions` with its state read: what order its text has is of no meaning. */
export type ReadDocument<Document extends object> = Omit<Document, 'state'> & {
  readonly state: SessionState;
};

export function withState<Document extends { readonly state: string }>(
  document: Document,
): ReadDocument<Document> {
  return { ...document, state: JSON.parse(document.state) as SessionState };
}

export function sessionsOf(db: mongo.Db): mongo.Collection<SessionDocument> {
  return db.collection<SessionDocument>('sessions');
}

/** All sessions as they are projected, in the order of their uuids. */
export async function readSessionDocuments(db: mongo.Db): Promise<ReadDocument<SessionDocument>[]> {
  return (await sessionsOf(db).find().sort({ _id: 1 }).toArray()).map(withState);
}

/** Changes the projected state of a session behind the service's back. */
export async function alterState(
  db: mongo.Db,
  uuid: string,
  alter: (state: SessionState) => object,
): Promise<void> {
  const document = (await sessionsOf(db).findOne({ _id: uuid }))!;
  const state = JSON.stringify(alter(withState(document).state));
  await sessionsOf(db).updateOne({ _id: uuid }, { $set: { state } });
}
