import type { mongo } from 'mongoose';

/** Acknowledged by a majority that has it in its journal (G1). */
export const DURABLE = {
  w: 'majority',
  journal: true,
  wtimeoutMS: 5_000,
} as const satisfies mongo.WriteConcernSettings;

/** Taken by the primary; a crash or an election may take it away again. */
export const TAKEN = { w: 1, journal: false } as const satisfies mongo.WriteConcernSettings;
