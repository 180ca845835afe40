import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { errors, type Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { principalOf } from '../sessions/session.ts';
import { renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { approve } from './approve.ts';
import { allowedScope } from './clients.ts';
import { hashToken } from './hash-token.ts';
import { type Interaction, signInUrl } from './sign-in-url.ts';
import { findToken } from './stored-tokens.ts';

type Deps = Readonly<{ config: Config; pool: Pool; provider: () => Promise<Provider> }>;

/**
 * `GET /oauth/interaction/:uid`: where the authorization server sends a browser for each request of an app. With a live
 * session of the app the request is approved, and the browser goes back; without one it goes through the sign-in first.
 * The library's cookie ties the interaction to the browser that began it.
 */
export function createInteraction(deps: Deps): RequestHandler<{ uid: string }> {
  return async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const provider = await deps.provider();
    const interaction = await loadInteraction(provider, req, res);
    const { uid, params } = interaction;
    if (uid !== req.params.uid || !(await isSameBrowser(deps.pool, provider, interaction, req, res))) throw tooLate();
    // Approved before: coming back a second time makes no second grant.
    if (interaction.result) return res.redirect(303, interaction.returnTo);

    const person = principalOf(req);
    const signIn = await signInUrl(deps.pool, interaction, person);
    // Behind a form, our headers let a browser go nowhere but here: a link has to be followed.
    if (signIn !== null && person && interaction.deviceCode)
      return sendPage(res, 200, renderMessage({ ...signInAgain, actions: [{ label: 'Sign in again', href: signIn }] }));
    if (signIn !== null || !person) return res.redirect(303, signIn ?? '/');

    const approved = await approve(deps.pool, deps.config, {
      person,
      interactionId: uid,
      clientId: String(params.client_id),
      scope: allowedScope(String(params.client_id), String(params.scope)),
      userAgent: req.get('user-agent') ?? null,
      ip: req.ip ?? null,
      requestId: req.id,
    });
    // Overtaken, by a revocation or by the same page in another tab: what holds now is read anew.
    res.redirect(303, approved ? interaction.returnTo : `/oauth/interaction/${uid}`);
  };
}

const signInAgain = {
  title: 'Sign in again',
  text: 'To administer your organisation, an app needs a sign-in of yours that is recent. Sign in again, and it goes on.',
};

async function loadInteraction(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<Interaction> {
  try {
    return await provider.interactionDetails(req, res);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw tooLate(error);
    throw error;
  }
}

/**
 * The interaction's cookie has a path, so it can't be `__Host-`: another host of our domain could plant it, together with a
 * device's code that somebody else has confirmed. The library's session cookie can't be planted, and the two must match. An
 * app of the code flow is protected by its own `state` and PKCE.
 */
async function isSameBrowser(
  pool: Pool,
  provider: Provider,
  { uid, deviceCode }: Interaction,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<boolean> {
  if (!deviceCode) return true;
  const [begun, session] = await Promise.all([
    findToken(pool, 'Interaction', hashToken(uid)),
    provider.Session.get(provider.createContext(req, res)),
  ]);
  return begun?.begunIn !== undefined && begun.begunIn === session.uid;
}

function tooLate(cause?: unknown): AppError {
  const detail =
    'This sign-in for an app has expired, was completed, or was begun in another browser. Go back to the app and start again.';
  return new AppError('invalid_request', detail, { cause });
}
