import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { must } from './must.ts';

export const host = z
  .string()
  .min(1)
  .max(253)
  .refine((value) => /^(\[[0-9a-f:.]+\]|[\w.:-]+)$/i.test(value), must('host'));

export const port = z.int().min(1).max(65_535);

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Certificates in PEM that sign the system's own, where no public authority does. */
export const ca = z.string().max(65_536).refine(areCertificates, must('certificates'));

function areCertificates(pem: string): boolean {
  const found = pem.match(certificate) ?? [];
  try {
    for (const each of found) new X509Certificate(each);
    return found.length > 0 && pem.replace(certificate, '').trim() === '';
  } catch {
    return false;
  }
}

/**
 * `verify`: TLS, with the certificate checked. `off`: whoever can read the network between here and
 * the system can read what is sent, and answer in its place.
 */
export const tls = z.enum(['verify', 'off']);

/** Where a system is that speaks a protocol of its own over one port. */
export const placeAt = (defaultPort: number) => ({
  host,
  port: port.default(defaultPort),
  tls: tls.default('verify'),
  ca: ca.optional(),
});
