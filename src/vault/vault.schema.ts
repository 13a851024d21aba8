import { type Connection, mongo } from 'mongoose';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import type { CollectionPlan } from '../platform/mongo/collections.ts';

/** A sealed blob. Its id is the id of the audit entry that refers to it. */
export interface VaultDocument {
  readonly _id: string;
  /** Session uuid, or receipt id of a quarantined delivery. */
  readonly session: string;
  readonly kind: string;
  readonly keyId: string;
  readonly wrappedKey: mongo.Binary;
  readonly iv: mongo.Binary;
  readonly tag: mongo.Binary;
  readonly ciphertext: mongo.Binary;
  readonly createdAt: Date;
  /** Before this time the law may demand that the data is kept. */
  readonly erasableAfter: Date;
}

export const VAULT_PLAN: CollectionPlan = {
  name: 'vault',
  indexes: [{ keys: { session: 1, createdAt: 1 }, serves: "a session's data key; erasure" }],
};

export function vaultCollection(connection: Connection): mongo.Collection<VaultDocument> {
  return connection.getClient().db(connection.name).collection<VaultDocument>(VAULT_PLAN.name, {
    writeConcern: DURABLE,
  });
}
