import { createHmac } from 'node:crypto';
import { hashSecret } from '../keyring.ts';

/**
 * Under which key a row of `tokens` stands. The org is part of it: what one org's issuer gave is
 * unknown at every other's, at the product's own, and to the product's API. An HMAC, as an id that
 * somebody sends could else spell out another issuer's.
 */
export const idHash = (orgId: string | undefined, id: string): Buffer =>
  orgId === undefined ? hashSecret(id) : createHmac('sha256', `issuer ${orgId}`).update(id).digest();
