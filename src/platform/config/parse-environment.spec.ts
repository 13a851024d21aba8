import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, parseEnvironment } from './parse-environment.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const production = {
  NODE_ENV: 'production',
  MONGODB_URI: 'mongodb://db.internal/ekyc',
  API_CLIENTS_FILE: '/etc/ekyc/clients.json',
  CALLBACK_AUTH_TOKENS: 'first-token-0123456789,second-token-0123456789',
  VAULT_KEYS: `k2:${key},k1:${key}`,
  DIGEST_KEY: key,
  AUDIT_LOG_ORIGIN: 'audit.bank.example/ekyc',
  AUDIT_SIGNING_KEY: key,
  FPT_BASE_URL: 'https://vendor.example/ekyc',
  FPT_API_KEY: 'vendor-key',
};

describe(parseEnvironment.name, () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'ekyc-config-'));
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });

  it('reads a complete production environment', () => {
    const config = parseEnvironment({ ...production, PORT: '8080', CALLBACK_AUTH_HEADER: 'X-Vendor-Token' });
    expect(config).toMatchObject({
      production: true,
      http: { host: '127.0.0.1', port: 8080 },
      mongo: { uri: 'mongodb://db.internal/ekyc' },
      callback: {
        authHeader: 'x-vendor-token',
        authTokens: ['first-token-0123456789', 'second-token-0123456789'],
      },
      confirmationPolicy: 'REQUIRE_PULL',
    });
    expect(config.vault.masterKeys.map(({ id, key: bytes }) => [id, bytes.length])).toEqual([
      ['k2', 32],
      ['k1', 32],
    ]);
  });

  it.each(Object.keys(production).filter((name) => name !== 'NODE_ENV'))(
    'refuses production without %s and names it',
    (name) => {
      const withoutIt = Object.fromEntries(Object.entries(production).filter(([other]) => other !== name));
      expect(() => parseEnvironment(withoutIt)).toThrow(
        new RegExp(`^The environment is not usable.*\\n {2}${name}: `),
      );
      expect(() => parseEnvironment({ ...withoutIt, [name]: '' })).toThrow(ConfigurationError);
    },
  );

  describe('for the two ways in which the vendor may authenticate', () => {
    const { CALLBACK_AUTH_TOKENS, ...withoutFixed } = production;
    const dynamic = { CALLBACK_TOKEN_CLIENT_ID: 'fpt', CALLBACK_TOKEN_CLIENT_SECRET: '0123456789abcdef' };
    const settings = { clientId: 'fpt', clientSecret: '0123456789abcdef', ttlSeconds: 300 };

    it.each([
      ['fixed tokens alone', production, { dynamicTokens: null }],
      ['dynamic tokens alone', { ...withoutFixed, ...dynamic }, { authTokens: [], dynamicTokens: settings }],
      [
        'both, and another lifetime',
        { ...production, ...dynamic, CALLBACK_TOKEN_TTL_S: '60' },
        { authTokens: CALLBACK_AUTH_TOKENS.split(','), dynamicTokens: { ...settings, ttlSeconds: 60 } },
      ],
    ])('takes %s in production', (_, environment, expected) => {
      expect(parseEnvironment(environment).callback).toMatchObject(expected);
    });

    it.each([
      ['no secret', { CALLBACK_TOKEN_CLIENT_SECRET: '' }, 'CALLBACK_TOKEN_CLIENT_SECRET'],
      ['no client id', { CALLBACK_TOKEN_CLIENT_ID: '' }, 'CALLBACK_TOKEN_CLIENT_ID'],
      ['15 characters', { CALLBACK_TOKEN_CLIENT_SECRET: '0123456789abcde' }, 'CALLBACK_TOKEN_CLIENT_SECRET'],
      [
        'a colon in the id, which HTTP Basic splits at',
        { CALLBACK_TOKEN_CLIENT_ID: 'f:t' },
        'CALLBACK_TOKEN_CLIENT_ID',
      ],
      ['a lifetime beyond an hour', { CALLBACK_TOKEN_TTL_S: '3601' }, 'CALLBACK_TOKEN_TTL_S'],
    ])('refuses credentials with %s and names the variable', (_, broken, name) => {
      expect(() => parseEnvironment({ ...production, ...dynamic, ...broken })).toThrow(`\n  ${name}: `);
    });
  });

  it('names every malformed variable at once and shows none of the values', () => {
    const broken = {
      ...production,
      PORT: '70000',
      VAULT_KEYS: 'my-secret-value',
      DIGEST_KEY: 'short-secret',
      CONFIRMATION_POLICY: 'MAYBE',
    };
    const failure = (() => {
      try {
        return parseEnvironment(broken);
      } catch (error) {
        return error as Error;
      }
    })() as Error;
    for (const name of ['PORT', 'VAULT_KEYS', 'DIGEST_KEY', 'CONFIRMATION_POLICY'])
      expect(failure.message).toContain(`\n  ${name}: `);
    for (const value of ['70000', 'my-secret-value', 'short-secret', 'MAYBE'])
      expect(failure.message).not.toContain(value);
  });

  it('generates development secrets once, says so, and uses them again', () => {
    const lines: string[] = [];
    const read = () => parseEnvironment({ DATA_DIR: dataDir }, (line) => lines.push(line));
    const first = read();
    const second = read();
    expect(second.callback.authTokens).toEqual(first.callback.authTokens);
    expect(second.vault.digestKey).toEqual(first.vault.digestKey);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(readFileSync(first.access.clientsFile, 'utf8'))).toHaveProperty(
      'clients.0.id',
      'development',
    );
  });
});
