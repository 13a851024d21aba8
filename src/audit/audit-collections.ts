import { readFileSync } from 'node:fs';
import type { mongo } from 'mongoose';
import { CALLER_TYPES } from '../access/actor.ts';
import type { CollectionPlan } from '../platform/mongo/collections.ts';
import { AUDIT_LOG } from './audit-entry.schema.ts';

/** Data and not code, so that whoever runs the database can read and apply it without us. */
const VALIDATORS = JSON.parse(
  readFileSync(new URL('../../config/mongodb/validators.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, mongo.Document>>;

/** These collections refuse any document that is not one of theirs, even from a client that may insert. */
export const AUDIT_LOG_PLAN: CollectionPlan = {
  name: AUDIT_LOG,
  options: validatedBy(AUDIT_LOG),
  indexes: [
    { keys: { id: 1 }, unique: true, serves: 'recognising an entry that was written by a lost attempt' },
    { keys: { 'subject.id': 1, _id: 1 }, serves: 'folding a subject; timelines' },
    { keys: { action: 1, _id: 1 }, serves: 'entries by action' },
    {
      keys: { 'actor.id': 1, _id: 1 },
      serves: 'entries by a person or an API client; what the vendor and we do is nearly everything',
      onlyWhere: { 'actor.type': { $in: [...CALLER_TYPES] } },
    },
  ],
};

/** Full tiles by path. */
export const AUDIT_TILES_PLAN: CollectionPlan = {
  name: 'audit_tiles',
  options: validatedBy('audit_tiles'),
  indexes: [],
};

/** Checkpoints by number. */
export const AUDIT_CHECKPOINTS_PLAN: CollectionPlan = {
  name: 'audit_checkpoints',
  options: validatedBy('audit_checkpoints'),
  indexes: [{ keys: { size: 1 }, unique: true, serves: 'signing each size once' }],
};

/** What witnesses have signed. */
export const AUDIT_COSIGNATURES_PLAN: CollectionPlan = {
  name: 'audit_cosignatures',
  options: validatedBy('audit_cosignatures'),
  indexes: [{ keys: { checkpoint: 1 }, serves: 'the cosignatures of a checkpoint' }],
};

/** Everything the log consists of. The service inserts into these and reads them, nothing else. */
export const AUDIT_PLANS: readonly CollectionPlan[] = [
  AUDIT_LOG_PLAN,
  AUDIT_TILES_PLAN,
  AUDIT_CHECKPOINTS_PLAN,
  AUDIT_COSIGNATURES_PLAN,
];

/** How far the projections are; lost, they are folded from the first entry again. */
export const PROJECTION_WATERMARKS_PLAN: CollectionPlan = { name: 'projection_watermarks', indexes: [] };

/** What each instance has projected since the watermark; lost, it is looked at. */
export const TOLD_RANGES_PLAN: CollectionPlan = {
  name: 'told_ranges',
  indexes: [
    { keys: { at: 1 }, serves: 'forgetting an instance a day after its end', expireAfterSeconds: 86_400 },
  ],
};

/** What the last self-check found. */
export const SELF_CHECKS_PLAN: CollectionPlan = { name: 'self_checks', indexes: [] };

/** What is kept beside the log, none of it needed to prove anything. */
export const BESIDE_LOG_PLANS: readonly CollectionPlan[] = [
  PROJECTION_WATERMARKS_PLAN,
  TOLD_RANGES_PLAN,
  SELF_CHECKS_PLAN,
];

function validatedBy(name: string): mongo.CreateCollectionOptions {
  const validator = VALIDATORS[name];
  if (validator === undefined) throw new Error(`config/mongodb/validators.json has no ${name}`);
  return { validator, validationLevel: 'strict', validationAction: 'error' };
}
