import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { listen, startRelay } from '../accounts/connectors/hostile-server.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';

const program = '/usr/sbin/slapd';
const suffix = 'dc=example,dc=org';
const root = { dn: `cn=root,${suffix}`, password: 'root' };
const admin = { userName: `cn=rotator,${suffix}`, password: 'The administrator’s own' };
// What ends a part of a DN, and what begins one.
const userName = 'desk, "front" + 1=2 \\ #';
const userDn = `uid={{user}},ou=people,${suffix}`;
const dn = `uid=desk\\2c \\22front\\22 \\2b 1\\3d2 \\5c \\23,ou=people,${suffix}`;
const run = promisify(execFile);

const entries = (adminPassword: string) => `dn: ${suffix}
objectClass: dcObject
objectClass: organization
o: Example

dn: ou=people,${suffix}
objectClass: organizationalUnit

dn: ${admin.userName}
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword:: ${Buffer.from(adminPassword).toString('base64')}

dn: ${dn}
objectClass: account
objectClass: simpleSecurityObject
objectClass: withUnicodePwd
userPassword: first
unicodePwd: first

dn: uid=neighbour,ou=people,${suffix}
objectClass: account
objectClass: simpleSecurityObject
userPassword: neighbour

dn: cn=policy,${suffix}
objectClass: pwdPolicy
objectClass: organizationalRole
pwdAttribute: userPassword
pwdInHistory: 3
pwdMinLength: 5
pwdCheckQuality: 2
`;

describe.skipIf(!existsSync(program))('OpenLDAP (needs Debian’s slapd and ldap-utils)', () => {
  let certificates: ReturnType<typeof makeCertificates>;
  let dir = '';
  let server: ReturnType<typeof spawnWithUs>;
  let port = 0;
  let tlsPort = 0;
  const url = () => `ldap://127.0.0.1:${port}`;

  beforeAll(async () => {
    certificates = makeCertificates();
    dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-slapd-'));
    mkdirSync(path.join(dir, 'db'));
    [port, tlsPort] = [await freePort(), await freePort()];
    const conf = path.join(dir, 'slapd.conf');
    const schemas = ['core', 'cosine'].map((name) => `include /etc/ldap/schema/${name}.schema`);
    writeFileSync(
      conf,
      `${schemas.join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
TLSCertificateFile ${certificates.certFile}
TLSCertificateKeyFile ${certificates.keyFile}
TLSCACertificateFile ${certificates.caFile}
attributetype ( 1.2.840.113556.1.4.90 NAME 'unicodePwd' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE EQUALITY octetStringMatch )
objectclass ( 1.2.840.113556.1.4.90.1 NAME 'withUnicodePwd' SUP top AUXILIARY MAY unicodePwd )
database mdb
directory ${dir}/db
suffix "${suffix}"
rootdn "${root.dn}"
rootpw ${root.password}
overlay ppolicy
ppolicy_default "cn=policy,${suffix}"
${leastRights('OpenLDAP', { SUFFIX: suffix })}
access to attrs=unicodePwd by dn.exact="${admin.userName}" =w by self =w by * none
access to attrs=entry by * +0 break
access to * by * none
`,
    );
    const ldif = path.join(dir, 'entries.ldif');
    writeFileSync(ldif, entries(admin.password));
    execFileSync('/usr/sbin/slapadd', ['-f', conf, '-l', ldif], { stdio: 'pipe' });
    const urls = `${url()} ldaps://127.0.0.1:${tlsPort}`;
    server = spawnWithUs(program, ['-f', conf, '-h', urls, '-d', '0'], { stdin: 'ignore' });
    while (!(await binds(root.dn, root.password))) await setTimeout(30);
  });
  afterAll(async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(dir, { recursive: true });
    certificates.remove();
  });

  /** A file without a line break at its end: what is in it, is the password. */
  const secret = (name: string, text: string) => {
    const file = path.join(dir, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  let files = 0;
  const binds = (who: string, password: string) => {
    files += 1;
    return run('ldapwhoami', ['-x', '-H', url(), '-D', who, '-y', secret(`try-${files}`, password)]).then(
      () => true,
      () => false,
    );
  };
  const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off', userDn });
  const secured = (more: Record<string, unknown> = {}) => ({
    host: 'localhost',
    port: tlsPort,
    ca: certificates.ca,
    userDn,
    ...more,
  });
  const system = (settings: Record<string, unknown>): System => ({
    kind: 'ldap',
    port,
    target: { userName, settings, admin },
    targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
    securedAt: (at) => ({ userName, settings: secured({ port: at }), admin }),
    hostile: (misdeed) => listen(misdeed, certificates),
    // The root passes the policy by: it empties the history, too.
    give: async (password) => {
      const change = `dn:: ${Buffer.from(dn).toString('base64')}\nchangetype: modify\nreplace: userPassword\nuserPassword:: ${Buffer.from(password).toString('base64')}\n`;
      await run('ldapmodify', [
        '-x',
        '-H',
        url(),
        '-D',
        root.dn,
        '-w',
        root.password,
        '-e',
        'relax',
        '-f',
        secret('change.ldif', change),
      ]);
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
      ...['-x', '-LLL', '-H', url(), '-D', admin.userName, '-y', secret('admin', admin.password)],
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
        ...[
          '-x',
          '-LLL',
          '-o',
          'ldif-wrap=no',
          '-H',
          url(),
          '-D',
          root.dn,
          '-w',
          root.password,
          '-b',
          dn,
          'unicodePwd',
        ],
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
