/** Reads every entry over the verifier's cursor and hashes its leaf, nothing else: the most that any verifier reaches. */
import { hash } from 'node:crypto';
import { mongo } from 'mongoose';

const BATCH = 250;

const [uri] = process.argv.slice(2);
const client = await mongo.MongoClient.connect(uri!);
const cursor = client
  .db()
  .collection<{ _id: number; leaf: mongo.Binary }>('audit_log', {
    readConcern: { level: 'majority' },
    readPreference: 'primary',
  })
  .find()
  .sort({ _id: 1 })
  .batchSize(BATCH);
const message = Buffer.alloc(65_536);
let entries = 0;
for await (const { leaf } of cursor) {
  message.set(leaf.buffer, 1);
  hash('sha256', message.subarray(0, 1 + leaf.buffer.length), 'buffer');
  entries++;
}
await client.close();
console.log(entries);
