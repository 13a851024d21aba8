import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { isDatabaseOutage } from './database-outage.ts';

function labelled(label: string): mongo.MongoServerError {
  const error = new mongo.MongoServerError({ message: 'failed', code: 1 });
  error.addErrorLabel(label);
  return error;
}

describe(isDatabaseOutage.name, () => {
  it.each<[string, unknown, boolean]>([
    ['no server', new mongo.MongoServerSelectionError('none', {} as mongo.TopologyDescription), true],
    ['a lost connection', new mongo.MongoNetworkError('closed'), true],
    ['a time-out of the network', new mongo.MongoNetworkTimeoutError('silent'), true],
    ['a primary that steps down', new mongo.MongoServerError({ message: 'stepped down', code: 189 }), true],
    ['a write that the driver may repeat', labelled('RetryableWriteError'), true],
    ['a document that is refused', new mongo.MongoServerError({ message: 'invalid', code: 121 }), false],
    ['a key that is taken', new mongo.MongoServerError({ message: 'taken', code: 11000 }), false],
    ['a bug of ours', new TypeError('undefined is no function'), false],
  ])('%s', (_, error, expected) => {
    expect(isDatabaseOutage(error)).toBe(expected);
  });
});
