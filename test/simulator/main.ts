/** `npm run simulator`: the vendor's stand-in as a process of its own; options in README.md or by --help. */
import { parseArgs } from 'node:util';
import { CALLBACK_FAULTS, PULL_FAULTS, type FaultProbabilities } from './faults.ts';
import { DEFAULT_OPTIONS, startSimulator } from './simulator.ts';

const USAGE = `Usage: npm run simulator -- [options]
  --port <n>                 port on 127.0.0.1 (default 4010)
  --callback-url <url>       where callbacks go, such as http://127.0.0.1:3000/v1/callbacks/fpt
  --callback-header <name>   header of the fixed token (default x-callback-token)
  --callback-token <token>   its value (default simulator-token)
  --client-id <id>, --client-secret <secret>
                             Dynamic Token instead: fetched from <callback-url>/token
  --callback-data-key <key>  wrap the body under this key
  --api-key <key>            key that pulls must carry (default simulator-api-key)
  --result-method <m>        POST or GET (default POST)
  --retry-interval-ms <n>    between resends (default 30000)
  --retry-count <n>          resends (default 3)
  --seed <text>              decides which sessions suffer which fault (default 1)
  --fault <NAME=p>           probability of a fault, may be repeated
                             ${CALLBACK_FAULTS.join(' ')}
                             ${PULL_FAULTS.join(' ')}
`;

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      'callback-url': { type: 'string' },
      'callback-header': { type: 'string', default: 'x-callback-token' },
      'callback-token': { type: 'string', default: 'simulator-token' },
      'client-id': { type: 'string' },
      'client-secret': { type: 'string', default: '' },
      'callback-data-key': { type: 'string' },
      'api-key': { type: 'string', default: DEFAULT_OPTIONS.apiKey },
      'result-method': { type: 'string', default: 'POST' },
      'retry-interval-ms': { type: 'string', default: String(DEFAULT_OPTIONS.retryIntervalMs) },
      'retry-count': { type: 'string', default: String(DEFAULT_OPTIONS.retryCount) },
      seed: { type: 'string', default: DEFAULT_OPTIONS.seed },
      fault: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });

  if (values.help) {
    console.log(USAGE);
    return;
  }
  const simulator = await startSimulator({
    port: Number(values.port),
    callbackUrl: values['callback-url'] ?? null,
    authentication:
      values['client-id'] === undefined
        ? { kind: 'FIXED_TOKEN', header: values['callback-header'], token: values['callback-token'] }
        : {
            kind: 'DYNAMIC_TOKEN',
            clientId: values['client-id'],
            clientSecret: values['client-secret'],
          },
    callbackDataKey: values['callback-data-key'] ?? null,
    apiKey: values['api-key'],
    resultMethods: values['result-method'] === 'GET' ? ['GET'] : ['POST'],
    retryIntervalMs: Number(values['retry-interval-ms']),
    retryCount: Number(values['retry-count']),
    seed: values.seed,
    faults: Object.fromEntries(
      values.fault.map((assignment) => assignment.split('=')).map(([name, p]) => [name, Number(p)]),
    ) as FaultProbabilities,
  });
  console.log(`Vendor simulator listens on ${simulator.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop());
  }
}
