import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  AddressRefusedError,
  createCheckedAddress,
  type LookUp,
} from '../../../src/accounts/connectors/checked-address.ts';
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
  lookUp?: LookUp,
) => createCheckedAddress(loadConfig({ ...environment, ACCOUNT_NETWORKS: networks, ...env }, mode), lookUp);
/** A name with these addresses. */
const named =
  (...addresses: readonly string[]): LookUp =>
  async () =>
    addresses.map((address) => ({ address }));
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
  '2852039166',
  '0251.0376.0251.0376',
  '0xa9.254.0251.254',
  '169.16689662',
  '[::ffff:169.254.169.254]',
  '::FFFF:A9FE:A9FE',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::ffff:0:169.254.169.254',
  '::169.254.169.254',
  '64:ff9b:1::a9fe:a9fe',
  'FD00:0EC2:0::0254',
  'fe80::a9fe:a9fe%1',
])("what tells a cloud's secrets is never allowed: %s", async (host) => {
  expect(await outcome(reachOf(everywhere), host)).toEqual(refused);
  const literal = host.replace(/[[\]]/g, '');
  const behindName = reachOf(everywhere, {}, 'production', named('10.20.0.7', literal));
  expect(await outcome(behindName, 'metadata.example')).toEqual(refused);
});

test.each([
  '0.0.0.0',
  '0',
  '0x0',
  '00.0.0.0',
  '0.0.0.1',
  '::',
  '[::]',
  '0:0:0:0:0:0:0:0',
  '::ffff:0.0.0.0',
  '::ffff:0:0.0.0.0',
  '64:ff9b::0.0.0.0',
])('what is no address of anything is never allowed, for it leads to this machine: %s', async (host) => {
  expect(await outcome(reachOf(everywhere), host)).toEqual(refused);
});

test.each([
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.1',
  '127.0.1',
  '::ffff:127.0.0.1',
  '[::ffff:7f00:1]',
  '0:0:0:0:0:FFFF:7f00:0001',
])('%s is 127.0.0.1, for whom it is allowed and for whom it is not', async (host) => {
  expect(await outcome(reachOf('10.20.0.0/16'), host)).toEqual(refused);
  expect(await outcome(reachOf('127.0.0.1/32'), host)).toBe('127.0.0.1');
});

test.each(['127.0.0.1.', '169.254.169.254.', '2852039166.', 'localhost.', '0.0.0.0.'])(
  'a dot at the end, %s, is no way around',
  async (host) => {
    const got = await outcome(reachOf('10.20.0.0/16'), host);
    expect([refused, expect.objectContaining({ code: expect.stringMatching(/ENOTFOUND|EAI_/) })]).toContainEqual(got);
    // What it resolves to is what counts, whoever resolves it.
    const to = (address: string) => outcome(reachOf('10.20.0.0/16', {}, 'production', named(address)), host);
    expect(await to('169.254.169.254')).toEqual(refused);
    expect(await to('10.20.0.7')).toBe('10.20.0.7');
  },
);

describe('a name', () => {
  const reach = (...addresses: readonly string[]) =>
    outcome(reachOf('10.20.0.0/16,2001:db8:5::/48', {}, 'production', named(...addresses)), 'db.example');

  test('is dialled at its first address, as it is written in full', async () => {
    expect(await reach('10.20.0.7', '10.20.0.8')).toBe('10.20.0.7');
    expect(await reach('::ffff:a14:7')).toBe('10.20.0.7');
    expect(await reach('2001:DB8:5::7', '10.20.0.7')).toBe('2001:db8:5::7');
  });

  test('with one allowed address and a forbidden one is refused, whichever comes first', async () => {
    for (const forbidden of ['10.21.0.7', '127.0.0.1', '::1', '0.0.0.0', '169.254.169.254', '::ffff:10.21.0.7']) {
      expect(await reach('10.20.0.7', forbidden)).toEqual(refused);
      expect(await reach(forbidden, '10.20.0.7')).toEqual(refused);
      expect(await reach('10.20.0.7', '10.20.0.8', '2001:db8:5::7', forbidden)).toEqual(refused);
    }
  });

  test('is asked about once for each connection, and its answer of then is what counts', async () => {
    const answers = ['10.20.0.7', '10.21.0.7', '10.20.0.9'];
    let asked = 0;
    const changing: LookUp = async () => [{ address: answers[asked++ % answers.length] as string }];
    const each = reachOf('10.20.0.0/16', {}, 'production', changing);
    expect(await outcome(each, 'db.example', 3306)).toBe('10.20.0.7');
    expect(await outcome(each, 'db.example', 3306)).toEqual(refused);
    expect(await outcome(each, 'db.example', 3306)).toBe('10.20.0.9');
    expect(asked).toBe(3);
  });

  test('that leads to the product’s own database is refused', async () => {
    const own = reachOf(everywhere, {}, 'production', named('10.9.9.9', '10.1.2.3'));
    expect(await outcome(own, 'db.example')).toEqual(refused);
    expect(await outcome(own, 'db.example', 3306)).toBe('10.9.9.9');
  });

  test('without an address leads nowhere', async () => {
    expect(await reach()).toEqual(expect.objectContaining({ code: 'ENOTFOUND' }));
  });
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
