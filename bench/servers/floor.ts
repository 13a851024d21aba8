/** The least that a durable intake does: Fastify and the driver, one insert of the body for each callback. */
import fastify from 'fastify';
// The driver that the service runs on; under its own name another version may be found.
import { mongo } from 'mongoose';

const COLLECTION = 'callbacks';

const [uri] = process.argv.slice(2);
const client = await mongo.MongoClient.connect(uri!);
const db = client.db();
// Made here: not by the first of many inserts at once.
if (!(await db.listCollections({ name: COLLECTION }).hasNext())) await db.createCollection(COLLECTION);
const callbacks = db.collection(COLLECTION, { writeConcern: { w: 'majority', j: true } });

const app = fastify();
app.post('/callbacks', async ({ body }) => {
  const { insertedId } = await callbacks.insertOne(body as mongo.Document);
  return { receiptId: insertedId };
});
app.get<{ Params: { uuid: string } }>('/sessions/:uuid', ({ params }) =>
  callbacks.findOne({ uuid: params.uuid }),
);
process.on('SIGTERM', () => {
  void app.close().then(() => client.close());
});
process.stdout.write(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
