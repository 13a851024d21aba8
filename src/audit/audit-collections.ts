import type { CollectionPlan } from '../platform/mongo/collections.ts';
import { AUDIT_LOG } from './audit-entry.schema.ts';

/** The log refuses any document that is not an entry, even from a client that has the right to insert. */
export const AUDIT_LOG_PLAN: CollectionPlan = {
  name: AUDIT_LOG,
  options: {
    validationLevel: 'strict',
    validationAction: 'error',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['_id', 'id', 'at', 'action', 'subject', 'actor', 'leaf'],
        properties: {
          _id: { bsonType: 'long', minimum: 0 },
          id: {
            bsonType: 'string',
            pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
          },
          at: { bsonType: 'date' },
          action: { bsonType: 'string', pattern: '^[a-z_]+\\.[a-z_]+$' },
          subject: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['type', 'id'],
            properties: { type: { bsonType: 'string' }, id: { bsonType: 'string' } },
          },
          actor: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['type', 'id'],
            properties: {
              type: { bsonType: 'string' },
              id: { bsonType: 'string' },
              via: { bsonType: 'string' },
            },
          },
          leaf: { bsonType: 'binData' },
        },
      },
    },
  },
  indexes: [
    { keys: { id: 1 }, unique: true, serves: 'recognising an entry that was written by a lost attempt' },
    { keys: { 'subject.id': 1, _id: 1 }, serves: 'folding a subject; timelines' },
    { keys: { action: 1, _id: 1 }, serves: 'entries by action' },
  ],
};

/** Full tiles by path; {@link AUDIT_LOG_PLAN} says why a validator. */
export const AUDIT_TILES_PLAN: CollectionPlan = {
  name: 'audit_tiles',
  options: {
    validationLevel: 'strict',
    validationAction: 'error',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['_id', 'hashes', 'root'],
        properties: {
          _id: { bsonType: 'string', pattern: '^tile/[0-9]{1,2}/(x[0-9]{3}/)*[0-9]{3}$' },
          hashes: { bsonType: 'binData' },
          root: { bsonType: 'binData' },
        },
      },
    },
  },
  indexes: [],
};

/** Checkpoints by number. */
export const AUDIT_CHECKPOINTS_PLAN: CollectionPlan = {
  name: 'audit_checkpoints',
  options: {
    validationLevel: 'strict',
    validationAction: 'error',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['_id', 'size', 'root', 'note', 'at'],
        properties: {
          _id: { bsonType: 'long', minimum: 0 },
          size: { bsonType: 'long', minimum: 0 },
          root: { bsonType: 'binData' },
          note: { bsonType: 'binData' },
          at: { bsonType: 'date' },
        },
      },
    },
  },
  indexes: [{ keys: { size: 1 }, unique: true, serves: 'signing each size once' }],
};

/** What witnesses have signed. */
export const AUDIT_COSIGNATURES_PLAN: CollectionPlan = {
  name: 'audit_cosignatures',
  options: {
    validationLevel: 'strict',
    validationAction: 'error',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['_id', 'checkpoint', 'line'],
        properties: {
          _id: { bsonType: 'string' },
          checkpoint: { bsonType: 'long' },
          line: { bsonType: 'string' },
        },
      },
    },
  },
  indexes: [{ keys: { checkpoint: 1 }, serves: 'the cosignatures of a checkpoint' }],
};

/** Everything the log consists of. The service inserts into these and reads them, nothing else. */
export const AUDIT_PLANS: readonly CollectionPlan[] = [
  AUDIT_LOG_PLAN,
  AUDIT_TILES_PLAN,
  AUDIT_CHECKPOINTS_PLAN,
  AUDIT_COSIGNATURES_PLAN,
];
