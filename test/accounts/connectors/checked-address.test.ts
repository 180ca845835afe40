import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { AddressRefusedError, createCheckedAddress } from '../../../src/accounts/connectors/checked-address.ts';
import { loadConfig } from '../../../src/config.ts';

const environment = {
  DATABASE_URL: 'postgresql://me:secret@10.1.2.3:6432/app',
  DIRECT_DATABASE_URL: 'postgresql://me:secret@10.1.2.3:5432/app',
  PUBLIC_URL: 'https://app.example.com',
  TRUST_PROXY: '1',
  SESSION_SECRETS: 'x'.repeat(32),
  ENCRYPTION_KEYS: Buffer.alloc(32, 1).toString('base64'),
};
const reachOf = (
  networks: string,
  env: Record<string, string> = {},
  mode: 'production' | 'development' = 'production',
) => createCheckedAddress(loadConfig({ ...environment, ACCOUNT_NETWORKS: networks, ...env }, mode));
const everywhere = '0.0.0.0/0,::/0';
const refused = expect.objectContaining({ name: 'AddressRefusedError' });
const outcome = (reach: ReturnType<typeof reachOf>, host: string, port = 5432) =>
  reach(host, port).catch((error: unknown) => error);

describe('networks', () => {
  test('nothing is allowed in production unless it is named, and the refusal says what to do', async () => {
    const error = await outcome(reachOf(''), '10.20.0.7');
    expect(error).toBeInstanceOf(AddressRefusedError);
    expect(String(error)).toMatch(/ACCOUNT_NETWORKS=10\.20\.0\.7\/32/);
    expect(await outcome(reachOf(''), 'localhost')).toEqual(refused);
  });

  test('loopback alone is allowed under development', async () => {
    const reach = reachOf('', {}, 'development');
    expect(['127.0.0.1', '::1']).toContain(await outcome(reach, 'localhost'));
    expect(await outcome(reach, '[::1]')).toBe('::1');
    expect(await outcome(reach, '10.20.0.7')).toEqual(refused);
    expect(await outcome(reachOf('10.0.0.0/8', {}, 'development'), 'localhost')).toEqual(refused);
  });

  test('what is named is allowed, and nothing beside it', async () => {
    const reach = reachOf('10.20.0.0/16, 2001:db8:5::/48');
    expect(await outcome(reach, '10.20.255.1')).toBe('10.20.255.1');
    expect(await outcome(reach, '2001:db8:5::7')).toBe('2001:db8:5::7');
    for (const host of ['10.21.0.1', '192.0.2.1', '2001:db8:6::7', '127.0.0.1', '::1', '0.0.0.0', '::'])
      expect(await outcome(reach, host)).toEqual(refused);
    expect(await outcome(reachOf(everywhere), '0.0.0.0')).toEqual(refused);
  });

  test('an address counts as what it carries', async () => {
    const reach = reachOf('10.20.0.0/16');
    expect(await outcome(reach, '::ffff:10.20.0.7')).toBe('10.20.0.7');
    expect(await outcome(reach, '64:ff9b::10.20.0.7')).toBe('64:ff9b::a14:7');
    for (const host of ['::ffff:10.21.0.7', '64:ff9b::10.21.0.7', '2002:a15:7::1', '::10.21.0.7'])
      expect(await outcome(reach, host)).toEqual(refused);
    // An IPv6 network says nothing of the IPv4 addresses behind a gateway in it.
    expect(await outcome(reachOf('64:ff9b::/32'), '64:ff9b::10.20.0.7')).toEqual(refused);
  });

  test.each(['nonsense', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/8;::1/128'])('%s is no list of networks', (networks) => {
    expect(() => reachOf(networks)).toThrow(/ACCOUNT_NETWORKS must be networks/);
  });
});

test.each([
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
  'fd00:ec2::254',
  'fe80::1',
  '168.63.129.16',
  '100.100.100.200',
  '0xa9fea9fe',
])("what tells a cloud's secrets is never allowed: %s", async (host) => {
  expect(await outcome(reachOf(everywhere), host)).toEqual(refused);
});

describe("the product's own database", () => {
  test('is never allowed, by whatever name, at either port', async () => {
    const reach = reachOf(everywhere);
    for (const host of ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3'])
      for (const port of [5432, 6432]) expect(await outcome(reach, host, port)).toEqual(refused);
    expect(await outcome(reach, '10.1.2.3', 3306)).toBe('10.1.2.3');
    expect(await outcome(reach, '10.1.2.4', 5432)).toBe('10.1.2.4');
  });

  test('is allowed under development', async () => {
    expect(await outcome(reachOf(everywhere, {}, 'development'), '10.1.2.3')).toBe('10.1.2.3');
  });

  test.each([
    'postgresql://me@localhost/app',
    'postgresql:///app?host=/run/postgresql',
    'postgresql://me@127.0.0.1:5432/app',
  ])('on this machine is so by each of its addresses: %s', async (url) => {
    const reach = reachOf(everywhere, { DATABASE_URL: url, DIRECT_DATABASE_URL: url });
    const own = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', ...own])
      expect(await outcome(reach, host)).toEqual(refused);
    expect(await outcome(reach, '127.0.0.1', 5433)).toBe('127.0.0.1');
  });
});

test('a name that leads nowhere is no refusal', async () => {
  expect(await outcome(reachOf(everywhere), 'no-such-host.invalid')).toEqual(
    expect.objectContaining({ code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) }),
  );
});
