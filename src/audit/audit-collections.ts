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
