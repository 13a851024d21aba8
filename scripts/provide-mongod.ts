/** `npm run provide-mongod`: finds or fetches a mongod and prints its path as the last line. */
import { MongodUnavailableError, provideMongod } from '../src/platform/embedded-mongo/mongod-provider.ts';

try {
  const { binary } = await provideMongod({ env: process.env, log: (line) => console.error(line) });
  console.log(binary);
} catch (error) {
  if (!(error instanceof MongodUnavailableError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
