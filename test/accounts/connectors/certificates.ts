import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * An authority of the test's own, and a certificate of it for localhost and 127.0.0.1, as files and
 * text. Everybody may read them: a server may run as another user.
 */
export function makeCertificates() {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'certificates-'));
  chmodSync(dir, 0o755);
  const file = (name: string) => path.join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '30',
    '-subj',
    '/CN=Test',
  );
  /** A certificate of the authority's, and its key: files of these beginnings. */
  const issue = (name: string, subject: string, alternatives: string) => {
    const [key, csr, ext] = [file(`${name}key.pem`), file(`${name}csr.pem`), file(`${name}ext`)];
    openssl('req', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${subject}`);
    writeFileSync(ext, `subjectAltName=${alternatives}`);
    openssl(
      ...['x509', '-req', '-in', csr, '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
      ...['-out', file(`${name}cert.pem`), '-days', '30', '-extfile', ext],
    );
  };
  issue('', 'localhost', 'DNS:localhost,IP:127.0.0.1');
  for (const name of ['ca.pem', 'key.pem', 'cert.pem']) chmodSync(file(name), 0o644);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  return {
    dir,
    caFile: file('ca.pem'),
    keyFile: file('key.pem'),
    certFile: file('cert.pem'),
    ca: read('ca.pem'),
    key: read('key.pem'),
    cert: read('cert.pem'),
    /** One of the same authority for another host. */
    ofAnother() {
      issue('another-', 'elsewhere.example', 'DNS:elsewhere.example,IP:192.0.2.1');
      return { key: read('another-key.pem'), cert: read('another-cert.pem') };
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
