import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { connectors, createConnectors } from '../../../src/accounts/connectors/all.ts';
import { dnOf, passwordModifyValue } from '../../../src/accounts/connectors/ldap-names.ts';
import { makeCertificates } from './certificates.ts';
import { listen } from './hostile-server.ts';

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});
const connector = connectorOf('ldap');

/** A directory that refuses each bind (49) with this text. */
const refusing = (text: string) =>
  listen((socket) =>
    socket.once('data', (request) => {
      const words = Buffer.from(text);
      const response = Buffer.concat([Buffer.from([0x0a, 1, 49, 4, 0, 4, words.length]), words]);
      const message = Buffer.concat([request.subarray(2, 5), Buffer.from([0x61, response.length]), response]);
      socket.write(Buffer.concat([Buffer.from([0x30, message.length]), message]));
    }),
  );

test.each([
  ['52e', 'a wrong password', { result: 'refused' }],
  ['525', 'an unknown user', { result: 'refused' }],
  ['773', 'a right password that must be changed', { result: 'accepted' }],
  ['532', 'a right password that has expired', { result: 'accepted' }],
  ['775', 'a locked account', { result: 'unavailable', error: 'not_let_in' }],
])('Active Directory says %s for %s', async (data, _, expected) => {
  const server = await refusing(
    `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${data}, v4563`,
  );
  const settings = { host: '127.0.0.1', port: server.port, tls: 'off', variant: 'active_directory' };
  const target = { userName: 'app@example.com', settings, admin: null };
  expect(await connector.verify(target, 'tried', AbortSignal.timeout(20_000))).toEqual(expected);
  await server.close();
});

test('what is said before TLS is no part of an answer by TLS', async () => {
  const certificates = makeCertificates();
  const element = (tag: number, ...parts: readonly Buffer[]) => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  };
  // The library counts its messages from 2.
  const id = (number: number) => Buffer.from([2, 1, number]);
  const answer = (code: number) => Buffer.from([0x0a, 1, code, 4, 0]);
  const refusal = element(0x30, id(3), element(0x61, answer(49), Buffer.from([4, 0])));
  const agreed = element(0x30, id(2), element(0x78, answer(0), Buffer.from([4, 0])));
  // A yes to the sign-in that is to come, whose text is the server's own answer.
  const bind = Buffer.concat([Buffer.from([0x61, 7 + refusal.length]), answer(0), Buffer.from([4, refusal.length])]);
  const injected = Buffer.concat([Buffer.from([0x30, 3 + bind.length + refusal.length]), id(3), bind]);
  for (const [before, expected] of [
    [agreed, { result: 'refused' }],
    [Buffer.concat([agreed, injected]), { result: 'unavailable', error: 'unexpected_answer' }],
  ] as const) {
    const server = await listen((socket) =>
      socket.once('data', () => {
        socket.write(before);
        const secure = new TLSSocket(socket, { isServer: true, key: certificates.key, cert: certificates.cert });
        secure.on('error', () => {}).once('data', () => secure.write(refusal));
      }),
    );
    const settings = { host: 'localhost', port: server.port, tls: 'starttls', ca: certificates.ca };
    const target = { userName: 'cn=app,dc=org', settings, admin: null };
    expect(await connector.verify(target, 'wrong', AbortSignal.timeout(20_000))).toEqual(expected);
    await server.close();
  }
  certificates.remove();
});

describe('a name that no directory takes for one is asked about nowhere', () => {
  const settings = { result: 'unavailable', error: 'settings' };
  const asked = async (variant: string, userName: string, admin: string | null) => {
    let dialled = 0;
    const server = await listen(() => {
      dialled += 1;
    });
    const place = { host: '127.0.0.1', port: server.port, tls: 'off', variant };
    const credential = admin === null ? null : { userName: admin, password: 'The administrator’s' };
    const target = { userName, settings: place, admin: credential };
    const shortly = () => AbortSignal.timeout(300);
    const outcomes = {
      verify: await connector.verify(target, 'tried', shortly()),
      verifyAdmin: await connector.verifyAdmin?.(target, shortly()),
      set: await connector.set(target, { password: 'The new one', old: 'The old one' }, shortly()),
    };
    await server.close();
    return { ...outcomes, dialled };
  };

  test.each(['bob', 'PLAIN', 'bob@example.com', 'EXAMPLE\\bob'])('%s, as the account itself', async (name) => {
    expect(await asked('rfc3062', name, null)).toMatchObject({ verify: settings, set: settings, dialled: 0 });
  });

  test('an administrator, or the account that it changes', async () => {
    const ofAdmin = await asked('rfc3062', 'cn=app,dc=org', 'rotator');
    expect(ofAdmin).toMatchObject({ verifyAdmin: settings, set: settings });
    const ofAccount = await asked('rfc3062', 'bob', 'cn=rotator,dc=org');
    expect(ofAccount).toMatchObject({ verify: settings, set: settings });
  });

  test.each(['bob@example.com', 'EXAMPLE\\bob'])(
    'Active Directory signs %s in, and changes only a DN',
    async (name) => {
      const outcomes = await asked('active_directory', name, 'rotator@example.com');
      const tried = { result: 'unavailable', error: 'timeout' };
      expect(outcomes).toEqual({ verify: tried, verifyAdmin: tried, set: settings, dialled: 2 });
    },
  );
});

describe('names', () => {
  test.each([
    ['plain', 'uid=plain,ou=people'],
    ['x,ou=admins', 'uid=x\\2cou\\3dadmins,ou=people'],
    [' both ends ', 'uid=\\20both ends\\20,ou=people'],
    ['#"+\\<>;\0', 'uid=\\23\\22\\2b\\5c\\3c\\3e\\3b\\00,ou=people'],
    ['$& ü', 'uid=$& ü,ou=people'],
  ])('%j ends no part of a DN', (name, dn) => {
    expect(dnOf('uid={{user}},ou=people', name)).toBe(dn);
  });

  test('alone it is the DN', () => expect(dnOf('{{user}}', 'cn=app,dc=org')).toBe('cn=app,dc=org'));

  test('a template without the user is refused, for it would change one entry for all', () => {
    expect(connectors.ldap.settings.safeParse({ host: 'ldap', userDn: 'cn=admin,dc=org' }).success).toBe(false);
  });
});

test.each([1, 100, 127, 128, 255, 256, 5000])('both members of a password change are there, with %d bytes', (size) => {
  const value = passwordModifyValue('cn=app', 'x'.repeat(size));
  const name = value.indexOf(Buffer.from([0x80, 6, ...Buffer.from('cn=app')]));
  expect([value[0], name > 0, value.at(name + 8), value.subarray(-size).toString()]).toEqual([
    0x30,
    true,
    0x82,
    'x'.repeat(size),
  ]);
});
