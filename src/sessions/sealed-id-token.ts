import type { Keyring } from '../keyring.ts';

const purpose = (orgId: string) => `id-token:${orgId}`;

/** Encrypts a session's ID token: only the IdP's end_session_endpoint needs it, as its hint. */
export function sealIdToken(keyring: Keyring, orgId: string, idToken: string): Promise<string> {
  return keyring.encrypt(idToken, purpose(orgId));
}

/** @throws UnsealError */
export function openIdToken(keyring: Keyring, orgId: string, sealed: string): Promise<string> {
  return keyring.decrypt(sealed, purpose(orgId));
}
