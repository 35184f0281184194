/**
 * Which addresses a webhook may be at. Whoever may register one could otherwise have this server call into the network that
 * it stands in.
 */
import { BlockList, isIP } from 'node:net';

/** What is not the public internet (IANA special-purpose registry, RFC 6890 and its updates). */
const PRIVATE_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Inside 2000::/3, outside of which nothing is public: documentation, and what carries an IPv4 address within. */
const PRIVATE_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const privateIpv4 = new BlockList();
for (const [net, prefix] of PRIVATE_IPV4) privateIpv4.addSubnet(net, prefix, 'ipv4');
const privateIpv6 = new BlockList();
for (const [net, prefix] of PRIVATE_IPV6) privateIpv6.addSubnet(net, prefix, 'ipv6');
const globalIpv6 = new BlockList();
globalIpv6.addSubnet('2000::', 3, 'ipv6');

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !privateIpv4.check(address, 'ipv4');
    case 6:
      return globalIpv6.check(address, 'ipv6') && !privateIpv6.check(address, 'ipv6');
    default:
      return false;
  }
}

const URL_LENGTH_MAX = 2000;

/**
 * Why no webhook may have this address; what a name resolves to is looked at again each time it is called.
 * @param allowPrivate - whether private addresses and plain HTTP are allowed, for receivers in the utility's own network.
 */
export function whyRefused(text: string, allowPrivate: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'not a URL';
  }
  if (text.length > URL_LENGTH_MAX) return `longer than ${URL_LENGTH_MAX} characters`;
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return 'expected https';
  if (url.username !== '' || url.password !== '') return 'a password has no place in a URL';
  if (url.hash !== '') return 'a fragment is never sent';
  const host = hostOf(url);
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) return 'a private address';
  if (!allowPrivate && (host === 'localhost' || host.endsWith('.localhost'))) return 'a private address';
  return undefined;
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
