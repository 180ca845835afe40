import { randomUUID } from 'node:crypto';
import { appCredentialPurpose } from '../database/sealed-places.ts';
import { GuardedFetchError } from '../http/guarded-fetch.ts';
import { NoTokenError } from '../http/kept-tokens.ts';
import { type GtrSettings, gtrSettings } from './app-settings.ts';
import type { AppToCall, Names, SendForward } from './forward.ts';
import { judgeAnswer, judgeFailure, never, notYet } from './judge-answer.ts';
import { createOAuthTokens, type GtrDeps } from './oauth-tokens.ts';

/**
 * Sends Global Token Revocation (draft-parecki-oauth-global-token-revocation §3), as Okta does. Any
 * 2xx is success, and so is 404: nobody is signed in there whom the app doesn't know. The body of an
 * answer is never read: a hostile app has no way in by it.
 */
export function createSendGtr(deps: GtrDeps): SendForward {
  const tokens = createOAuthTokens(deps);

  const post = async (app: AppToCall, settings: GtrSettings, subject: object, signal: AbortSignal) => {
    const authorization = async () => `Bearer ${await credentialOf(deps, tokens, app, settings, signal)}`;
    const send = async () =>
      deps.guardedFetch(settings.endpoint, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'universal-logout',
          Authorization: await authorization(),
        },
        body: JSON.stringify({ [settings.member]: subject }),
        signal,
        statusOnly: true,
      });
    const answer = await send();
    // A token that was taken back there before its time: one more is asked for.
    if (answer.status !== 401 || settings.auth.method !== 'oauth' || !tokens.forget(app)) return answer;
    return send();
  };

  return async ({ orgId, app: called, names }, signal) => {
    const app = { ...called, orgId };
    const parsed = gtrSettings.safeParse(app.settings);
    if (!parsed.success) return never('wrong_settings', null);
    const settings = parsed.data;
    const subject = subjectIdentifier(settings, names, deps.issuerOf(orgId));
    // Planning left out who had no name by the settings of then.
    if (subject === null)
      return { result: 'left_out', status: null, error: settings.naming === 'id' ? 'no_name_there' : 'no_identity' };
    try {
      let answer = await post(app, settings, subject, signal);
      // Renamed in the moment of the revocation: there they may still be called as before.
      if (answer.status === 404 && settings.naming === 'email' && names.formerEmail)
        answer = await post(app, settings, { format: 'email', email: names.formerEmail }, signal);
      if (answer.status === 404) return { result: 'delivered', status: 404, error: 'unknown_there' };
      return judgeAnswer(answer);
    } catch (error) {
      if (error instanceof NoTokenError) return notYet('no_token', error.status);
      if (error instanceof GuardedFetchError) return judgeFailure(error);
      throw error;
    }
  };
}

async function credentialOf(
  { keyring, signAsOrg }: GtrDeps,
  tokens: ReturnType<typeof createOAuthTokens>,
  app: AppToCall,
  settings: GtrSettings,
  signal: AbortSignal,
): Promise<string> {
  const { auth, endpoint } = settings;
  if (auth.method === 'oauth') return tokens.get(app, auth, signal);
  if (auth.method === 'bearer') return keyring.decrypt(app.credential ?? '', appCredentialPurpose(app.orgId, app.id));
  const now = Math.floor(Date.now() / 1000);
  return signAsOrg(
    app.orgId,
    { typ: 'global-token-revocation+jwt' },
    { jti: randomUUID(), sub: auth.clientId, aud: auth.audience ?? endpoint, iat: now, nbf: now - 300, exp: now + 300 },
  );
}

/** RFC 9493. What an app names people by stands in its settings; null: the person has no such name. */
function subjectIdentifier({ naming }: GtrSettings, names: Names, ownIssuer: string): object | null {
  const { email, issuer, subject, there, userId } = names;
  if (naming === 'iss_sub') return subject === null ? null : { format: 'iss_sub', iss: issuer, sub: subject };
  if (naming === 'org_sub') return { format: 'iss_sub', iss: ownIssuer, sub: userId };
  if (naming === 'id') return there === null ? null : { format: 'opaque', id: there };
  return { format: 'email', email };
}
