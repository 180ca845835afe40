import { hash } from 'node:crypto';

/** Only the SHA-256 of a token is stored: reading the table gives no one a token. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
