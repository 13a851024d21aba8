import 'reflect-metadata';
import { AppModule } from '../app.module.ts';
import { Projections } from '../audit/projections.service.ts';
import { createApp } from '../platform/http/create-app.ts';
import { MongoEndpoint } from '../platform/mongo/mongo-endpoint.ts';

/** `npm run rebuild`: makes the projections what the log says. Needs the service's environment; may run beside it. */
const app = await createApp(AppModule);
try {
  await app.init();
  const { entries, strays } = await app.get(Projections).rebuild((done, of) => {
    process.stderr.write(`\rfolded ${done} of ${of} entries`);
  });
  process.stdout.write(
    `\nrebuilt from ${entries} entries; dropped ${strays} that the log knows nothing of\n`,
  );
} finally {
  const mongo = app.get(MongoEndpoint);
  await app.close();
  await mongo.stop();
}
