import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The network of a client: IPv4 /24, IPv6 /48. It serves to count (an IPv6 client has many
 * addresses) and to log without a full address. `unknown` where there is none.
 */
export function clientNetwork(address: string | undefined): string {
  // The usual form needs no parser: every request would pay for it.
  const plain = address?.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (plain && isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  if (!address || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  const bits = parsed.kind() === 'ipv4' ? 24 : 48;
  const network =
    parsed.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed}/${bits}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/${bits}`);
  return `${network}/${bits}`;
}
