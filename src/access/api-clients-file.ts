import { SCOPES, type Scope } from './scopes.ts';

/** An internal service that may call us. */
export interface ApiClient {
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * Reads `{"clients":[{"id","keySha256","scopes"}]}` into clients by key digest.
 * @throws Error naming the file and the client that is wrong.
 */
export function parseApiClients(text: string, file: string): ReadonlyMap<string, ApiClient> {
  const fail = (what: string): never => {
    throw new Error(`API_CLIENTS_FILE ${file}: ${what}`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail('is not JSON');
  }
  const { clients } = (document ?? {}) as { clients?: unknown };
  if (!Array.isArray(clients)) return fail('must be {"clients":[…]}');

  const byKeyDigest = new Map<string, ApiClient>();
  const ids = new Set<string>();
  clients.forEach((entry: unknown, position) => {
    const { id, keySha256, scopes } = (entry ?? {}) as Record<string, unknown>;
    const at = `client ${position}`;
    if (typeof id !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(id))
      return fail(`${at}: id must be 1–64 of A-Z a-z 0-9 . _ -`);
    if (ids.has(id)) return fail(`${at}: id is used twice`);
    if (typeof keySha256 !== 'string' || !/^[0-9a-f]{64}$/.test(keySha256)) {
      return fail(`${at}: keySha256 must be 64 lower-case hex digits`);
    }
    if (byKeyDigest.has(keySha256)) return fail(`${at}: key is used twice`);
    if (!Array.isArray(scopes) || !scopes.every(isScope))
      return fail(`${at}: scopes must be some of ${SCOPES.join(' ')}`);
    ids.add(id);
    byKeyDigest.set(keySha256, { id, scopes: new Set(scopes) });
  });
  return byKeyDigest;
}

export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value);
}
