import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { startMortal } from '../support/mortal-process.ts';

const run = promisify(execFile);

export const slapdProgram = '/usr/sbin/slapd';
export const suffix = 'dc=example,dc=org';
export const root = { dn: `cn=root,${suffix}`, password: 'root' };
export const slapdAdmin = { userName: `cn=rotator,${suffix}`, password: 'The administrator’s own' };

const firstEntries = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
o: Example

dn: ou=people,${suffix}
objectClass: organizationalUnit

dn: ${slapdAdmin.userName}
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword:: ${Buffer.from(slapdAdmin.password).toString('base64')}

dn: cn=policy,${suffix}
objectClass: pwdPolicy
objectClass: organizationalRole
pwdAttribute: userPassword
pwdInHistory: 3
pwdMinLength: 5
pwdCheckQuality: 2
`;

/**
 * Debian's OpenLDAP with an administrator that has the least rights of docs/accounts.md, and a
 * policy with a history. `entries`: more of them, as LDIF.
 */
export async function startSlapd(entries = '') {
  const certificates = makeCertificates();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-slapd-'));
  mkdirSync(path.join(dir, 'db'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const url = `ldap://127.0.0.1:${port}`;
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
access to attrs=unicodePwd by dn.exact="${slapdAdmin.userName}" =w by self =w by * none
access to attrs=entry by * +0 break
access to * by * none
`,
  );
  /** A file without a line break at its end: what is in it, is the password. */
  let files = 0;
  const secret = (text: string) => {
    files += 1;
    const file = path.join(dir, `secret-${files}`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  execFileSync('/usr/sbin/slapadd', ['-f', conf, '-l', secret(`${firstEntries}\n${entries}`)], { stdio: 'pipe' });
  /** Whether it lets somebody in. Anything but a refused password is thrown. */
  const signsIn = (who: string, password: string): Promise<boolean> =>
    run('ldapwhoami', ['-x', '-H', url, '-D', who, '-y', secret(password)]).then(
      () => true,
      (error) => {
        if (error.code === 49) return false;
        throw error;
      },
    );
  const server = await startMortal(
    () =>
      spawnWithUs(slapdProgram, ['-f', conf, '-h', `${url} ldaps://127.0.0.1:${tlsPort}`, '-d', '0'], {
        stdin: 'ignore',
      }),
    () => signsIn(root.dn, root.password).catch(() => false),
  );
  const asRoot = ['-x', '-H', url, '-D', root.dn, '-w', root.password];
  return {
    port,
    tlsPort,
    url,
    certificates,
    secret,
    signsIn,
    asRoot,
    /** The root passes the policy by: it empties the history, too. */
    change: (ldif: string) => run('ldapmodify', [...asRoot, '-e', 'relax', '-f', secret(ldif)]),
    kill: server.kill,
    restart: server.restart,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
