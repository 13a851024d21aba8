import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isScope } from '../src/access/api-clients-file.ts';
import { SCOPES } from '../src/access/scopes.ts';

/** `npm run api-key -- --id account-opening --scopes sessions:read,sessions:write` */
const USAGE = `usage: npm run api-key -- --id <client id> --scopes <scope,scope,…>\nscopes: ${SCOPES.join(' ')}`;

try {
  const { values } = parseArgs({ options: { id: { type: 'string' }, scopes: { type: 'string' } } });
  const id = values.id ?? '';
  const scopes = (values.scopes ?? '').split(',').filter((scope) => scope !== '');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw new Error('--id must be 1 to 64 of A-Z a-z 0-9 . _ -');
  if (scopes.length === 0 || !scopes.every(isScope)) throw new Error('--scopes must name some of the scopes');

  const key = `ek_${randomBytes(32).toString('base64url')}`;
  const keySha256 = createHash('sha256').update(key).digest('hex');
  console.log(`The key, shown this once:\n\n  ${key}\n`);
  console.log(
    `Its entry for "clients" in API_CLIENTS_FILE:\n\n  ${JSON.stringify({ id, keySha256, scopes })}`,
  );
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 1;
}
