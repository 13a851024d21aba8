import { mongo } from 'mongoose';
import { InsertError } from './insert-command.ts';

const DUPLICATE_KEY = 11000;

/**
 * The bulk write failed for nothing but documents whose key is already taken; the rest is durable.
 *
 * The driver also wraps a lost connection or a change of primary in a bulk write error, one without a single
 * write error: then nothing is known of any document.
 */
export function isOnlyDuplicateKeys(error: unknown): boolean {
  if (!(error instanceof mongo.MongoBulkWriteError)) return false;
  const { writeErrors } = error;
  const all = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return (
    error.result.getWriteConcernError() === undefined &&
    all.length > 0 &&
    all.every(({ code }) => code === DUPLICATE_KEY)
  );
}

/** The insert failed for nothing but documents whose key is already taken. */
export function refusesOnlyDuplicates(error: unknown): error is InsertError {
  return error instanceof InsertError && error.refused.every(({ code }) => code === DUPLICATE_KEY);
}

/** The write failed because its key is already taken. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}
