import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { freePort } from '../support/free-port.ts';
import { startUntil } from './start-server.ts';

/** Where Debian's slapd puts it; ldap-utils has the clients. */
export const slapdProgram = '/usr/sbin/slapd';
export const suffix = 'dc=example,dc=org';
export const root = { dn: `cn=root,${suffix}`, password: 'root' };
export const administrator = { userName: `cn=rotator,${suffix}`, password: 'The administrator’s own' };
const run = promisify(execFile);

const base64 = (text: string) => Buffer.from(text).toString('base64');
const entriesOfAll = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
o: Example

dn: ou=people,${suffix}
objectClass: organizationalUnit

dn: ${administrator.userName}
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword:: ${base64(administrator.password)}
`;

export type OpenLdap = Awaited<ReturnType<typeof startOpenLdap>>;

/**
 * An OpenLDAP of its own on loopback, with StartTLS and a port for LDAPS. Its administrator has the
 * rights of docs/accounts.md. It ends when this process does. `before`, `within` and `access`: more
 * lines of slapd.conf, ahead of its database, in it, and behind the rights; `entries`: in LDIF.
 */
export async function startOpenLdap({ before = '', within = '', access = '', entries = '' } = {}) {
  const certificates = makeCertificates();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-slapd-'));
  mkdirSync(path.join(dir, 'db'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const conf = path.join(dir, 'slapd.conf');
  const schemas = ['core', 'cosine'].map((name) => `include /etc/ldap/schema/${name}.schema`);
  writeFileSync(
    conf,
    `${schemas.join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${certificates.certFile}
TLSCertificateKeyFile ${certificates.keyFile}
TLSCACertificateFile ${certificates.caFile}
${before}
database mdb
directory ${dir}/db
suffix "${suffix}"
rootdn "${root.dn}"
rootpw ${root.password}
${within}
${leastRights('OpenLDAP', { SUFFIX: suffix })}
${access}
access to attrs=entry by * +0 break
access to * by * none
`,
  );
  const ldif = path.join(dir, 'entries.ldif');
  writeFileSync(ldif, `${entriesOfAll}\n${entries}`);
  execFileSync('/usr/sbin/slapadd', ['-f', conf, '-l', ldif], { stdio: 'pipe' });
  const url = `ldap://127.0.0.1:${port}`;
  let files = 0;
  /** A file without a line break at its end: what is in it, is the password. */
  const fileOf = (text: string) => {
    files += 1;
    const file = path.join(dir, `given-${files}`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const binds = (dn: string, password: string) =>
    run('ldapwhoami', ['-x', '-H', url, '-D', dn, '-y', fileOf(password)]).then(
      () => true,
      () => false,
    );
  const isReady = () => binds(root.dn, root.password);
  const urls = `${url} ldaps://127.0.0.1:${tlsPort}`;
  const server = await startUntil(isReady, slapdProgram, ['-f', conf, '-h', urls, '-d', '0']);
  return {
    url,
    port,
    tlsPort,
    certificates,
    fileOf,
    /** Whether it lets somebody in. */
    binds,
    /** Changes entries, or adds them with `changetype: add`. The root passes the password policy by. */
    async change(changes: string) {
      const asRoot = ['-x', '-H', url, '-D', root.dn, '-w', root.password];
      await run('ldapmodify', [...asRoot, '-e', 'relax', '-f', fileOf(changes)]);
    },
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
