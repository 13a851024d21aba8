import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { isOnlyDuplicateKeys } from './duplicate-keys.ts';

/** A bulk write error as the driver makes it. */
function bulkError({
  cause = { message: 'bulk write failed' },
  codes = [],
  isConfirmed = true,
}: {
  cause?: Error | { message: string };
  codes?: readonly number[];
  isConfirmed?: boolean;
}): mongo.MongoBulkWriteError {
  const result = { getWriteConcernError: () => (isConfirmed ? undefined : { code: 64 }) };
  const error = new mongo.MongoBulkWriteError(cause as Error, result as unknown as mongo.BulkWriteResult);
  error.writeErrors = codes.map((code) => ({ code }) as mongo.WriteError);
  return error;
}

describe(isOnlyDuplicateKeys.name, () => {
  it.each([
    ['every document that failed was there already', bulkError({ codes: [11000, 11000] }), true],
    ['one failed for another reason', bulkError({ codes: [11000, 121] }), false],
    ['the others were not confirmed', bulkError({ codes: [11000], isConfirmed: false }), false],
    ['the connection was lost', bulkError({ cause: new mongo.MongoNetworkError('closed') }), false],
    [
      'there was no primary',
      bulkError({ cause: new mongo.MongoServerError({ message: 'not primary', code: 10107 }) }),
      false,
    ],
    ['it was no bulk write', new mongo.MongoServerError({ message: 'taken', code: 11000 }), false],
  ])('%s', (_, error, expected) => {
    expect(isOnlyDuplicateKeys(error)).toBe(expected);
  });
});
