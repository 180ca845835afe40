import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { Config } from '../../config.ts';
import { type Address, embedded, isOfTheCloud } from '../../http/public-address.ts';
import type { CheckedAddress } from './connector.ts';

/** The message says what the operator does about it. */
export class AddressRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressRefusedError';
  }
}

type Place = Readonly<{ host: string; port: number }>;

/** Every address that a name has now. */
export type LookUp = (name: string) => Promise<readonly Readonly<{ address: string }>[]>;
const systemLookUp: LookUp = (name) => lookup(name, { all: true });

/**
 * Resolves a host once and checks every address that came of it, for a name with one harmless and
 * one forbidden address may be dialled at either.
 */
export function createCheckedAddress(
  config: Pick<Config, 'mode' | 'accountNetworks' | 'databaseUrl' | 'directDatabaseUrl'>,
  lookUp = systemLookUp,
): CheckedAddress {
  const networks = config.accountNetworks.map((network) => ipaddr.parseCIDR(network));
  const allows = (address: Address) =>
    networks.some((network) => network[0].kind() === address.kind() && address.match(network));
  // Development changes the password of a role in its own database.
  const own = config.mode === 'development' ? [] : [config.databaseUrl, config.directDatabaseUrl].map(placeOf);

  return async (host, port) => {
    const addresses = await resolve(host, lookUp);
    const judged = addresses.flatMap(meantBy);
    if (addresses.some(isOfTheCloud))
      throw new AddressRefusedError(
        `${host} leads to where a cloud tells its machines' secrets. No setting allows that.`,
      );
    const refused = judged.find((address) => !allows(address) || address.range() === 'unspecified');
    if (refused)
      throw new AddressRefusedError(
        `${refused} (${host}) is in none of the networks of ACCOUNT_NETWORKS. Whoever operates the server adds its network there, e.g. ACCOUNT_NETWORKS=${refused}/${refused.kind() === 'ipv4' ? 32 : 128}, and starts it again.`,
      );
    for (const place of own.filter((each) => each.port === port)) {
      const ours = (await resolve(place.host, lookUp)).flatMap(meantBy).map(nameOf);
      if (judged.some((address) => ours.includes(nameOf(address))))
        throw new AddressRefusedError(`${host}:${port} is the product's own database. No setting allows that.`);
    }
    return (addresses[0] as Address).toString();
  };
}

async function resolve(host: string, lookUp: LookUp): Promise<readonly Address[]> {
  const literal = host.replace(/^\[|\]$/g, '');
  const found = ipaddr.isValid(literal) ? [literal] : (await lookUp(literal)).map(({ address }) => address);
  // `process` unwraps IPv4-mapped IPv6 (::ffff:127.0.0.1). A scope (fe80::1%eth0) is link-local.
  const addresses = found.map((address) => ipaddr.process(address));
  if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
  return addresses;
}

/** What an address counts as: where a gateway carries it on, that is what it carries. */
function meantBy(address: Address): readonly Address[] {
  const carried = address.range() === 'loopback' || address.range() === 'unspecified' ? [] : embedded(address);
  return carried.length > 0 ? carried : [address];
}

/** Every address of this machine is one place: a database that listens on all of them is at each. */
function nameOf(address: Address): string {
  const ofThisMachine = Object.values(networkInterfaces())
    .flat()
    .some((each) => each && ipaddr.process(each.address).toString() === address.toString());
  return address.range() === 'loopback' || ofThisMachine ? 'this machine' : address.toString();
}

/** A socket's path (`?host=/run/postgresql`) is a server on this machine. */
function placeOf(databaseUrl: string): Place {
  const { hostname, port, searchParams } = new URL(databaseUrl);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  return {
    host: host === '' || host.startsWith('/') ? '127.0.0.1' : host,
    port: Number(searchParams.get('port') ?? (port || 5432)),
  };
}
