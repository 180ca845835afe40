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
  if (!ipaddr.isValid(address)) return false;
  // `process` unwraps IPv4-mapped IPv6 (::ffff:127.0.0.1).
  const parsed = ipaddr.process(address);
  if (isOfTheCloud(parsed)) return false;
  if (policy.privateHosts.has(host.toLowerCase())) return true;
  const range = parsed.range();
  if (range === 'loopback') return policy.loopback;
  if (range !== 'unicast') return false;
  // Only 2000::/3 is global unicast; `::127.0.0.1` (IPv4-compatible) would pass for it otherwise.
  return parsed.kind() === 'ipv4' || ((parsed as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1;
}

/**
 * What clouds tell their own machines at these addresses opens the whole account. Azure's wire
 * server has a public address, and a private one may be behind a named host: none is ever allowed.
 */
const ofClouds = [
  // Link-local: AWS, Google, Azure, Oracle and others, and the credentials of AWS's containers.
  '169.254.0.0/16',
  'fe80::/10',
  // Azure's wire server.
  '168.63.129.16/32',
  // Alibaba.
  '100.100.100.200/32',
  // Oracle, the older one.
  '192.0.0.192/32',
  // AWS and Google over IPv6, and Scaleway.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fd00:42::42/128',
].map((range) => ipaddr.parseCIDR(range));

/** Whether a cloud tells its machines' secrets there, or a gateway would carry it on to such a place. */
export function isOfTheCloud(address: Address): boolean {
  return [address, ...embedded(address)].some((each) =>
    ofClouds.some((range) => range[0].kind() === each.kind() && each.match(range)),
  );
}

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * IPv6 ranges whose addresses a gateway may carry on to the IPv4 address that stands in them, and
 * its place: NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), and IPv4-compatible and -translated ones.
 */
const gateways = [
  ['64:ff9b::/32', 12],
  ['2002::/16', 2],
  ['::/64', 12],
] as const;

/** The IPv4 addresses that a gateway may carry it on to. */
export function embedded(address: Address): ipaddr.IPv4[] {
  if (address.kind() === 'ipv4') return [];
  const bytes = address.toByteArray();
  return gateways
    .filter(([range]) => (address as ipaddr.IPv6).match(ipaddr.IPv6.parseCIDR(range)))
    .map(([, at]) => new ipaddr.IPv4(bytes.slice(at, at + 4)));
}
