import { describe, expect, it } from '@jest/globals';
import { parseApiClients } from './api-clients-file.ts';

const client = { id: 'lending', keySha256: 'a'.repeat(64), scopes: ['sessions:read'] };
const file = (...clients: unknown[]): string => JSON.stringify({ clients });

describe('the API clients file', () => {
  it('gives each client by the digest of its key', () => {
    const clients = parseApiClients(
      file(client, { ...client, id: 'cards', keySha256: 'b'.repeat(64), scopes: [] }),
      'f.json',
    );
    expect([...clients.values()].map(({ id, scopes }) => [id, [...scopes]])).toEqual([
      ['lending', ['sessions:read']],
      ['cards', []],
    ]);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'must be {"clients":[…]}'],
    ['null', 'must be {"clients":[…]}'],
    [file({ ...client, id: 'a b' }), 'client 0: id must be'],
    [file(client, { ...client, keySha256: 'b'.repeat(64) }), 'client 1: id is used twice'],
    [file({ ...client, keySha256: 'A'.repeat(64) }), 'client 0: keySha256 must be'],
    [file(client, { ...client, id: 'cards' }), 'client 1: key is used twice'],
    [file({ ...client, scopes: ['sessions:raed'] }), 'client 0: scopes must be'],
    [file({ ...client, scopes: 'sessions:read' }), 'client 0: scopes must be'],
    [file(null), 'client 0: id must be'],
  ])('refuses %s and says what is wrong where', (text, fault) => {
    expect(() => parseApiClients(text, 'f.json')).toThrow(`API_CLIENTS_FILE f.json: ${fault}`);
  });
});
