import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ed25519Cosigner } from '../audit/format/cosignature.ts';
import { ed25519Verifier, parseVerifierKey } from '../audit/format/signed-note.ts';
import { stopOnSignal } from '../platform/stop-on-signal.ts';
import { StateFile } from './state-file.ts';
import { Witness } from './witness.ts';
import { witnessServer } from './witness-server.ts';

const USAGE = `A witness for audit logs (C2SP tlog-witness). It belongs on a machine that the log's operator does not control.

usage: npm run witness -- --name <name> --key <file> --state <file> --log <vkey> [--log <vkey> …] [--host 127.0.0.1] [--port 8090]

  --name   name of this witness, such as witness.example.org/w1
  --key    file with its Ed25519 seed, base64 of 32 bytes; made if it does not exist
  --state  file in which it remembers the largest tree of each log; losing it means losing the protection
  --log    public key of a log to witness
`;

try {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      key: { type: 'string' },
      state: { type: 'string' },
      log: { type: 'string', multiple: true },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8090' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
  } else {
    const { name, key, state: stateFile, log = [] } = values;
    if (!name || !key || !stateFile || log.length === 0)
      throw new Error('--name, --key, --state and --log are needed');
    const cosigner = ed25519Cosigner(name, readSeed(key));
    const state = new StateFile(stateFile);
    const logKeys = log.map((vkey) => ed25519Verifier(parseVerifierKey(vkey)));
    const witness = new Witness(cosigner, logKeys, state, () => Math.floor(Date.now() / 1000));
    const server = witnessServer(witness, state, (error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    });
    server.listen(Number(values.port), values.host, () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      process.stdout.write(`witness ${cosigner.vkey} listens on http://${values.host}:${port}\n`);
    });
    stopOnSignal(
      () => new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
    );
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}

function readSeed(file: string): Buffer {
  if (!existsSync(file))
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  const seed = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (seed.length !== 32) throw new Error(`${file} must hold base64 of 32 bytes`);
  return seed;
}
