/** Starts the embedded MongoDB on the directory named by the argument, prints its URI and stays: to be killed. */
import { startEmbeddedMongo } from '../../src/platform/embedded-mongo/embedded-mongo.ts';

const [dataDir] = process.argv.slice(2);
const { uri } = await startEmbeddedMongo({
  dataDir: dataDir!,
  cacheSizeGb: 0.25,
  env: process.env,
  log: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${uri}\n`);
setInterval(() => undefined, 60_000);
