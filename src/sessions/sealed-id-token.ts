import type { Keyring } from '../keyring.ts';

const purpose = (orgId: string) => `id-token:${orgId}`;

/**
 * The ID token as it is kept beside a session: only for the IdP's end_session_endpoint, as its
 * `id_token_hint`.
 */
export function sealIdToken(keyring: Keyring, orgId: string, idToken: string): Promise<string> {
  return keyring.encrypt(idToken, purpose(orgId));
}

/** @throws UnsealError */
export function openIdToken(keyring: Keyring, orgId: string, sealed: string): Promise<string> {
  return keyring.decrypt(sealed, purpose(orgId));
}
