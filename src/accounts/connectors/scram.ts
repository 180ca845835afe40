import { createHmac, hash, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const rounds = 4096;

/**
 * What PostgreSQL stores of a password for SCRAM-SHA-256 (RFC 5803): the server, and its log, never
 * see the password itself.
 */
export async function makeScramVerifier(password: string): Promise<string> {
  const salt = randomBytes(16);
  const salted = await promisify(pbkdf2)(password, salt, rounds, 32, 'sha256');
  const keyed = (name: string) => createHmac('sha256', salted).update(name).digest();
  const storedKey = hash('sha256', keyed('Client Key'), 'base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`;
}

/**
 * Whether a password is the same for every client: SASLprep (RFC 4013) leaves it as it is, or
 * refuses it, and then PostgreSQL and its clients take it as it is too. Clients differ in what they
 * do with the others.
 */
export function isPrepared(password: string): boolean {
  // What isn't ASCII and becomes a space, or nothing (RFC 3454, tables C.1.2 and B.1).
  const mapped =
    /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]|\u00AD|\u034F|\u1806|\u180B|\u180C|\u180D|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/;
  return password.isWellFormed() && password.normalize('NFKC') === password && !mapped.test(password);
}
