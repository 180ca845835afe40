import { idTokenPurpose } from '../database/sealed-places.ts';
import type { Keyring } from '../keyring.ts';

/** Encrypts a session's ID token: only the IdP's end_session_endpoint needs it, as its hint. */
export function sealIdToken(keyring: Keyring, orgId: string, idToken: string): Promise<string> {
  return keyring.encrypt(idToken, idTokenPurpose(orgId));
}

/** @throws UnsealError */
export function openIdToken(keyring: Keyring, orgId: string, sealed: string): Promise<string> {
  return keyring.decrypt(sealed, idTokenPurpose(orgId));
}
