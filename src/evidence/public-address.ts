import { BlockList, isIP } from 'node:net';

/** Every range that is no place on the public internet (IANA special-purpose registries, RFC 6890 and after). */
const NOT_PUBLIC: Readonly<Record<'ipv4' | 'ipv6', readonly (readonly [string, number])[]>> = {
  ipv4: [
    ['0.0.0.0', 8], //        this network
    ['10.0.0.0', 8], //       private
    ['100.64.0.0', 10], //    carrier-grade NAT
    ['127.0.0.0', 8], //      loopback
    ['169.254.0.0', 16], //   link-local, where clouds serve credentials
    ['172.16.0.0', 12], //    private
    ['192.0.0.0', 24], //     protocol assignments
    ['192.0.2.0', 24], //     documentation
    ['192.31.196.0', 24], //  AS112
    ['192.52.193.0', 24], //  AMT
    ['192.88.99.0', 24], //   6to4 relays
    ['192.168.0.0', 16], //   private
    ['192.175.48.0', 24], //  AS112
    ['198.18.0.0', 15], //    benchmarks
    ['198.51.100.0', 24], //  documentation
    ['203.0.113.0', 24], //   documentation
    ['224.0.0.0', 4], //      multicast
    ['240.0.0.0', 4], //      reserved, broadcast
  ],
  ipv6: [
    ['2001::', 23], //        protocol assignments: Teredo, ORCHID
    ['2001:db8::', 32], //    documentation
    ['2002::', 16], //        6to4, which carries any IPv4 address
    ['2620:4f:8000::', 48], // AS112
    ['3fff::', 20], //        documentation
  ],
};

/** Unicast that is routed at all. What lies outside is loopback, mapped IPv4, NAT64, link-local, ULA, multicast. */
const GLOBAL_UNICAST = ['2000::', 3] as const;

const notPublic = new BlockList();
const globalUnicast = new BlockList();
globalUnicast.addSubnet(...GLOBAL_UNICAST, 'ipv6');
for (const family of ['ipv4', 'ipv6'] as const) {
  for (const [network, prefix] of NOT_PUBLIC[family]) notPublic.addSubnet(network, prefix, family);
}

/** Whether an address literal is one that a server on the public internet can have. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, 'ipv4');
    case 6:
      return globalUnicast.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
    default:
      return false;
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address literal stays on this machine. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
