import { type By, isOperator } from '../by.ts';
import type { Connection } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { isSameSecret, type Keyring } from '../keyring.ts';

/** Binds an encrypted client secret to its row: copied to another row it doesn't open. */
export const connectionSecretPurpose = (orgId: string, connectionId: string) =>
  `connection-secret:${orgId}:${connectionId}`;

export function sealSecret(
  keyring: Keyring,
  { orgId, id }: Pick<Connection, 'orgId' | 'id'>,
  secret: string,
): Promise<string> {
  return keyring.encrypt(secret, connectionSecretPurpose(orgId, id));
}

/** A client secret belongs to these: another issuer or client has another secret. */
const ownMembers = ['issuer', 'clientId'];
/** Addresses to which the client secret, or what it obtains, is sent. */
const endpoints = ['authorizationEndpoint', 'tokenEndpoint', 'jwksUri', 'userinfoEndpoint', 'endSessionEndpoint'];

/**
 * Returns the sealed client secret that a change stores; undefined keeps the present one. Whoever
 * doesn't know the secret must not lead it elsewhere; the operator, who holds the keys that open
 * it, isn't asked.
 * @throws AppError invalid_request when the secret is missing, or isn't the present one
 */
export async function secretToStore(
  keyring: Keyring,
  before: Connection,
  changes: object,
  given: string | undefined,
  by: By,
): Promise<string | undefined> {
  const changed = [...ownMembers, ...endpoints].filter((member) => member in changes);
  const asked = !isOperator(by) && changed.length > 0;
  if (given === undefined) {
    if (asked) throw wrong(`${changed.join(', ')} would be another, and the secret that is kept would be used there.`);
    return undefined;
  }
  if (asked && !ownMembers.some((member) => member in changes)) {
    const kept = await keyring.decrypt(before.clientSecret, connectionSecretPurpose(before.orgId, before.id));
    if (isSameSecret(given, kept)) return undefined;
    throw wrong(
      `the one that was sent is not the one that is kept, and ${changed.join(', ')} would be another. A new secret goes in a request of its own.`,
    );
  }
  return sealSecret(keyring, before, given);
}

function wrong(why: string): AppError {
  return new AppError('invalid_request', `Send the connection's "clientSecret" as well, in the same request: ${why}`);
}
