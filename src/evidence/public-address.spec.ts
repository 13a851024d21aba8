import { describe, expect, it } from '@jest/globals';
import { isLoopbackAddress, isPublicAddress } from './public-address.ts';

describe(isPublicAddress.name, () => {
  it.each([
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    ['link-local, with the metadata of clouds', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0']],
    ['carrier-grade NAT', ['100.64.0.1', '100.127.255.255']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['unique local', ['fc00::1', 'fd00:ec2::254']],
    ['site-local', ['fec0::1']],
    ['IPv4 in IPv6', ['::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::10.0.0.1']],
    ['NAT64', ['64:ff9b::a00:1', '64:ff9b:1::1']],
    ['6to4 and Teredo', ['2002:7f00:1::1', '2001:0:1::1', '192.88.99.1']],
    ['reserved, for documents and for benchmarks', ['192.0.2.1', '198.18.0.1', '240.0.0.1', '2001:db8::1']],
    ['no address at all', ['media.example', '', '127.1', '0x7f000001']],
  ])('refuses what is %s', (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it('takes addresses of the internet, next to each refused range too', () => {
    const addresses = [
      ...['8.8.8.8', '1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0'],
      ...['126.255.255.255', '128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0'],
      ...['192.167.255.255', '192.169.0.0', '223.255.255.255', '2606:4700::1111', '2001:4860:4860::8888'],
    ];
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe(isLoopbackAddress.name, () => {
  it('knows what stays on this machine', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopbackAddress)).toBe(true);
    expect(['localhost', '10.0.0.1', '::ffff:127.0.0.1x', '::2'].some(isLoopbackAddress)).toBe(false);
  });
});
