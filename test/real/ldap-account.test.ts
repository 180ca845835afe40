import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { listen, startRelay } from '../accounts/connectors/hostile-server.ts';
import { slapdAdmin as admin, slapdProgram, startSlapd, suffix } from './slapd.ts';

// What ends a part of a DN, and what begins one.
const userName = 'desk, "front" + 1=2 \\ #';
const userDn = `uid={{user}},ou=people,${suffix}`;
const dn = `uid=desk\\2c \\22front\\22 \\2b 1\\3d2 \\5c \\23,ou=people,${suffix}`;
const run = promisify(execFile);

const entries = `dn: ${dn}
objectClass: account
objectClass: simpleSecurityObject
objectClass: withUnicodePwd
userPassword: first
unicodePwd: first

dn: uid=neighbour,ou=people,${suffix}
objectClass: account
objectClass: simpleSecurityObject
userPassword: neighbour
`;

describe.skipIf(!existsSync(slapdProgram))('OpenLDAP (needs Debian’s slapd and ldap-utils)', () => {
  let server: Awaited<ReturnType<typeof startSlapd>>;
  let port = 0;
  let tlsPort = 0;

  beforeAll(async () => {
    server = await startSlapd(entries);
    ({ port, tlsPort } = server);
  });
  afterAll(() => server.stop());

  const binds = (who: string, password: string) => server.signsIn(who, password);
  const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off', userDn });
  const secured = (more: Record<string, unknown> = {}) => ({
    host: 'localhost',
    port: tlsPort,
    ca: server.certificates.ca,
    userDn,
    ...more,
  });
  const system = (settings: Record<string, unknown>): System => ({
    kind: 'ldap',
    port,
    target: { userName, settings, admin },
    targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
    securedAt: (at) => ({ userName, settings: secured({ port: at }), admin }),
    hostile: (misdeed) => listen(misdeed, server.certificates),
    give: async (password) => {
      await server.change(
        `dn:: ${Buffer.from(dn).toString('base64')}\nchangetype: modify\nreplace: userPassword\nuserPassword:: ${Buffer.from(password).toString('base64')}\n`,
      );
    },
    signsIn: (password) => binds(dn, password),
    open: null,
  });

  describe('over LDAPS', () => testConnector(() => system(secured())));
  describe('with StartTLS', () => testConnector(() => system(secured({ port, tls: 'starttls' }))));

  const { connectorOf } = createConnectors({
    config: {
      mode: 'development',
      accountNetworks: ['127.0.0.0/8', '::1/128'],
      databaseUrl: 'postgresql://-',
      directDatabaseUrl: 'postgresql://-',
    },
  });
  const connector = connectorOf('ldap');
  const soon = () => AbortSignal.timeout(20_000);
  const set = (password: string, target = system(secured()).target) =>
    connector.set(target, { password, old: null }, soon());

  test('nobody else’s password changes: neither the administrator’s nor a neighbour’s', async () => {
    expect(await set('Only of this one')).toEqual({ result: 'set' });
    expect(await binds(admin.userName, admin.password)).toBe(true);
    expect(await binds(`uid=neighbour,ou=people,${suffix}`, 'neighbour')).toBe(true);
  });

  test('the administrator of the page reads no password', async () => {
    const { stdout } = await run('ldapsearch', [
      ...['-x', '-LLL', '-H', server.url, '-D', admin.userName, '-y', server.secret(admin.password)],
      ...['-b', suffix, 'userPassword'],
    ]).catch((error) => error as { stdout: string });
    expect(stdout).not.toContain('userPassword');
  });

  test('a password of the history is refused, and one against the rules', async () => {
    expect(await set('A first one')).toEqual({ result: 'set' });
    expect(await set('A second one')).toEqual({ result: 'set' });
    expect(await set('A first one')).toEqual({ result: 'rejected', error: 'password_history' });
    expect(await set('four')).toEqual({ result: 'rejected', error: 'password_rules' });
    expect(await connector.verify(system(secured()).target, 'A second one', soon())).toEqual({ result: 'accepted' });
  });

  test('an account changes its own password where it has no administrator', async () => {
    await set('Own one, before');
    const target = { ...system(secured()).target, admin: null };
    const change = { password: 'Own one, after', old: 'Own one, before' };
    expect(await connector.set(target, change, soon())).toEqual({ result: 'set' });
    expect(await binds(dn, 'Own one, after')).toBe(true);
  });

  test('an administrator without the right is refused', async () => {
    const weak = { userName: 'neighbour', password: 'neighbour' };
    expect(await set('The new one', { ...system(secured()).target, admin: weak })).toEqual({
      result: 'denied',
      error: 'not_permitted',
    });
  });

  test.each(['ldaps', 'starttls'])('%s is refused where nobody signed the certificate, or for another', async (tls) => {
    const at = { tls, port: tls === 'ldaps' ? tlsPort : port };
    const refused = { result: 'unavailable', error: 'certificate' };
    for (const settings of [secured({ ...at, ca: undefined }), secured({ ...at, host: '127.1' })])
      expect(await set('The new one', { ...system(settings).target })).toEqual(refused);
    const byAddress = { ...system(secured({ ...at, host: '127.0.0.1' })).target };
    expect(await set(`By address, ${tls}`, byAddress)).toEqual({ result: 'set' });
  });

  test('with StartTLS no password is on the wire', async () => {
    const relay = await startRelay(port);
    const target = system(secured({ port: relay.port, tls: 'starttls' })).target;
    expect(await set('Which nobody sees', target)).toEqual({ result: 'set' });
    expect(await connector.verify(target, 'Which nobody sees', soon())).toEqual({ result: 'accepted' });
    await relay.close();
    for (const text of ['Which nobody sees', admin.password]) expect(relay.sent().includes(text)).toBe(false);
  });

  test('Active Directory’s attribute is replaced, and changed by the account itself, in its own form', async () => {
    const stored = async () => {
      const { stdout } = await run('ldapsearch', [
        ...[...server.asRoot, '-LLL', '-o', 'ldif-wrap=no', '-b', dn, 'unicodePwd'],
      ]);
      return Buffer.from(/unicodePwd:: (\S+)/.exec(stdout)?.[1] ?? '', 'base64').toString('utf16le');
    };
    const { target } = system(secured({ variant: 'active_directory' }));
    expect(await set('Pässwörd €1', target)).toEqual({ result: 'set' });
    expect(await stored()).toBe('"Pässwörd €1"');
    await system(secured()).give('Pässwörd €1');
    const byItself = { ...target, admin: null };
    const change = { password: 'Another 2', old: 'Pässwörd €1' };
    expect(await connector.set(byItself, change, soon())).toEqual({ result: 'set' });
    expect(await stored()).toBe('"Another 2"');
  });

  test('a name that is no DN is not bound, and says nothing of the password', async () => {
    for (const name of ['PLAIN', 'EXTERNAL', '']) {
      const target = { userName: name, settings: secured({ userDn: '{{user}}' }), admin: null };
      expect(await connector.verify(target, 'any', soon())).toEqual({ result: 'unavailable', error: 'settings' });
    }
  });
});
