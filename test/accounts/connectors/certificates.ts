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
  openssl('req', ...newKey, '-keyout', file('key.pem'), '-out', file('csr.pem'), '-subj', '/CN=localhost');
  writeFileSync(file('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  openssl(
    ...['x509', '-req', '-in', file('csr.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
    ...['-out', file('cert.pem'), '-days', '30', '-extfile', file('ext')],
  );
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
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
