import 'reflect-metadata';
import { AppModule } from './app.module.ts';
import { AppConfig } from './platform/config/app-config.ts';
import { createApp } from './platform/http/create-app.ts';
import { MongoEndpoint } from './platform/mongo/mongo-endpoint.ts';
import { stopOnSignal } from './platform/stop-on-signal.ts';

try {
  const app = await createApp(AppModule);
  stopOnSignal(async () => {
    const mongo = app.get(MongoEndpoint);
    await app.close();
    await mongo.stop();
  });
  const { http } = app.get(AppConfig);
  await app.listen(http.port, http.host);
  process.stdout.write(`ekyc-ledger listens on ${await app.getUrl()}\n`);
} catch (error) {
  process.stderr.write(
    `ekyc-ledger can not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
