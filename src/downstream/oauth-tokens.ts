import { randomUUID } from 'node:crypto';
import { appCredentialPurpose } from '../database/sealed-places.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { byBasic, type ClientProof, createKeptTokens } from '../http/kept-tokens.ts';
import type { Keyring } from '../keyring.ts';
import type { SignAsOrg } from '../signing/org-keys.ts';
import type { GtrSettings } from './app-settings.ts';
import type { AppToCall } from './forward.ts';

/** What calls to apps need. */
export type GtrDeps = Readonly<{
  guardedFetch: GuardedFetch;
  keyring: Keyring;
  signAsOrg: SignAsOrg;
  /** Under which issuer an org signs. */
  issuerOf: (orgId: string) => string;
}>;

type OAuth = Extract<GtrSettings['auth'], { method: 'oauth' }>;

/** Seconds before its end at which a token isn't used any more: longer than a call takes. */
const margin = 30;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Access tokens for apps, by each way that a client shows who it is. */
export function createOAuthTokens({ guardedFetch, keyring, signAsOrg }: Omit<GtrDeps, 'issuerOf'>) {
  const kept = createKeptTokens({ guardedFetch, margin });
  // Other settings, or another secret, are another key: a changed app never goes on with an old token.
  const keyOf = (app: AppToCall) => JSON.stringify([app.orgId, app.id, app.settings, app.credential]);

  const prove = async (app: AppToCall, { clientAuth, clientId, tokenEndpoint }: OAuth): Promise<ClientProof> => {
    if (clientAuth === 'private_key_jwt') {
      const now = Math.floor(Date.now() / 1000);
      // RFC 7523 §3: issuer and subject are the client, not the organisation.
      const claims = { sub: clientId, aud: tokenEndpoint, jti: randomUUID(), iat: now, exp: now + 60 };
      const assertion = await signAsOrg(app.orgId, { typ: 'JWT' }, claims, { issuer: clientId });
      return {
        headers: {},
        form: { client_id: clientId, client_assertion_type: assertionType, client_assertion: assertion },
      };
    }
    const secret = await keyring.decrypt(app.credential ?? '', appCredentialPurpose(app.orgId, app.id));
    if (clientAuth === 'client_secret_post')
      return { headers: {}, form: { client_id: clientId, client_secret: secret } };
    return byBasic(clientId, secret);
  };

  return {
    /** @throws NoTokenError, GuardedFetchError */
    get: (app: AppToCall, auth: OAuth, signal: AbortSignal): Promise<string> =>
      kept.get(keyOf(app), auth, () => prove(app, auth), signal),

    /** Whether there was one to forget. */
    forget: (app: AppToCall): boolean => kept.forget(keyOf(app)),
  };
}
