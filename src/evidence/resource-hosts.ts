import { isIP } from 'node:net';
import { isLoopbackAddress } from './public-address.ts';

const HOST_NAME = String.raw`(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*`;
const ENTRY = String.raw`(?:${HOST_NAME}|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?`;

const LIST = new RegExp(`^${ENTRY}(?:,${ENTRY})*$`);

/** One entry of the list of hosts. */
export interface ResourceHost {
  /** As a URL has it: lower case, an IPv6 literal in brackets. */
  readonly host: string;
  /** Every host below it, and not itself. */
  readonly anyBelow: boolean;
  /** null for every port. */
  readonly port: number | null;
}

/**
 * Whether it is a list of hosts, comma separated: `media.example`, `*.cdn.example` for every host below, or an
 * address literal such as `10.1.2.3` or `[fd00::1]`; with a port, only that port.
 */
export function isResourceHosts(list: unknown): boolean {
  if (typeof list !== 'string' || !LIST.test(list)) return false;
  return list.split(',').every((entry) => URL.canParse(`https://${entry.replace(/^\*\./, '')}`));
}

/** @param list as {@link isResourceHosts} takes it */
export function parseResourceHosts(list: string): ResourceHost[] {
  return list.split(',').map((entry) => {
    const [, star, name, port] = /^(\*\.)?(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
    const { hostname } = new URL(`https://${name}`);
    return { host: hostname, anyBelow: star !== undefined, port: port === undefined ? null : Number(port) };
  });
}

/** Longer than any signed address of an object store. */
const MAX_ADDRESS_LENGTH = 8_192;

/**
 * The address of media as a URL that may be asked, or null where it may not: not https, or plain http to a
 * loopback address literal at most; with credentials; or to a host that is not on the list. An address literal
 * on the list is allowed wherever it leads; where a name leads is only known when it is looked up.
 */
export function permittedUrl(address: string, hosts: readonly ResourceHost[]): URL | null {
  const url = address.length > MAX_ADDRESS_LENGTH ? null : URL.parse(address);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (!hosts.some((host) => covers(host, url))) return null;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && isLoopbackAddress(literalOf(url)) ? url : null;
}

function covers({ host, anyBelow, port }: ResourceHost, url: URL): boolean {
  if (port !== null && port !== portOf(url)) return false;
  if (!anyBelow) return url.hostname === host;
  return url.hostname.endsWith(`.${host}`) && isIP(literalOf(url)) === 0;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function literalOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
