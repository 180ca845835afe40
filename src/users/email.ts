import { randomBytes } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import { z } from 'zod';

const address = z.email({ pattern: z.regexes.html5Email }).max(254);
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
// A domain has a dot and a last label with a letter: not `localhost`, not an IP address.
const domainForm = new RegExp(`^(?:${label}\\.)+(?=[a-z0-9-]*[a-z])${label}$`);

// RFC 2606 §2: `invalid` is never anybody's. `prisma/rules/record.sql` knows the domain too.
const domainOfRemoved = 'deleted.invalid';

/**
 * The key that users are found by: the address in lower-cased ASCII, an international domain in
 * punycode. Null for what is no acceptable address. A local part outside ASCII is refused:
 * look-alikes (`ı`, the Kelvin sign) would fold into another person's key.
 */
export function emailKey(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const at = value.lastIndexOf('@');
  const domain = domainKey(value.slice(at + 1));
  if (at < 1 || domain === null) return null;
  const key = `${value.slice(0, at)}@${domain}`;
  return address.safeParse(key).success ? key.toLowerCase() : null;
}

/**
 * An address for a removed user that nobody can have. It is random: if it could be foreseen, taking
 * it would prevent the removal.
 */
export function addressOfRemoved(): string {
  return `${randomBytes(16).toString('hex')}@${domainOfRemoved}`;
}

/** Whether an `emailKey` is a removed user's. */
export function isOfRemoved(key: string): boolean {
  return key.endsWith(`@${domainOfRemoved}`);
}

/** The domain of an address as `domainKey` writes it; null when the address isn't acceptable. */
export function emailDomain(value: unknown): string | null {
  const key = emailKey(value);
  return key === null ? null : key.slice(key.lastIndexOf('@') + 1);
}

/** A domain in lower-cased ASCII (punycode), or null when it isn't one. */
export function domainKey(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 253) return null;
  const written = value.normalize('NFC');
  // Look-alikes (full-width letters, the Kelvin sign, invisible marks) are refused: they would be
  // mapped to plain letters, and so to somebody else's domain.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(written) || written.normalize('NFKC') !== written) return null;
  if (written !== value && value.normalize('NFD') !== value) return null;
  const ascii = domainToASCII(written);
  const same = ascii === written.toLowerCase() || domainToUnicode(ascii) === written.toLowerCase();
  return same && ascii.length <= 253 && domainForm.test(ascii) ? ascii : null;
}
