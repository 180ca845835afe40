import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { appCredentialPurpose } from '../database/sealed-places.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
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

/** The token endpoint gave none. What it said is never kept. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  readonly status: number;
  constructor(status: number) {
    super('the token endpoint gave no access token');
    this.status = status;
  }
}

const tokenAnswer = z.object({
  access_token: z.string().min(1).max(16_384),
  expires_in: z.number().positive().default(300),
});
/** Seconds before its end at which a token isn't used any more. */
const margin = 30;
const mostKept = 1_000;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Access tokens by client credentials (RFC 6749 §4.4), kept in memory until they expire. */
export function createOAuthTokens({ guardedFetch, keyring, signAsOrg }: Omit<GtrDeps, 'issuerOf'>) {
  const kept = new Map<string, { token: string; until: number }>();
  // Other settings, or another secret, are another key: a changed app never goes on with an old token.
  const keyOf = (app: AppToCall) => JSON.stringify([app.orgId, app.id, app.settings, app.credential]);

  const authenticate = async (app: AppToCall, { clientAuth, clientId, tokenEndpoint }: OAuth) => {
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
    const pair = [clientId, secret].map((part) => encodeURIComponent(part)).join(':');
    return { headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} };
  };

  return {
    async get(app: AppToCall, auth: OAuth, signal: AbortSignal): Promise<string> {
      const key = keyOf(app);
      const before = kept.get(key);
      if (before && before.until > performance.now()) return before.token;
      const { headers, form } = await authenticate(app, auth);
      const { status, text } = await guardedFetch(auth.tokenEndpoint, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'universal-logout' },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(auth.scope && { scope: auth.scope }),
          ...form,
        }).toString(),
        signal,
      });
      const answer = tokenAnswer.safeParse(parseJson(text));
      if (status < 200 || status >= 300 || !answer.success) throw new NoTokenError(status);
      const { access_token: token, expires_in: seconds } = answer.data;
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { token, until: performance.now() + (seconds - margin) * 1000 });
      return token;
    },

    /** Whether there was one to forget. */
    forget: (app: AppToCall): boolean => kept.delete(keyOf(app)),
  };
}
