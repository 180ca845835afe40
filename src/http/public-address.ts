import ipaddr from 'ipaddr.js';

export type AddressPolicy = Readonly<{
  /** Whether 127.0.0.0/8 and ::1 are allowed. */
  loopback: boolean;
  /** Lower-cased names of hosts that may have any address. */
  privateHosts: ReadonlySet<string>;
}>;

/** Judges a URL's literal address. A name passes: its addresses are checked at connecting. */
export function isAllowedHost(hostname: string, policy: AddressPolicy): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return !ipaddr.isValid(literal) || isAllowedAddress(literal, hostname, policy);
}

/** Whether `address`, to which `host` resolved, may be connected to. */
export function isAllowedAddress(address: string, host: string, policy: AddressPolicy): boolean {
  if (policy.privateHosts.has(host.toLowerCase())) return true;
  if (!ipaddr.isValid(address)) return false;
  // `process` unwraps IPv4-mapped IPv6 (::ffff:127.0.0.1).
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (range === 'loopback') return policy.loopback;
  if (range !== 'unicast') return false;
  // Only 2000::/3 is global unicast; `::127.0.0.1` (IPv4-compatible) would pass for it otherwise.
  return parsed.kind() === 'ipv4' || ((parsed as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1;
}
