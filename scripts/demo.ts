/** `npm run demo`: service, database and vendor on this machine, and one customer check from end to end. */
import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasGuard } from '../src/platform/embedded-mongo/data-directory.ts';
import { provideMongod } from '../src/platform/embedded-mongo/mongod-provider.ts';
import { startSimulator } from '../test/simulator/simulator.ts';
import { ApiClient } from '../test/support/api-client.ts';
import { eventually } from '../test/support/eventually.ts';
import { Auditor } from './demo/auditor.ts';
import { bad, facts, gap, line, quiet, remark, strong, title } from './demo/page.ts';
import { logFileOf, ServiceProcess } from './demo/service-process.ts';
import { tellStory } from './demo/story.ts';

const USAGE = `Usage: npm run demo [-- --stay]
  --stay   keep service, database and simulator running until Ctrl-C`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => reject(new Interrupted()));
  }
  // Whoever read the story has gone: `npm run demo | head`.
  process.stdout.on('error', () => reject(new Interrupted()));
});

/** What has to be undone at the end, last first. */
const undo: (() => Promise<void>)[] = [];
let service: ServiceProcess | null = null;
let exitCode = 0;

/** Starts everything and tells the story. Resolves with the lines to try, while all of it still runs. */
async function demonstrate(): Promise<Invitation> {
  title('ekyc-ledger: one customer check, from the vendor to an audited conclusion');
  remark('Service, database and vendor run on this machine; the people are invented.');

  title('Starting');
  const { binary } = await provideMongod({ env: process.env, log: remark });
  // Not awaited: an interruption must find either no folder or one that it knows of.
  const dataDir = mkdtempSync(join(tmpdir(), 'ekyc-ledger-demo-'));
  undo.push(() => remove(dataDir));
  remark(`Log of the service: ${logFileOf(dataDir)}`);
  const started = new ServiceProcess(ROOT, dataDir, binary);
  service = started;
  undo.push(() => started.stop());
  const serviceUrl = await started.listening;
  const secretsFile = join(dataDir, 'development-secrets.json');
  const { API_KEY, CALLBACK_AUTH_TOKENS } = JSON.parse(
    await readFile(secretsFile, 'utf8'),
  ) as DevelopmentSecrets;
  const vendor = await startSimulator({
    callbackUrl: `${serviceUrl}/v1/callbacks/fpt`,
    authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: CALLBACK_AUTH_TOKENS },
    retryCount: 0,
  });
  undo.push(() => vendor.stop());
  facts({
    service: `${serviceUrl}  ${quiet('with a MongoDB of its own')}`,
    vendor: `${vendor.url}  ${quiet('a simulator of FPT AI eKYC')}`,
  });

  const ledger = new ApiClient(serviceUrl, API_KEY, CALLBACK_AUTH_TOKENS);
  const uuid = await tellStory({ ledger, vendor, auditor: new Auditor(ledger, ROOT, dataDir) });
  return { serviceUrl, vendorUrl: vendor.url, secretsFile, uuid };
}

/** What the service generates where it is given no secrets. */
interface DevelopmentSecrets {
  readonly API_KEY: string;
  readonly CALLBACK_AUTH_TOKENS: string;
}

/** The guard of the embedded MongoDB ends a moment after its last user and needs the folder until then. */
async function remove(dataDir: string): Promise<void> {
  await eventually(async () => !(await hasGuard(join(dataDir, 'mongo'))), 60_000);
  if (exitCode === EXIT_FAILED) console.error(`Kept to look into: ${dataDir}`);
  else await rm(dataDir, { recursive: true, force: true });
}

interface Invitation {
  readonly serviceUrl: string;
  readonly vendorUrl: string;
  readonly secretsFile: string;
  readonly uuid: string;
}

function tellWhereToLook(baseUrl: string): void {
  title('Where to look');
  facts({
    [`${baseUrl}/docs`]: 'every endpoint, with examples',
    [`${baseUrl}/metrics`]: 'what an on-call engineer watches',
    [`${baseUrl}/health/ready`]: 'what a load balancer asks',
  });
}

/** Lines that can be pasted into another terminal as they are. */
function invite({ serviceUrl, vendorUrl, secretsFile, uuid }: Invitation): void {
  const curl = 'curl -s -H "authorization: Bearer $KEY"';
  title('Try it from another terminal');
  remark('The API key of a development client that may do everything:');
  line(`KEY=$(sed -n 's/.*"API_KEY": "\\(.*\\)".*/\\1/p' ${secretsFile})`);
  line(`${curl} ${serviceUrl}/v1/sessions/${uuid}`);
  line(`${curl} '${serviceUrl}/v1/quarantine?status=OPEN'`);
  gap();
  remark('The vendor finishes a session of yours and calls back:');
  line(`curl -s ${vendorUrl}/_control/sessions -d '{"uuid":"mine-1","result":{"similarity":95}}'`);
  line(`sleep 1; ${curl} ${serviceUrl}/v1/sessions/mine-1`);
  gap();
  line(strong('Ctrl-C stops everything.'));
}

/** Stops and removes what was started. */
async function cleanUp(): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
}

function tellFailure(error: unknown): void {
  const { message, cause } = error as Error;
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  console.error(`\n${bad('The demo failed:')} ${message}${because}`);
  if (service === null) return;
  console.error(
    `The last lines of the service${service.ended === null ? '' : `, which has ended (${service.ended})`}:`,
  );
  for (const logLine of service.lastLines) console.error(`  ${logLine}`);
}

function wantsToStay(): boolean {
  try {
    return parseArgs({ options: { stay: { type: 'boolean', default: false } } }).values.stay;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(EXIT_FAILED);
  }
}

const stay = wantsToStay();
try {
  const invitation = await Promise.race([demonstrate(), interrupted]);
  tellWhereToLook(stay ? invitation.serviceUrl : '');
  if (stay) {
    invite(invitation);
    await Promise.race([service!.died, interrupted]).catch((error: unknown) => {
      if (!(error instanceof Interrupted)) throw error;
    });
  } else {
    gap();
    line(`${strong('npm run demo -- --stay')} keeps all of it running, to click and to try.`);
  }
} catch (error) {
  exitCode = error instanceof Interrupted ? EXIT_INTERRUPTED : EXIT_FAILED;
  if (exitCode === EXIT_FAILED) tellFailure(error);
}
try {
  await cleanUp();
  if (stay || exitCode === EXIT_INTERRUPTED) console.log('\nStopped; nothing is left running.');
} catch (error) {
  exitCode = EXIT_FAILED;
  console.error(`\n${bad('While stopping:')} ${(error as Error).message}`);
}
process.exit(exitCode);
