import { type By, isOperator } from '../by.ts';
import type { Connection } from '../database/generated/client.ts';
import { connectionSecretPurpose } from '../database/sealed-places.ts';
import { AppError, type Saying } from '../errors.ts';
import { isSameSecret, type Keyring } from '../keyring.ts';

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
    if (asked) throw wrong(({ answers }) => answers.secretMissing({ members: changed.join(', ') }));
    return undefined;
  }
  if (asked && !ownMembers.some((member) => member in changes)) {
    const kept = await keyring.decrypt(before.clientSecret, connectionSecretPurpose(before.orgId, before.id));
    if (isSameSecret(given, kept)) return undefined;
    throw wrong(({ answers }) => answers.otherSecret({ members: changed.join(', ') }));
  }
  return sealSecret(keyring, before, given);
}

const wrong = (says: Saying) => new AppError('invalid_request', says, { field: 'clientSecret' });
