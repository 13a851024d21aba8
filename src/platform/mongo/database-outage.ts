import { mongo } from 'mongoose';

const UNREACHABLE = new Set([
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
]);

/** Codes with which a server answers that stops, starts or is no longer the primary; the driver repeats reads on them. */
const CHANGING_STATE = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** The database could not be asked, or not now: the same call may well succeed a little later. */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof mongo.MongoError)) return false;
  return (
    UNREACHABLE.has(error.name) ||
    error.name.startsWith('MongoNetwork') ||
    CHANGING_STATE.has(Number(error.code)) ||
    error.hasErrorLabel('RetryableWriteError')
  );
}
