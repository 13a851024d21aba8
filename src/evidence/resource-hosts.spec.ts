import { describe, expect, it } from '@jest/globals';
import { isResourceHosts, parseResourceHosts, permittedUrl } from './resource-hosts.ts';

const HOSTS = parseResourceHosts(
  'media.example,*.CDN.example,store.example:8443,127.0.0.1:4010,10.1.2.3,[::1],[fd00::1]',
);
const may = (address: string) => permittedUrl(address, HOSTS) !== null;

describe(permittedUrl.name, () => {
  it.each([
    'https://media.example/a?token=x',
    'https://MEDIA.example/a',
    'https://media.example:9443/a',
    'https://a.cdn.example/a',
    'https://a.b.cdn.example/a',
    'https://store.example:8443/a',
    'http://127.0.0.1:4010/a',
    'https://10.1.2.3/a',
    'http://[::1]:4010/a',
    'https://[fd00:0::1]/a',
  ])('permits %s', (address) => {
    expect(may(address)).toBe(true);
  });

  it.each([
    ['a host that is not listed', 'https://evil.example/a'],
    ['a host that only ends alike', 'https://notmedia.example/a'],
    ['a host that only begins alike', 'https://media.example.evil.example/a'],
    ['the suffix itself', 'https://cdn.example/a'],
    ['what only looks like the suffix', 'https://evilcdn.example/a'],
    ['a name with a final dot, which is another name', 'https://media.example./a'],
    ['another port', 'https://store.example/a'],
    ['another port of a literal', 'http://127.0.0.1:4011/a'],
    ['plain http to a name', 'http://media.example/a'],
    ['plain http to a private address that is listed', 'http://10.1.2.3/a'],
    ['a private address that is not listed', 'https://10.1.2.4/a'],
    ['the metadata of clouds', 'http://169.254.169.254/latest/meta-data/'],
    ['a listed literal inside IPv6', 'https://[::ffff:10.1.2.3]/a'],
    ['credentials', 'https://user:secret@media.example/a'],
    ['a user alone', 'https://media.example@evil.example/a'],
    ['another scheme', 'ftp://media.example/a'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:image/png;base64,AAAA'],
    ['no address', 'url-front'],
    ['nothing', ''],
    ['an address beyond all measure', `https://media.example/${'a'.repeat(8_192)}`],
  ])('refuses %s', (_, address) => {
    expect(may(address)).toBe(false);
  });

  it.each(['http://2130706433:4010/', 'http://0x7f.1:4010/', 'http://0177.0.0.1:4010/'])(
    'sees through another spelling of a literal, as the connection will: %s',
    (address) => {
      expect(permittedUrl(address, HOSTS)?.hostname).toBe('127.0.0.1');
      expect(permittedUrl(address.replace(':4010', ':80'), HOSTS)).toBeNull();
    },
  );
});

describe('the list of hosts', () => {
  it.each([
    'media.example',
    '*.cdn.example:443',
    '127.0.0.1',
    '[::1]:80',
    'a.example,b.example',
    'localhost',
  ])('may be %s', (list) => {
    expect(isResourceHosts(list)).toBe(true);
    expect(parseResourceHosts(list)).toHaveLength(list.split(',').length);
  });

  it.each([
    '*',
    'https://media.example',
    'media.example/a',
    'a.*.example',
    'a.example, b.example',
    ',',
    '.example',
    '256.1.1.1',
    'a.example:99999',
  ])('may not be %s', (list) => {
    expect(isResourceHosts(list)).toBe(false);
  });
});
