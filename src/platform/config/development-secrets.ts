import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SCOPES } from '../../access/scopes.ts';

/** Stand-ins for the secrets that production must be given. */
export interface DevelopmentSecrets {
  readonly API_CLIENTS_FILE: string;
  readonly CALLBACK_AUTH_TOKENS: string;
  readonly VAULT_KEYS: string;
  readonly DIGEST_KEY: string;
  readonly AUDIT_LOG_ORIGIN: string;
  readonly AUDIT_SIGNING_KEY: string;
}

const SECRETS_FILE = 'development-secrets.json';

/**
 * Reads the secrets that an earlier start generated in `dataDir`, or generates them once; what a newer version
 * needs besides is added. Also writes a client file with one client that may do everything; its key stands as
 * `API_KEY` in the secrets file.
 */
export function developmentSecrets(dataDir: string, log: (line: string) => void): DevelopmentSecrets {
  const file = resolve(dataDir, SECRETS_FILE);
  if (!existsSync(file)) create(resolve(dataDir), file, log);
  const stored = JSON.parse(readFileSync(file, 'utf8')) as Partial<DevelopmentSecrets> & {
    API_CLIENTS_FILE: string;
  };
  const complete = { ...newSecrets(stored.API_CLIENTS_FILE), ...stored };
  if (Object.keys(complete).length > Object.keys(stored).length) writePrivately(file, complete);
  return complete;
}

function create(dataDir: string, file: string, log: (line: string) => void): void {
  mkdirSync(dataDir, { recursive: true });
  const apiKey = `ek_${randomBytes(24).toString('base64url')}`;
  const clientsFile = join(dataDir, `development-api-clients-${randomBytes(4).toString('hex')}.json`);
  const keySha256 = createHash('sha256').update(apiKey).digest('hex');
  writePrivately(clientsFile, { clients: [{ id: 'development', keySha256, scopes: [...SCOPES] }] });

  const temporary = `${file}.${process.pid}`;
  writePrivately(temporary, { API_KEY: apiKey, ...newSecrets(clientsFile) });
  try {
    // A link, unlike a rename, fails when an instance that starts at the same moment was first.
    linkSync(temporary, file);
    log(`generated development secrets in ${file}; production refuses to start without its own`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    rmSync(clientsFile);
  } finally {
    rmSync(temporary);
  }
}

function newSecrets(clientsFile: string): DevelopmentSecrets {
  return {
    API_CLIENTS_FILE: clientsFile,
    CALLBACK_AUTH_TOKENS: randomBytes(24).toString('base64url'),
    VAULT_KEYS: `dev:${randomBytes(32).toString('base64')}`,
    DIGEST_KEY: randomBytes(32).toString('base64'),
    AUDIT_LOG_ORIGIN: 'ekyc-ledger.localhost/development',
    AUDIT_SIGNING_KEY: randomBytes(32).toString('base64'),
  };
}

function writePrivately(file: string, content: object): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}
